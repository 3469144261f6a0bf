"""Drafts: what somebody has told us while their hour is held, so that nothing typed is lost.

A draft is found by whoever has its token, and stays an hour longer than the hold: after a lapse, what was typed goes
with the next hour.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from uuid import UUID

import asyncpg

from parvis import clock, crypto, settings
from parvis.calendars import actions as calendars
from parvis.calendars import offering
from parvis.calendars import queries as calendar_queries
from parvis.calendars.actions import HoldGone
from parvis.calendars.slots import Slot, UnknownSlot, read_slot
from parvis.db import connection, new_id, transaction
from parvis.errors import NotFound, Text
from parvis.web import forms
from parvis.web.forms import Raw
from parvis_idcard import hours
from parvis_idcard.hours import Search

_PURPOSE = "idcard-draft"
_LONGER = timedelta(hours=1)
# As many characters as the query of a search over every town hall of a large territory has.
SEARCH = 4000


class DraftGone(NotFound):
    """What was typed for an hour that lapsed is kept no longer."""

    code = "draft-gone"
    title = Text("This form is too old.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A hold and its secret, the hour's code, what was searched, the form as sent (url-encoded), the proof awaited."""

    hold: UUID
    secret: str
    slot: str
    asked: Search
    form: str | None
    proof: UUID | None

    @property
    def token(self) -> str:
        """What the address of its pages carries."""
        return f"{self.hold.hex}.{self.secret}"

    @property
    def hour(self) -> Slot:
        """The calendar and the start of the hour."""
        return read_slot(self.slot)


async def take(page: str, slot: str, asked: Search, carried: Draft | None) -> str:
    """Hold an hour chosen on a page of results, and begin its draft; its token.

    The same hour from the same page is the same draft, another hour from there gives the first one back. What was
    typed for `carried` goes along. Raises SlotFull, UnknownSlot.
    """
    wanted = read_slot(slot)
    await offering.one(wanted.calendar, wanted.start)
    async with transaction() as c:
        await c.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", page)
        earlier = await of_page(page)
        if earlier is not None and earlier.slot == slot and await is_held(earlier):
            return earlier.token
        await c.execute("DELETE FROM idcard.draft WHERE page = $1", page)
        hold = await calendars.hold(wanted.calendar, asked.kind, wanted.start, asked.people)
        form = next((draft.form for draft in (carried, earlier) if draft), None)
        draft = Draft(hold=hold.id, secret=hold.secret, slot=slot, asked=asked, form=form, proof=None)
        await _add(draft, page, hold.until)
    # Afterwards: two hours are never locked in one transaction, so that crossing choices do not wait for each other.
    for left in (earlier, carried):
        if left is not None:
            await give_back(left)
    return draft.token


async def begin(slot: str, asked: Search, raw: Raw) -> str:
    """Begin a draft without an hour, of what is known already; its token. It goes with the next hour that is taken."""
    draft = Draft(hold=new_id(), secret=crypto.new_secret(), slot=slot, asked=asked, form=_form(raw), proof=None)
    await _add(draft, crypto.new_secret(), clock.now())
    return draft.token


async def begin_again(token: str, raw: Raw) -> Draft:
    """The draft of an hour that lapsed long ago, made again of what its form sends only now.

    Raises NotFound for what is no form of ours.
    """
    hold, secret = parts(token)
    slot, asked = (raw.get(name, ("",))[0] for name in ("slot", "search"))
    search = forms.decode(Search, asked.encode())
    try:
        read_slot(slot)
    except UnknownSlot as error:
        raise NotFound from error
    if search.errors or len(search.value.query()) > SEARCH:
        raise NotFound
    draft = Draft(hold=hold, secret=secret, slot=slot, asked=search.value, form=_form(raw), proof=None)
    await _add(draft, crypto.new_secret(), clock.now())
    return draft


async def of_token(token: str) -> Draft:
    """The draft of a token. Raises DraftGone for one that is too old, NotFound for one that was altered."""
    hold, secret = parts(token)
    async with connection() as c:
        row = await c.fetchrow("SELECT * FROM idcard.draft WHERE hold = $1", hold)
    if row is None:
        raise DraftGone(Text("Its hour was given back. Please choose an hour again."))
    if not crypto.same((found := _draft(row)).secret.encode(), secret.encode()):
        raise NotFound
    return found


async def home(hold: UUID) -> str | None:
    """The INSEE code of the municipality from which an hour was searched, if that was said."""
    async with connection() as c:
        searched = await c.fetchval("SELECT search FROM idcard.draft WHERE hold = $1", hold)
    return await hours.home(forms.decode(Search, searched.encode()).value.near) if searched else None


async def of_page(page: str) -> Draft | None:
    """The draft that was begun on a page of results, if there still is one."""
    async with connection() as c:
        row = await c.fetchrow("SELECT * FROM idcard.draft WHERE page = $1", page)
    return _draft(row) if row else None


async def just_begun(pages: str, slot: str, within: timedelta) -> Draft | None:
    """A draft of an hour begun a moment ago on a page whose name begins so, into which nothing was typed yet."""
    sql = (
        "SELECT * FROM idcard.draft WHERE starts_with(page, $1) AND slot = $2 AND form IS NULL AND ends_at > $3 LIMIT 1"
    )
    since = clock.now() - within + settings.current().hold + _LONGER
    async with connection() as c:
        row = await c.fetchrow(sql, pages, slot, since)
    return _draft(row) if row else None


def parts(token: str) -> tuple[UUID, str]:
    """The hold of a token and its secret. Raises NotFound for what cannot be one."""
    name, _, secret = token.partition(".")
    try:
        return UUID(hex=name), secret
    except ValueError as error:
        raise NotFound from error


async def is_held(draft: Draft) -> bool:
    """Whether the hour of a draft is still held."""
    try:
        held = await calendar_queries.held(draft.hold, draft.secret)
    except NotFound:
        return False
    return held.hold_until is not None and held.hold_until > clock.now()


async def keep(draft: Draft, raw: Raw) -> None:
    """Keep what was typed, right or wrong."""
    sql = "UPDATE idcard.draft SET form = $2, ends_at = greatest(ends_at, $3) WHERE hold = $1"
    async with transaction() as c:
        await c.execute(sql, draft.hold, _sealed(_form(raw)), clock.now() + _LONGER)


async def await_proof(hold: UUID, proof: UUID | None) -> None:
    """Remember which proof of the contact is on its way."""
    async with transaction() as c:
        await c.execute("UPDATE idcard.draft SET proof = $2 WHERE hold = $1", hold, proof)


async def give_back(draft: Draft) -> None:
    """Give an hour back before its time, with everything that was typed; nothing happens if it lapsed."""
    with suppress(HoldGone):
        await calendars.release(draft.hold, draft.secret)
    await forget(draft.hold)


async def forget(hold: UUID) -> None:
    """Forget a draft that became a booking, or was given up."""
    async with transaction() as c:
        await c.execute("DELETE FROM idcard.draft WHERE hold = $1", hold)


async def sweep() -> int:
    """Forget the drafts of holds that lapsed an hour ago; how many."""
    async with transaction() as c:
        return len(await c.fetch("DELETE FROM idcard.draft WHERE ends_at < $1 RETURNING hold", clock.now()))


async def _add(draft: Draft, page: str, until: datetime) -> None:
    sql = (
        "INSERT INTO idcard.draft (hold, page, secret, slot, search, form, ends_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (hold) DO NOTHING"
    )
    form = _sealed(draft.form) if draft.form is not None else None
    values = (page, _sealed(draft.secret), draft.slot, draft.asked.query(), form, until + _LONGER)
    async with transaction() as c:
        await c.execute(sql, draft.hold, *values)


def _form(raw: Raw) -> str:
    return urlencode([(name, typed) for name, several in raw.items() for typed in several])


def _draft(row: asyncpg.Record) -> Draft:
    asked = forms.decode(Search, row["search"].encode()).value
    form = _opened(row["form"]) if row["form"] else None
    return Draft(
        hold=row["hold"], secret=_opened(row["secret"]), slot=row["slot"], asked=asked, form=form, proof=row["proof"]
    )


def _sealed(text: str) -> bytes:
    return crypto.encrypt(text.encode(), _PURPOSE)


def _opened(sealed: bytes) -> str:
    return crypto.decrypt(sealed, _PURPOSE).decode()
