"""A statement's file between being looked at and being brought in: read in pieces, compared day by day, so that a
day of it is in memory at a time."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice
from uuid import UUID

from parvis import clock
from parvis.contract.payments import Row
from parvis.db import Connection, connection, new_id, transaction
from parvis.errors import Refusal, Refused, Text
from parvis.payments.books import ledger, transfers
from parvis.payments.books.transfers import Moved
from parvis.payments.money import Cents
from parvis.payments.statements import reconciling, statement_files
from parvis.payments.statements.comparing import Difference
from parvis.payments.statements.payouts import differing as differing_payouts
from parvis.payments.statements.statement_files import Line

_PIECE = 5_000
_KEPT = timedelta(days=1)
_COLUMNS = ("draft", "n", "day", "kind", "provider_ref", "cents", "fees")
_LINES = "SELECT n, day, kind, provider_ref, cents, fees FROM parvis.statement_draft_line WHERE draft = $1 "
_GONE = Text("This file was brought in already, or is no longer kept: choose it again.")


@dataclass(frozen=True, slots=True)
class Draft:
    """A file that is looked at: of which account, from which day to which, how many lines."""

    id: UUID
    account: str
    first: date
    last: date
    lines: int

    @property
    def days(self) -> Iterator[date]:
        """Every day that it is about, those without a line too."""
        return (self.first + timedelta(days=ahead) for ahead in range((self.last - self.first).days + 1))


@dataclass(frozen=True, slots=True)
class Told:
    """A movement of the file or of the books: how it differs, or not at all."""

    day: date
    kind: str
    ref: str
    ours: Cents | None
    theirs: Cents | None
    sort: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """How a file compares: how many movements there are and differ, some of them, what differs first; its payouts."""

    draft: Draft
    movements: int
    differing: int
    shown: Sequence[Told]
    payouts: Sequence[Line]


async def keep(at: str, sheet: str, by: UUID) -> Draft:
    """Keep a file to look at, for a day. Raises Refused with what cannot be read."""
    draft, lines = new_id(), statement_files.read(io.StringIO(sheet, newline=""), ledger.today())
    async with transaction() as c:
        sql = "INSERT INTO parvis.statement_draft (id, account, person, at) VALUES ($1, $2, $3, $4)"
        await c.execute(sql, draft, at, by, clock.now())
        # Off the loop: ten megabytes take seconds to read.
        while piece := await asyncio.to_thread(list, islice(lines, _PIECE)):
            await _add(c, draft, piece)
        return await of(draft, by)


async def of(draft: UUID, by: UUID) -> Draft:
    """A file that somebody looks at. Raises Refused when it is gone, or somebody else's."""
    sql = (
        "SELECT d.id, d.account, min(l.day) AS first, max(l.day) AS last, count(*) AS lines "
        "FROM parvis.statement_draft d JOIN parvis.statement_draft_line l ON l.draft = d.id "
        "WHERE d.id = $1 AND d.person = $2 GROUP BY d.id"
    )
    async with connection() as c:
        row = await c.fetchrow(sql, draft, by)
    if row is None:
        raise Refused(Refusal("draft-gone", _GONE, "file"))
    return Draft(**row)


async def rehearse(draft: Draft, most: int) -> Report:
    """How a file compares with the books, with `most` of its movements; nothing is kept."""
    movements, differing = 0, 0
    differ, agree = list[Told](), list[Told]()
    async for day, rows in _by_day(draft):
        found = await reconciling.rehearse(draft.account, day, rows)
        told = list(_told(day, rows, found))
        movements, differing = movements + len(told), differing + len(found)
        differ += islice((one for one in told if one.sort), most - len(differ))
        agree += islice((one for one in told if not one.sort), most - len(agree))
    payouts = await _payouts(draft)
    others = [_other(day, one) for day, one in await differing_payouts(draft.account, payouts)]
    movements, differing = movements + len(others), differing + len(others)
    return Report(draft, movements, differing, [*others, *differ, *agree][:most], payouts)


async def bring_in(draft: Draft, by: UUID) -> int:
    """Keep the statement of each of its days and enter its payouts, once; how many movements differ. Raises Refused."""
    async with transaction() as c:
        if await c.fetchval("SELECT id FROM parvis.statement_draft WHERE id = $1 FOR UPDATE", draft.id) is None:
            raise Refused(Refusal("draft-gone", _GONE, "file"))
        differing = 0
        async for day, rows in _by_day(draft):
            differing += len(await reconciling.reconcile(draft.account, day, rows))
        differing += await _enter_payouts(c, draft, by)
        await c.execute("DELETE FROM parvis.statement_draft WHERE id = $1", draft.id)
    return differing


async def _enter_payouts(c: Connection, draft: Draft, by: UUID) -> int:
    """Enter those that the books do not have; how many differ from what they have."""
    payouts = await _payouts(draft)
    for one in payouts:
        await transfers.told(draft.account, Moved(one.ref, one.day, one.cents, one.fees), by)
    found = await differing_payouts(draft.account, payouts)
    for day, difference in found:
        await reconciling.note(c, draft.account, day, [difference])
    return len(found)


async def forget_old() -> int:
    """Forget files that nobody brought in; how many."""
    async with transaction() as c:
        sql = "DELETE FROM parvis.statement_draft WHERE at < $1 RETURNING id"
        return len(await c.fetch(sql, clock.now() - _KEPT))


async def _add(c: Connection, draft: UUID, piece: Sequence[Line]) -> None:
    rows = [(draft, one.number, one.day, one.kind, one.ref, one.cents, one.fees) for one in piece]
    await c.copy_records_to_table("statement_draft_line", schema_name="parvis", columns=_COLUMNS, records=rows)


async def _by_day(draft: Draft) -> AsyncIterator[tuple[date, list[Row]]]:
    sql = _LINES + "AND day = $2 AND kind <> 'payout' ORDER BY n"
    for day in draft.days:
        async with connection() as c:
            rows = await c.fetch(sql, draft.id, day)
        yield day, [Line(*row).row for row in rows]


async def _payouts(draft: Draft) -> list[Line]:
    async with connection() as c:
        return [Line(*row) for row in await c.fetch(_LINES + "AND kind = 'payout' ORDER BY n", draft.id)]


def _other(day: date, one: Difference) -> Told:
    return Told(day, one.kind, one.ref, one.ours, one.theirs, one.sort)


def _told(day: date, rows: Sequence[Row], found: Sequence[Difference]) -> Iterator[Told]:
    """Every movement of a day, those that differ first."""
    differing = {(one.kind, one.ref) for one in found}
    for one in found:
        yield _other(day, one)
    for row in rows:
        if (row.kind.value, row.ref) not in differing:
            yield Told(day, row.kind.value, row.ref, row.cents, row.cents)
