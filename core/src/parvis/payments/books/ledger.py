"""The books of a till: every fact entered once, in lines that sum to zero, never rewritten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg

from parvis import clock, settings
from parvis.db import Connection, connection, new_id, transaction
from parvis.errors import NotFound
from parvis.payments.books.postings import Lines, reversed_of
from parvis.payments.money import Cents

TILL = "SELECT id, emitter, slug, name, kind, alone_up_to, mentions FROM parvis.till "
_POST = "SELECT parvis.post_entry($1, $2, $3, $4, $5, $6, $7, $8)"


@dataclass(frozen=True, slots=True)
class Till:
    """Where an emitter's money comes in; refunds up to `alone_up_to` need no second person."""

    id: UUID
    emitter: UUID
    slug: str
    name: str
    kind: str
    alone_up_to: Cents
    mentions: str = ""


@dataclass(frozen=True, slots=True)
class Balance:
    """An account's sums of debits and of credits."""

    account: str
    debit: Cents
    credit: Cents

    @property
    def cents(self) -> Cents:
        """Debits less credits."""
        return self.debit - self.credit


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the journal; `at` is UTC, `day` the territory's."""

    id: UUID
    number: int
    day: date
    at: datetime
    kind: str
    source: UUID
    lines: Lines


async def open_till(
    emitter: UUID, slug: str, name: str, kind: str = "regie", *, alone_up_to: Cents = 0, mentions: str = ""
) -> UUID:
    """Open a till with its books, or bring the one of this slug up to date; its id."""
    sql = (
        "INSERT INTO parvis.till (id, emitter, slug, name, kind, alone_up_to, mentions) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (emitter, slug) DO UPDATE "
        "SET name = excluded.name, alone_up_to = excluded.alone_up_to, mentions = excluded.mentions RETURNING id"
    )
    async with transaction() as c:
        till: UUID = await c.fetchval(sql, new_id(), emitter, slug, name, kind, alone_up_to, mentions)
        await c.execute("SELECT parvis.open_books($1)", till)
    return till


async def till_by_id(till: UUID) -> Till:
    """A till. Raises NotFound."""
    async with connection() as c:
        row = await c.fetchrow(TILL + "WHERE id = $1", till)
    if row is None:
        raise NotFound
    return Till(**row)


async def tills_of(emitter: UUID) -> list[Till]:
    """An emitter's tills, by name."""
    sql = TILL + "WHERE emitter = $1 ORDER BY name, id"
    async with connection() as c:
        return [Till(**row) for row in await c.fetch(sql, emitter)]


async def hold(c: Connection, till: UUID) -> None:
    """Let nobody else open or close a till's sessions, move its money or close its days until the transaction ends."""
    # Strong enough for what is read now to stay; entries and intents may still point at it.
    await c.execute("SELECT FROM parvis.till WHERE id = $1 FOR NO KEY UPDATE", till)


async def post(till: UUID, kind: str, source: UUID, lines: Lines) -> int | None:
    """Enter a fact: its number in the till's journal, or None if it is there already, or moves nothing.

    Lines that do not sum to zero are refused by the database, with asyncpg's IntegrityConstraintViolationError.
    """
    if not lines:
        return None
    accounts, amounts = [account for account, _ in lines], [cents for _, cents in lines]
    # One statement is all or nothing by itself: no round trips of a savepoint, nor of a transaction of its own.
    async with connection() as c:
        number = await c.fetchval(_POST, new_id(), till, kind, source, today(), clock.now(), accounts, amounts)
    return None if number is None else int(number)


async def reverse(till: UUID, kind: str, source: UUID) -> int | None:
    """Take a fact back by an entry of the kind `<kind>-back`; None if that was done. Raises NotFound."""
    sql = (
        "SELECT l.account, l.cents FROM parvis.ledger_entry e JOIN parvis.ledger_line l ON l.entry = e.id "
        "WHERE e.till = $1 AND e.kind = $2 AND e.source = $3 ORDER BY l.n"
    )
    async with transaction() as c:
        lines = tuple((row["account"], row["cents"]) for row in await c.fetch(sql, till, kind, source))
        if not lines:
            raise NotFound
        return await post(till, f"{kind}-back", source, reversed_of(lines))


async def balances(till: UUID) -> list[Balance]:
    """What each account of a till has come to."""
    sql = "SELECT account, debit, credit FROM parvis.ledger_balance WHERE till = $1 ORDER BY account"
    async with connection() as c:
        return [Balance(**row) for row in await c.fetch(sql, till)]


async def entries(till: UUID, first: int = 1, last: int | None = None, limit: int = 1000) -> list[Entry]:
    """Entries of a till by their numbers, from `first` to `last`, at most `limit`."""
    sql = (
        "SELECT e.id, e.number, e.day, e.at, e.kind, e.source, array_agg(l.account ORDER BY l.n) AS accounts, "
        "array_agg(l.cents ORDER BY l.n) AS cents FROM parvis.ledger_entry e "
        "JOIN parvis.ledger_line l ON l.entry = e.id WHERE e.till = $1 AND e.number >= $2 "
        "AND e.number < $2 + $4 AND ($3::bigint IS NULL OR e.number <= $3) GROUP BY e.id ORDER BY e.number"
    )
    async with connection() as c:
        return [_entry(row) for row in await c.fetch(sql, till, first, last, limit)]


async def last_number(till: UUID) -> int:
    """How many entries a till's journal has. Raises NotFound."""
    async with connection() as c:
        found = await c.fetchval("SELECT entries FROM parvis.ledger_head WHERE till = $1", till)
    if found is None:
        raise NotFound
    return int(found)


def today() -> date:
    """The territory's day."""
    return clock.now().astimezone(settings.current().zone).date()


def balance_of(found: Sequence[Balance], account: str) -> Cents:
    """An account's balance among those of a till; 0 if nothing was ever entered."""
    return next((balance.cents for balance in found if balance.account == account), 0)


def _entry(row: asyncpg.Record) -> Entry:
    lines = tuple(zip(row["accounts"], row["cents"], strict=True))
    return Entry(row["id"], row["number"], row["day"], row["at"], row["kind"], row["source"], lines)
