"""Money that the accountant says has moved: what a provider paid into the bank, what was handed over, each with its
day and reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias
from uuid import UUID

import asyncpg

from parvis.db import Connection, connection, transaction
from parvis.errors import NotFound, Refusal, Refused, Text
from parvis.payments import providers
from parvis.payments.accounts import Account, account
from parvis.payments.books import ledger, movements
from parvis.payments.books.postings import BANK, FEES, PAID_OVER, clearing
from parvis.payments.money import Cents, euros

Kind: TypeAlias = Literal["payout", "hand-over"]
_AGAIN = Text("This number was entered already: nothing was entered again.")
_TOLD = Text(
    "This provider says itself what it has paid into the bank. It is in the books as soon as it does: "
    "nothing is entered by hand."
)
_NOTHING = Text("Write an amount of at least a cent.")
_FIND = (
    "SELECT e.number, e.kind, e.day AS entered, t.reference AS ref, t.day, t.person, "
    "array_agg(l.account ORDER BY l.n) AS accounts, array_agg(l.cents ORDER BY l.n) AS cents "
    "FROM parvis.ledger_entry e JOIN parvis.ledger_line l ON l.entry = e.id "
    "LEFT JOIN parvis.till_transfer t ON t.till = e.till AND t.number = e.number "
    "WHERE e.till = $1 AND e.kind = $2 AND ($3::bigint IS NULL OR e.number = $3) "
    "GROUP BY e.id, t.till, t.number ORDER BY e.number DESC LIMIT $4"
)
_BOOKED = (
    "SELECT e.day, coalesce(sum(l.cents) FILTER (WHERE l.account = $3), 0)::bigint AS cents, "
    "coalesce(sum(l.cents) FILTER (WHERE l.account = $4), 0)::bigint AS fees "
    "FROM parvis.ledger_entry e JOIN parvis.ledger_line l ON l.entry = e.id "
    "WHERE e.till = $1 AND e.kind = 'payout' AND e.source = $2 GROUP BY e.id"
)


@dataclass(frozen=True, slots=True)
class Moved:
    """Money that moved: the number of its slip or transfer, the day it did so, how much, and what was kept of it."""

    ref: str
    day: date
    cents: Cents
    fees: Cents = 0


@dataclass(frozen=True, slots=True)
class Transfer:
    """An entry that moved money out of one of a till's accounts; what a provider told by itself has no person.

    `day` is the bank's, that of the entry where nobody said another.
    """

    number: int
    kind: Kind
    out_of: str
    cents: Cents
    fees: Cents
    ref: str
    day: date
    person: UUID | None


async def arrive(at: str, moved: Moved, by: UUID) -> None:
    """A provider's money came in at the bank, less its fees; `by` is an account.

    Raises Refused where the provider tells of it itself, for more than the books have there, for a reference that was
    entered, for a day to come; NotFound.
    """
    whose = await _silent(at)
    async with transaction() as c:
        await ledger.hold(c, whose.till)
        there = ledger.balance_of(await ledger.balances(whose.till), clearing(at))
        _check(moved)
        if moved.cents + moved.fees > there:
            text = Text("The books have {there} euros there: no more can have come from it.", {"there": euros(there)})
            raise Refused(Refusal("arrival-above", text, "cents"))
        if not await movements.paid_out(at, moved.ref, moved.cents, moved.fees):
            raise Refused(Refusal("transfer-again", _AGAIN, "ref"))
        await _note(c, whose.till, moved, by)


async def told(at: str, moved: Moved, by: UUID) -> bool:
    """Enter a payout of a provider's own statement, whatever the books have there; whether it was new.

    Raises Refused where the provider tells of it itself, NotFound.
    """
    whose = await _silent(at)
    async with transaction() as c:
        new = await movements.paid_out(at, moved.ref, moved.cents, moved.fees)
        if new:
            await _note(c, whose.till, moved, by)
    return new


async def hand_over(till: UUID, moved: Moved, out_of: str, by: UUID) -> int:
    """A till handed money of an account to the public accountant, with a slip; the entry's number.

    Raises Refused for more than is there outside open drawers, for a slip that was entered, for a day to come.
    """
    async with transaction() as c:
        await ledger.hold(c, till)
        _check(moved)
        if not await movements.handed_over(till, moved.ref, moved.cents, out_of):
            raise Refused(Refusal("transfer-again", _AGAIN, "ref"))
        return await _note(c, till, moved, by)


async def booked(at: str, ref: str) -> Moved | None:
    """What the books have of a payout by its reference, None if they do not have it. Raises NotFound."""
    whose = await account(at)
    async with connection() as c:
        row = await c.fetchrow(_BOOKED, whose.till, movements.source_of(at, "payout", ref), BANK, FEES)
    return Moved(ref, row["day"], row["cents"], row["fees"]) if row else None


async def transfers(till: UUID, kind: Kind, limit: int = 50) -> list[Transfer]:
    """A till's transfers of a kind, the latest first."""
    async with connection() as c:
        return [_read(row) for row in await c.fetch(_FIND, till, kind, None, limit)]


async def transfer(till: UUID, kind: Kind, number: int) -> Transfer:
    """One of them, by its entry's number. Raises NotFound."""
    async with connection() as c:
        row = await c.fetchrow(_FIND, till, kind, number, 1)
    if row is None:
        raise NotFound
    return _read(row)


async def _silent(at: str) -> Account:
    """An account whose provider says nothing of its payouts. Raises Refused, NotFound."""
    whose = await account(at)
    if providers.can(whose, "payouts"):
        raise Refused(Refusal("payout-told", _TOLD, "account"))
    return whose


def _check(moved: Moved) -> None:
    if moved.cents < 1:
        raise Refused(Refusal("transfer-nothing", _NOTHING, "cents"))
    if moved.day > ledger.today():
        raise Refused(Refusal("transfer-future", Text("That day is still to come."), "day"))


async def _note(c: Connection, till: UUID, moved: Moved, by: UUID) -> int:
    # The books' head is locked by the entry just made, so the last number is its own.
    number = await ledger.last_number(till)
    sql = "INSERT INTO parvis.till_transfer (till, number, reference, day, person) VALUES ($1, $2, $3, $4, $5)"
    await c.execute(sql, till, number, moved.ref, moved.day, by)
    return number


def _read(row: asyncpg.Record) -> Transfer:
    lines = dict(zip(row["accounts"], row["cents"], strict=True))
    into: Sequence[str] = (BANK, FEES) if row["kind"] == "payout" else (PAID_OVER,)
    [out_of] = [name for name in lines if name not in into]
    cents, fees = lines.get(into[0], 0), lines.get(FEES, 0)
    where = (row["number"], row["kind"], out_of, cents, fees)
    return Transfer(*where, row["ref"] or "", row["day"] or row["entered"], row["person"])
