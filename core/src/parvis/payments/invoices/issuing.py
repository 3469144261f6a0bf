"""Invoices and credit notes: each series numbered from 1 for a till and year, without a gap, kept as it was given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal, TypeAlias
from uuid import UUID

import asyncpg
import msgspec

from parvis import clock
from parvis.branding.queries import brand_of
from parvis.db import Connection, connection, new_id
from parvis.errors import NotFound
from parvis.payments.books.ledger import till_by_id, today
from parvis.payments.dues import Due
from parvis.payments.intents import Intent, sales_of
from parvis.payments.invoices import sellers
from parvis.payments.money import NOTHING, Cents, Tax, shares, taxes
from parvis.territory import queries as territory

Sort: TypeAlias = Literal["invoice", "credit"]
_LETTERS: dict[Sort, str] = {"invoice": "F", "credit": "A"}
# As with receipts: the counter's row stays locked until the commit, and a rollback gives the number back.
_NEXT = (
    "INSERT INTO parvis.invoice_counter AS kept (till, sort, year, last) VALUES ($1, $2, $3, 1) "
    "ON CONFLICT (till, sort, year) DO UPDATE SET last = kept.last + 1 RETURNING last"
)
_ADD = (
    "INSERT INTO parvis.invoice "
    "(id, till, sort, year, number, basket, intent, corrects, at, last_day, seller, mentions, parts, credits, refund, "
    "served, taxes, lines, cents) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)"
)
_FIND = (
    "SELECT id, till, sort, year, number, basket, intent, corrects, at, last_day, seller, mentions, parts, "
    "credits, refund, served, taxes, lines, cents FROM parvis.invoice "
)
_LINES = "SELECT label, cents, vat_bp, quantity FROM parvis.charge WHERE intent = $1 AND credit IS NULL ORDER BY id"
# However often a refund came back and left again, a note for its money is given once.
_NOTED = (
    "SELECT coalesce(sum(cents), 0)::bigint FROM parvis.invoice WHERE intent = $1 AND sort = 'credit' "
    "AND refund IS NOT NULL"
)
_USED = (
    "SELECT label, -sum(cents)::bigint AS cents FROM parvis.charge WHERE intent = ANY ($1) AND credit IS NOT NULL "
    "GROUP BY credit, label ORDER BY credit"
)


@dataclass(frozen=True, slots=True)
class Sold:
    """A line of an invoice; the price, of all `quantity` of it, has VAT of `vat_bp` hundredths of a percent in it."""

    label: str
    cents: Cents
    vat_bp: int
    quantity: int = 1


@dataclass(frozen=True, slots=True)
class Instalment:
    """A part of an invoice, to be paid until a day."""

    cents: Cents
    last_day: date


@dataclass(frozen=True, slots=True)
class Used:
    """What of a credit, such as `Avoir du 03/03/2026`, pays an invoice."""

    label: str
    cents: Cents


@dataclass(frozen=True, slots=True)
class Invoice:
    """A bill as its payer was given it, or what of one (`corrects`) was taken back, or given back by a `refund`.

    `at` is UTC. `parts` is empty where it is to be paid at once. `credits` are used on it: `owed` is to be paid.
    `served` is the day or the time of what is sold, if it was said. `taxes` is empty where it was given before these
    were kept: they are those of its lines.
    """

    id: UUID
    till: UUID
    sort: Sort
    year: int
    number: int
    basket: UUID
    intent: UUID | None
    corrects: UUID | None
    at: datetime
    last_day: date
    seller: str
    mentions: str
    parts: tuple[Instalment, ...]
    credits: tuple[Used, ...]
    refund: UUID | None
    served: str
    taxes: tuple[Tax, ...]
    lines: tuple[Sold, ...]
    cents: Cents

    @property
    def name(self) -> str:
        """Its number as people quote it, such as `F2026-000042`; a credit note's begins with A."""
        return f"{_LETTERS[self.sort]}{self.year}-{self.number:06}"

    @property
    def owed(self) -> Cents:
        """What its payer was asked for, less the credit that is used."""
        return self.cents - sum(used.cents for used in self.credits)


async def give(
    c: Connection, asked: Sequence[Intent], sold: Sequence[Sold], days: Sequence[date], served: str = ""
) -> UUID:
    """Give the next invoice of a till for what is asked there, its last day for each, in the caller's transaction."""
    till = await till_by_id(asked[0].till)
    parts = [Instalment(intent.cents, day) for intent, day in zip(asked, days, strict=True)]
    mentions = "\n".join((*sellers.mentions(await sellers.seller_of(till.id)), *till.mentions.splitlines()))
    seller = (await brand_of((await territory.emitter(till.emitter)).slug)).name
    used = [Used(**row) for row in await c.fetch(_USED, [intent.id for intent in asked])]
    said = (clock.now(), days[-1], seller, mentions, parts[1:] and parts, used, None, served)
    return await _add(c, till.id, "invoice", (asked[0].basket, None, None, *said), sold)


async def correct(c: Connection, taken_back: Intent) -> UUID | None:
    """Give the credit note for an amount that is no longer asked for, in the caller's transaction; its id.

    None for a bill that has no number: it was written before bills had some.
    """
    return await _note(c, taken_back, sum([line["cents"] for line in await c.fetch(_LINES, taken_back.id)]))


async def give_back(c: Connection, paid: Intent, refund: UUID, back: Cents) -> UUID | None:
    """Give the credit note for what a refund gave back of a bill, in the caller's transaction; its id.

    With it `back` of what was sold has gone back in all. None for what is no bill with a number, or where other notes
    say as much.
    """
    return await _note(c, paid, back, refund)


async def invoice(found: UUID) -> Invoice:
    """An invoice or a credit note. Raises NotFound."""
    async with connection() as c:
        row = await c.fetchrow(_FIND + "WHERE id = $1", found)
    if row is None:
        raise NotFound
    return _read(row)


async def invoices_of(baskets: Sequence[UUID]) -> list[Invoice]:
    """What was given for baskets, the oldest first."""
    async with connection() as c:
        rows = await c.fetch(_FIND + "WHERE basket = ANY ($1) ORDER BY at, id", list(baskets))
    return [_read(row) for row in rows]


def about(papers: Sequence[Invoice], due: Due) -> list[Invoice]:
    """Those of some papers to show with an amount: what is paid in parts has its invoice with the first."""
    mine = {due.intent, None} if due.part == 1 else {due.intent}
    return [one for one in papers if (one.basket, one.till) == (due.basket, due.till) and one.intent in mine]


async def gaps(till: UUID) -> list[tuple[str, int, int]]:
    """Sorts, years and numbers that are missing below the counter; none, ever."""
    sql = (
        "SELECT k.sort, k.year, n FROM parvis.invoice_counter k, generate_series(1, k.last) n WHERE k.till = $1 "
        "AND NOT EXISTS (SELECT FROM parvis.invoice i WHERE i.till = $1 "
        "AND (i.sort, i.year, i.number) = (k.sort, k.year, n))"
    )
    async with connection() as c:
        return [(row["sort"], row["year"], row["n"]) for row in await c.fetch(sql, till)]


async def _note(c: Connection, of: Intent, back: Cents, refund: UUID | None = None) -> UUID | None:
    """The credit note with which so much of an intent's lines is noted as given back."""
    before = int(await c.fetchval(_NOTED, of.id))
    if back <= before:
        return None
    lines = [Sold(**line) for line in await c.fetch(_LINES, of.id)]
    was, now = (shares([line.cents for line in lines], cents) for cents in (before, back))
    sold = [_of(line, high - low) for line, low, high in zip(lines, was, now, strict=True) if high > low]
    gone = dict[int, Cents]()
    for line, cents in zip(lines, was, strict=True):
        gone[line.vat_bp] = gone.get(line.vat_bp, 0) + cents
    return await _credit(c, of, sold, gone, refund)


def _of(line: Sold, cents: Cents) -> Sold:
    """What of a line a note is about: all that was counted, or an amount of it."""
    return replace(line, cents=cents, quantity=line.quantity if cents == line.cents else 1)


async def _credit(
    c: Connection, of: Intent, sold: Sequence[Sold], gone: Mapping[int, Cents], refund: UUID | None
) -> UUID | None:
    """A credit note for some of an intent's bill; `gone` is what other notes have of each rate already."""
    row = await c.fetchrow(_FIND + "WHERE basket = $1 AND till = $2 AND sort = 'invoice'", of.basket, of.till)
    if row is None:
        return None
    # VAT is the part's of its invoice, and all notes' of a part together: nowhere is a cent of it lost to rounding.
    before = {sale.vat_bp: sale.before + gone.get(sale.vat_bp, 0) for sale in await sales_of(of.id)}
    said = (clock.now(), row["last_day"], row["seller"], row["mentions"], (), (), refund, row["served"])
    return await _add(c, row["till"], "credit", (of.basket, of.id, row["id"], *said), sold, before)


async def _add(
    c: Connection,
    till: UUID,
    sort: Sort,
    about: tuple[object, ...],
    sold: Sequence[Sold],
    before: Mapping[int, Cents] = NOTHING,
) -> UUID:
    given, year = new_id(), today().year
    number = await c.fetchval(_NEXT, till, sort, year)
    rates = taxes(((line.cents, line.vat_bp) for line in sold), before)
    total = sum(line.cents for line in sold)
    await c.execute(_ADD, given, till, sort, year, number, *about, rates, tuple(sold), total)
    return given


def _read(row: asyncpg.Record) -> Invoice:
    lines = msgspec.convert(row["lines"], tuple[Sold, ...])
    parts = msgspec.convert(row["parts"], tuple[Instalment, ...])
    used = msgspec.convert(row["credits"], tuple[Used, ...])
    rates = msgspec.convert(row["taxes"], tuple[Tax, ...])
    return Invoice(**dict(row) | {"lines": lines, "parts": parts, "credits": used, "taxes": rates})
