"""Freed hours are proposed to who asked for an earlier one: to one after the other, then they go to the public."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from parvis import clock
from parvis.calendars import freeing
from parvis.calendars.freeing import FreedHour
from parvis.db import Connection, new_id, transaction
from parvis.dossiers import actions as dossiers
from parvis.dossiers.actions import By
from parvis.earlier import notices, queries, rules
from parvis.earlier.queries import Offer, Waiting, offer_of
from parvis.errors import NotFound

# The sweeper comes after us: an answer in the last second still finds its hour.
_GRACE = timedelta(minutes=2)


async def run() -> int:
    """Pass on what nobody answered in time, propose what was freed since; how many were asked."""
    await _end_what_is_over()
    asked = sum([await _lapse() for _ in range(await _late())])
    for hour in await freeing.freed(clock.now() + rules.LEAD):
        if not hour.promised:
            async with transaction() as c:
                asked += await _propose(c, hour)
    return asked


async def pass_on(c: Connection, offer: Offer, outcome: str) -> bool:
    """End an offer (locked); propose its hour to the next, or let it go to the public. Whether somebody was asked."""
    await end_offer(c, offer.id, outcome)
    await freeing.unpromise(offer.hour)
    try:
        hour = await freeing.hour(offer.hour)
    except NotFound:
        return False
    return hour.start > clock.now() + rules.LEAD and await _propose(c, hour)


async def end_offer(c: Connection, offer: UUID, outcome: str) -> None:
    """Note what became of an offer: accepted, declined or lapsed."""
    sql = "UPDATE parvis.earlier_offer SET outcome = $2, ended_at = $3 WHERE id = $1"
    await c.execute(sql, offer, outcome, clock.now())


async def end_wish(c: Connection, dossier: UUID, why: str) -> None:
    """Look for nothing more, unless that has ended already: stopped, accepted, used or over."""
    sql = "UPDATE parvis.earlier_wish SET ended_at = $2, ended = $3 WHERE dossier = $1 AND ended_at IS NULL"
    await c.execute(sql, dossier, clock.now(), why)


async def _propose(c: Connection, hour: FreedHour) -> bool:
    """Propose an hour to the first who would take it; at night keep it until the morning."""
    found = [] if hour.counter else [one for one in await queries.waiting_for(hour) if _fits(one, hour)]
    answer = await queries.answer_time(hour.service, hour.emitter) if found else None
    if answer is None:
        return False
    zone = ZoneInfo(hour.zone)
    now = clock.now().astimezone(zone)
    if (morning := rules.asked_from(now)) > now:
        if hour.start > morning + rules.LEAD:
            await freeing.put_off(hour.id, rules.kept_over_night(morning))
        return False
    for waiting in found:
        if await _offer(c, hour, waiting, now + answer):
            return True
    return False


def _fits(waiting: Waiting, hour: FreedHour) -> bool:
    zone = ZoneInfo(hour.zone)
    return rules.fits(waiting.asked.wish, hour.calendar, hour.start, hour.start + waiting.length, zone)


async def _offer(c: Connection, hour: FreedHour, waiting: Waiting, until: datetime) -> bool:
    """Ask one person; False if they stopped, or somebody took the hour, at this very moment."""
    dossier = waiting.asked.dossier
    if not await _still_waits(c, dossier) or not await freeing.promise(hour.id, until + _GRACE):
        return False
    await c.execute("UPDATE parvis.earlier_wish SET offers = offers + 1 WHERE dossier = $1", dossier)
    sql = (
        "INSERT INTO parvis.earlier_offer (id, dossier, hour, calendar, start, offered_at, until) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)"
    )
    await c.execute(sql, new_id(), dossier, hour.id, hour.calendar, hour.start, clock.now(), until)
    await dossiers.note(dossier, "earlier.offered", By("system"), start=hour.start, place=hour.place_name)
    await notices.tell(dossier, hour, until)
    return True


async def _still_waits(c: Connection, dossier: UUID) -> bool:
    """Lock somebody's wish, and look again whether they may be asked: only now nobody else can ask them."""
    sql = "SELECT 1 FROM parvis.earlier_wish WHERE dossier = $1 FOR UPDATE SKIP LOCKED"
    if await c.fetchval(sql, dossier) is None:
        return False
    sql = (
        "SELECT EXISTS (SELECT FROM parvis.earlier_wish w WHERE dossier = $1 AND ended_at IS NULL AND offers < $2 "
        "AND NOT EXISTS (SELECT FROM parvis.earlier_offer o WHERE o.dossier = w.dossier AND o.outcome IS NULL))"
    )
    return bool(await c.fetchval(sql, dossier, rules.MOST_OFFERS))


async def _late() -> int:
    sql = "SELECT count(*) FROM parvis.earlier_offer WHERE outcome IS NULL AND until <= $1"
    async with transaction() as c:
        return int(await c.fetchval(sql, clock.now()))


async def _lapse() -> bool:
    """Pass one hour on that was not answered in time; the dossier is locked first, as everyone does."""
    async with transaction() as c:
        sql = (
            "SELECT o.dossier FROM parvis.earlier_offer o JOIN parvis.dossier d ON d.id = o.dossier "
            "WHERE o.outcome IS NULL AND o.until <= $1 ORDER BY o.until LIMIT 1 FOR NO KEY UPDATE OF d SKIP LOCKED"
        )
        dossier = await c.fetchval(sql, clock.now())
        sql = "SELECT * FROM parvis.earlier_offer WHERE dossier = $1 AND outcome IS NULL AND until <= $2 FOR UPDATE"
        row = await c.fetchrow(sql, dossier, clock.now())
        return row is not None and await pass_on(c, offer_of(row), "lapsed")


async def _end_what_is_over() -> None:
    """Forget the wishes of closed dossiers; end those that can lead to nothing any more."""
    async with transaction() as c:
        await c.execute(
            "DELETE FROM parvis.earlier_wish w USING parvis.dossier d WHERE d.id = w.dossier AND d.state <> 'open'"
        )
        sql = (
            "UPDATE parvis.earlier_wish w SET ended_at = $1, ended = CASE WHEN offers >= $2 THEN 'used' "
            "ELSE 'over' END FROM parvis.dossier d JOIN parvis.booking b ON b.id = d.booking WHERE d.id = w.dossier "
            "AND w.ended_at IS NULL AND (offers >= $2 OR lower(b.period) <= $3 OR w.last_day < $3::date) "
            "AND NOT EXISTS (SELECT FROM parvis.earlier_offer o WHERE o.dossier = w.dossier AND o.outcome IS NULL)"
        )
        await c.execute(sql, clock.now(), rules.MOST_OFFERS, clock.now() + rules.LEAD)
