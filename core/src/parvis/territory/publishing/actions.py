"""Writes of contracts and of the services under them; each step is taken under the contract's lock, and noted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from parvis import clock
from parvis.db import Connection, new_id, transaction
from parvis.errors import Conflict, NotFound, Refusal, Refused, Text
from parvis.territory.publishing import queries, rules
from parvis.territory.publishing.queries import ContractInfo, OfferInfo
from parvis.territory.publishing.rules import Act, Notice, Terms

_WHY = Refusal("comment-missing", Text("Say why in a sentence: the other side reads it."), "comment")
_OVERLAP = Refusal(
    "contract-overlaps", Text("Another contract names the same service and place in these days."), "places"
)

# What these are about does not depend on what is proposed meanwhile.
_ANYTIME = frozenset({Act.COMMENT, Act.SUSPEND, Act.RESUME})


class Overtaken(Conflict):
    """Somebody took another step meanwhile, or saved other terms than those that were shown."""

    code = "publication-overtaken"
    title = Text("Somebody did something else with it in the meantime. Look at it again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """Who takes a step: an account, for an emitter of the contract."""

    person: UUID | None
    emitter: UUID


async def add_contract(
    authority: UUID, holder: UUID, title: str, services: list[str], places: list[UUID], first_day: date, last_day: date
) -> UUID:
    """Entrust services at places of the authority's own; the contract. Raises Refused, NotFound for others' places."""
    sql = (
        "INSERT INTO parvis.contract (id, authority, holder, title, services, places, first_day, last_day) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
    )
    async with transaction() as c:
        # One at a time for each authority, so that no two overlap unseen.
        await c.execute("SELECT FROM parvis.emitter WHERE id = $1 FOR NO KEY UPDATE", authority)
        owned = "SELECT count(*) FROM parvis.place WHERE id = ANY ($1) AND emitter = $2"
        if await c.fetchval(owned, places, authority) != len(set(places)):
            raise NotFound
        await _refuse_overlap(c, authority, services, places, first_day, last_day)
        added = new_id()
        await c.execute(sql, added, authority, holder, title, services, places, first_day, last_day)
    return added


async def set_last_day(contract: UUID, last_day: date) -> None:
    """Let a contract end on another day. Raises Refused for one before its first, or within another contract."""
    async with transaction() as c:
        found = await _locked(c, contract)
        if last_day < found.first_day:
            text = Text("The last day comes before the first one.")
            raise Refused([Refusal("days-reversed", text, "last_day")])
        scope = list(found.services), list(found.places)
        await _refuse_overlap(c, found.authority, *scope, found.first_day, last_day, contract)
        await c.execute("UPDATE parvis.contract SET last_day = $2 WHERE id = $1", contract, last_day)


async def note_notice(contract: ContractInfo, emitter: UUID, notice: Notice) -> bool:
    """Note that an emitter is told of a contract's end; False if it was told before, or if the end is another now."""
    sql = (
        "INSERT INTO parvis.contract_notice (id, contract, emitter, notice, last_day, told_at) "
        "SELECT $1, id, $3, $4, last_day, $6 FROM parvis.contract WHERE id = $2 AND last_day = $5 "
        "ON CONFLICT DO NOTHING RETURNING id"
    )
    row = (new_id(), contract.id, emitter, notice.value, contract.last_day, clock.now())
    async with transaction() as c:
        return await c.fetchval(sql, *row) is not None


async def propose(contract: UUID, service: str, terms: Terms, by: By, version: int) -> OfferInfo:
    """Save what a holder wants to publish, over the saving `version`. Raises Refused, Overtaken, NotFound."""
    sql = (
        "INSERT INTO parvis.proposal (id, contract, service, state, version, places, about, first_day, last_day) "
        # Counted over all that was done, so that a new proposal is never taken for one that was seen before.
        "SELECT $1, $2, $3::varchar, 'draft', (SELECT count(*) + 1 FROM parvis.publication_act "
        "WHERE contract = $2 AND service = $3), $4, $5, $6, $7 ON CONFLICT (contract, service) DO UPDATE SET "
        "version = excluded.version, places = excluded.places, about = excluded.about, "
        "first_day = excluded.first_day, last_day = excluded.last_day"
    )
    async with transaction() as c:
        found = await _locked(c, contract)
        if told := list(rules.refusals(terms, found.places, found.first_day, found.last_day)):
            raise Refused(told)
        await _allowed(found, service, Act.SAVE, by, version)
        values = sorted(terms.places), dict(terms.about), terms.first_day, terms.last_day
        await c.execute(sql, new_id(), contract, service, *values)
        await _note(c, contract, service, Act.SAVE, by, "")
    return await queries.offer(contract, service)


async def take(contract: UUID, service: str, act: Act, by: By, *, version: int, comment: str = "") -> OfferInfo:
    """Take a step, having seen the saving `version`. Raises Refused (a reason is missing), Overtaken, NotFound."""
    async with transaction() as c:
        found = await _locked(c, contract)
        before = await _allowed(found, service, act, by, version)
        if rules.STEPS[act].says_why and not comment.strip():
            raise Refused([_WHY])
        if act is Act.PUBLISH:
            await _publish(c, found, before)
        elif act is Act.DROP:
            await c.execute("DELETE FROM parvis.proposal WHERE contract = $1 AND service = $2", contract, service)
        else:
            await _set_states(c, found, before, act, by)
        await _note(c, contract, service, act, by, comment.strip())
    return await queries.offer(contract, service)


async def _allowed(found: ContractInfo, service: str, act: Act, by: By, version: int) -> OfferInfo:
    """The service as it stands, if the step can be taken from there. Raises Overtaken, NotFound."""
    now, side = await queries.offer(found.id, service), found.side_of(by.emitter)
    seen = act in _ANYTIME or now.version == version
    if not seen or rules.after(act, side, now.standing, now.suspended_on(found)) is None:
        raise Overtaken
    return now


async def _publish(c: Connection, found: ContractInfo, offer: OfferInfo) -> None:
    """What was proposed becomes what is published; a suspended service stays suspended."""
    sql = (
        "INSERT INTO parvis.publication (id, emitter, service, contract, state, places, about, first_day, last_day) "
        "SELECT $3, $4, service, contract, 'published', places, about, first_day, last_day FROM parvis.proposal "
        "WHERE contract = $1 AND service = $2 ON CONFLICT (emitter, service, contract) DO UPDATE SET "
        "places = excluded.places, about = excluded.about, first_day = excluded.first_day, last_day = excluded.last_day"
    )
    key = (found.id, offer.service)
    # The contract may have been shortened while this was under review.
    if told := [*rules.refusals(_proposed(offer), found.places, found.first_day, found.last_day)]:
        raise Refused([Refusal(one.code, one.text) for one in told])
    await c.execute(sql, *key, new_id(), found.holder)
    await c.execute("DELETE FROM parvis.proposal WHERE contract = $1 AND service = $2", *key)


def _proposed(offer: OfferInfo) -> Terms:
    if offer.proposed is None:
        raise NotFound
    return offer.proposed


async def _set_states(c: Connection, found: ContractInfo, before: OfferInfo, act: Act, by: By) -> None:
    after = rules.after(act, found.side_of(by.emitter), before.standing, before.suspended_on(found))
    if after is None or after == before.standing:
        return
    key = (found.id, before.service)
    live = "UPDATE parvis.publication SET state = $3, suspended_by = $4 WHERE contract = $1 AND service = $2"
    if after.live != before.standing.live:
        await c.execute(live, *key, after.live, by.emitter if after.live == "suspended" else None)
    if after.proposal != before.standing.proposal:
        sql = "UPDATE parvis.proposal SET state = $3 WHERE contract = $1 AND service = $2"
        await c.execute(sql, *key, after.proposal)


async def _note(c: Connection, contract: UUID, service: str, act: Act, by: By, comment: str) -> None:
    sql = (
        "INSERT INTO parvis.publication_act (id, contract, service, at, person, emitter, act, comment) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
    )
    await c.execute(sql, new_id(), contract, service, clock.now(), by.person, by.emitter, act.value, comment)


async def _locked(c: Connection, contract: UUID) -> ContractInfo:
    # Steps of one contract wait for each other: who publishes publishes what they saw.
    await c.execute("SELECT FROM parvis.contract WHERE id = $1 FOR NO KEY UPDATE", contract)
    return await queries.contract(contract)


async def _refuse_overlap(c: Connection, authority: UUID, *scope: Any) -> None:
    """Raise Refused where another contract has the same: services, places, first and last day, and but which one."""
    sql = (
        "SELECT EXISTS (SELECT FROM parvis.contract WHERE authority = $1 AND services && $2 AND places && $3 "
        "AND first_day <= $5 AND last_day >= $4 AND id IS DISTINCT FROM $6)"
    )
    if await c.fetchval(sql, authority, *scope, *([None] if len(scope) == 4 else [])):
        raise Refused([_OVERLAP])
