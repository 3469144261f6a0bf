"""Invoices and credit notes: each series numbered from 1 for a till and year, without a gap, kept as it was given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
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
from parvis.payments.intents import Intent
from parvis.payments.money import Cents
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
    "(id, till, sort, year, number, basket, intent, corrects, at, last_day, seller, mentions, parts, lines, cents) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)"
)
_FIND = (
    "SELECT id, till, sort, year, number, basket, intent, corrects, at, last_day, seller, mentions, parts, lines, "
    "cents FROM parvis.invoice "
)
_LINES = "SELECT label, cents, vat_bp FROM parvis.charge WHERE intent = $1 ORDER BY id"


@dataclass(frozen=True, slots=True)
class Sold:
    """A line of an invoice; the price has VAT of `vat_bp` hundredths of a percent in it."""

    label: str
    cents: Cents
    vat_bp: int


@dataclass(frozen=True, slots=True)
class Instalment:
    """A part of an invoice, to be paid until a day."""

    cents: Cents
    last_day: date


@dataclass(frozen=True, slots=True)
class Invoice:
    """A bill as its payer was given it, or what of one (`corrects`) was taken back; `at` is UTC.

    `parts` is empty where it is to be paid at once.
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
    lines: tuple[Sold, ...]
    cents: Cents

    @property
    def name(self) -> str:
        """Its number as people quote it, such as `F2026-000042`; a credit note's begins with A."""
        return f"{_LETTERS[self.sort]}{self.year}-{self.number:06}"


async def give(c: Connection, asked: Sequence[Intent], sold: Sequence[Sold], days: Sequence[date]) -> UUID:
    """Give the next invoice of a till for what is asked there, its last day for each, in the caller's transaction."""
    till = await till_by_id(asked[0].till)
    parts = [Instalment(intent.cents, day) for intent, day in zip(asked, days, strict=True)]
    seller = (await brand_of((await territory.emitter(till.emitter)).slug)).name
    about = (asked[0].basket, None, None, clock.now(), days[-1], seller, till.mentions, parts[1:] and parts)
    return await _add(c, till.id, "invoice", about, sold)


async def correct(c: Connection, taken_back: Intent) -> UUID | None:
    """Give the credit note for an amount that is no longer asked for, in the caller's transaction; its id.

    None for a bill that has no number: it was written before bills had some.
    """
    sql = _FIND + "WHERE basket = $1 AND till = $2 AND sort = 'invoice'"
    row = await c.fetchrow(sql, taken_back.basket, taken_back.till)
    if row is None:
        return None
    sold = [Sold(**line) for line in await c.fetch(_LINES, taken_back.id)]
    said = (row["last_day"], row["seller"], row["mentions"], ())
    return await _add(c, row["till"], "credit", (taken_back.basket, taken_back.id, row["id"], clock.now(), *said), sold)


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


async def _add(c: Connection, till: UUID, sort: Sort, about: tuple[object, ...], sold: Sequence[Sold]) -> UUID:
    given, year = new_id(), today().year
    number = await c.fetchval(_NEXT, till, sort, year)
    await c.execute(_ADD, given, till, sort, year, number, *about, tuple(sold), sum(line.cents for line in sold))
    return given


def _read(row: asyncpg.Record) -> Invoice:
    lines = msgspec.convert(row["lines"], tuple[Sold, ...])
    parts = msgspec.convert(row["parts"], tuple[Instalment, ...])
    return Invoice(**dict(row) | {"lines": lines, "parts": parts})
