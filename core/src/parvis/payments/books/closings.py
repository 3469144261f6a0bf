"""Closing a till's days (arrêt): which entries they are, what each account had and has, and a seal on it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from parvis import clock, settings
from parvis.db import Connection, connection, new_id, transaction
from parvis.errors import NotFound, Refusal, Refused, Text
from parvis.payments.books import ledger
from parvis.payments.books.journals import journal
from parvis.payments.money import Cents
from parvis.payments.wallclock import bounds

_CLOSING = "SELECT id, till, number, day, at, person, first_entry, last_entry, totals, digest FROM parvis.till_closing "


class Total(msgspec.Struct, frozen=True):
    """An account's balance before the closed days, what they added on each side, and what it came to."""

    account: str
    before: Cents
    debit: Cents
    credit: Cents

    @property
    def after(self) -> Cents:
        """The balance after the closed days."""
        return self.before + self.debit - self.credit


@dataclass(frozen=True, slots=True)
class Closing:
    """An arrêt: `digest` seals the journal of its entries together with the former arrêt's."""

    id: UUID
    till: UUID
    number: int
    day: date
    at: datetime
    person: UUID | None
    first_entry: int
    last_entry: int
    totals: tuple[Total, ...]
    digest: bytes

    @property
    def empty(self) -> bool:
        """Whether nothing was entered on its days."""
        return self.last_entry < self.first_entry


async def close(till: UUID, day: date, by: UUID | None = None) -> Closing:
    """Close a till's days up to `day`, the territory's; later entries count to the next one. `by` is an account.

    Raises Refused if they are closed already, not over yet (today may be closed), or a session at the counter that
    began on them was not counted.
    """
    if day > ledger.today():
        raise Refused(Refusal("closing-future", Text("{day} has not begun: it cannot be closed.", {"day": day}), "day"))
    async with transaction() as c:
        await _counted(c, till, day)
        last = await c.fetchval("SELECT parvis.close_books($1, $2)", till, day)
        if last is None:
            text = Text("The till is already closed through {day}: nothing was closed again.", {"day": day})
            raise Refused(Refusal("closed-already", text, "day"))
        former = await latest(till)
        first = former.last_entry + 1 if former else 1
        totals = await _totals(c, till, former.totals if former else (), first, last)
        digest = await _digest(former, till, first, last)
        number = former.number + 1 if former else 1
        closing = Closing(new_id(), till, number, day, clock.now(), by, first, last, totals, digest)
        await _keep(c, closing)
    return closing


async def latest(till: UUID) -> Closing | None:
    """The last arrêt of a till, if there is one."""
    return next(iter(await closings(till, limit=1)), None)


async def closings(till: UUID, limit: int = 50) -> list[Closing]:
    """The arrêts of a till, the latest first."""
    sql = _CLOSING + "WHERE till = $1 ORDER BY number DESC LIMIT $2"
    async with connection() as c:
        return [_closing(row) for row in await c.fetch(sql, till, limit)]


async def closing_numbered(till: UUID, number: int) -> Closing:
    """A till's arrêt by its number. Raises NotFound."""
    async with connection() as c:
        row = await c.fetchrow(_CLOSING + "WHERE till = $1 AND number = $2", till, number)
    if row is None:
        raise NotFound
    return _closing(row)


async def unsealed(till: UUID) -> list[int]:
    """The numbers of arrêts whose seal no longer fits the journal; none, unless somebody rewrote it."""
    found, former = [], None
    for closing in reversed(await closings(till, limit=100_000)):
        if await _digest(former, till, closing.first_entry, closing.last_entry) != closing.digest:
            found.append(closing.number)
        former = closing
    return found


async def _counted(c: Connection, till: UUID, day: date) -> None:
    await ledger.hold(c, till)
    _, over = bounds(day, settings.current().zone)
    sql = (
        "SELECT number FROM parvis.till_session WHERE till = $1 AND closed_at IS NULL AND opened_at < $2 "
        "ORDER BY number LIMIT 1"
    )
    if (number := await c.fetchval(sql, till, over)) is not None:
        text = Text("Session {number} at the counter is still open: count and close it first.", {"number": number})
        raise Refused(Refusal("session-uncounted", text, "day"))


async def _totals(c: Connection, till: UUID, former: Iterable[Total], first: int, last: int) -> tuple[Total, ...]:
    sql = (
        "SELECT l.account, sum(greatest(l.cents, 0))::bigint AS debit, sum(greatest(-l.cents, 0))::bigint AS credit "
        "FROM parvis.ledger_entry e JOIN parvis.ledger_line l ON l.entry = e.id "
        "WHERE e.till = $1 AND e.number BETWEEN $2 AND $3 GROUP BY l.account"
    )
    added = {row["account"]: (row["debit"], row["credit"]) for row in await c.fetch(sql, till, first, last)}
    before = {total.account: total.after for total in former}
    return tuple(
        Total(account, before.get(account, 0), *added.get(account, (0, 0))) for account in sorted({*added, *before})
    )


async def _digest(former: Closing | None, till: UUID, first: int, last: int) -> bytes:
    seal = hashlib.sha256(former.digest if former else till.bytes)
    if last >= first:
        async for entry in journal(till, first, last):
            seal.update(msgspec.json.encode((entry.number, entry.day, entry.kind, entry.source, entry.lines)))
    return seal.digest()


async def _keep(c: Connection, closing: Closing) -> None:
    sql = (
        "INSERT INTO parvis.till_closing (id, till, number, day, at, person, first_entry, last_entry, totals, digest) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
    )
    span = (closing.first_entry, closing.last_entry)
    who = (closing.day, closing.at, closing.person)
    await c.execute(sql, closing.id, closing.till, closing.number, *who, *span, closing.totals, closing.digest)


def _closing(row: asyncpg.Record) -> Closing:
    values: dict[str, Any] = dict(row)
    return Closing(**(values | {"totals": msgspec.convert(row["totals"], tuple[Total, ...])}))
