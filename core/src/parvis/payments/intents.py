"""Amounts to collect: a basket's charges, one intent for each till, frozen until it is paid, cancelled or too late."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from parvis import clock
from parvis.db import Connection, connection, new_id, transaction
from parvis.errors import NotFound, Refusal, Refused, Text
from parvis.events import PaymentExpired
from parvis.outbox import record
from parvis.payments.books import sales
from parvis.payments.books.postings import Sale
from parvis.payments.money import Cents
from parvis.payments.rules import INTENT, after, checked_cents
from parvis.payments.tariffs import quotes
from parvis.payments.tariffs.pricing import Step
from parvis.payments.tariffs.quotes import Quote
from parvis.payments.terms import dated

_INTENT = (
    "SELECT i.id, i.basket, i.till, i.version, i.part, i.cents, i.state, i.expires_at, b.purpose, b.subject, b.person, "
    "t.emitter FROM parvis.intent i JOIN parvis.basket b ON b.id = i.basket JOIN parvis.till t ON t.id = i.till "
)
_SALES = """
SELECT h.revenue, h.cents, h.vat_bp, coalesce((
    SELECT sum(e.cents) FROM parvis.charge e JOIN parvis.intent p ON p.id = e.intent
    WHERE p.basket = i.basket AND p.till = i.till AND p.version = i.version AND p.part < i.part
    AND e.vat_bp = h.vat_bp AND e.credit IS NULL), 0)::bigint AS before
FROM parvis.charge h JOIN parvis.intent i ON i.id = h.intent WHERE h.intent = $1 ORDER BY h.id
"""
# In one order, whoever does it: two who want the same amounts do not wait for each other.
_LOCK = "SELECT FROM parvis.intent WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE"
_MOST_CHARGES = 200
_GIVEN_UP = frozenset({"cancelled", "to_refund", "refunded"})


@dataclass(frozen=True, slots=True)
class Charge:
    """A line to be paid: into which till and revenue account, and how the price came about: by a tariff, or not.

    `cents` is the price of all `quantity` of it. Raises ValueError where it is no multiple of a price of one.
    Who gives a place for it may say its `id`, by which it is cancelled later (`terms.cancelling`).
    """

    till: UUID
    label: str
    revenue: str
    cents: Cents
    vat_bp: int = 0
    steps: tuple[Step, ...] = ()
    quote: Quote | None = None
    # The credit that it uses, if it asks for less than nothing.
    credit: UUID | None = None
    id: UUID | None = None
    # Which line of the whole, from 1, it is a piece of, where that is asked for in parts.
    piece_of: int | None = None
    quantity: int = 1

    def __post_init__(self) -> None:
        # What is no amount at all is refused when it is asked for.
        if self.quantity < 1 or (self.quantity > 1 and self.cents % self.quantity):
            raise ValueError(f"{self.quantity} cannot cost {self.cents} cents")

    @classmethod
    def quoted(cls, quote: Quote, till: UUID, label: str, revenue: str) -> Charge:
        """A line that costs what a tariff says."""
        return cls(till, label, revenue, quote.price.cents, quote.grid.vat_bp, quote.price.steps, quote)


@dataclass(frozen=True, slots=True)
class Intent:
    """An amount to collect for a till until `expires_at` (UTC); `purpose` and `subject` say what for.

    One that is asked for in parts is an intent for each, `part` being its number from 1.
    """

    id: UUID
    basket: UUID
    till: UUID
    version: int
    part: int
    cents: Cents
    state: str
    expires_at: datetime
    purpose: str
    subject: UUID | None
    person: UUID | None
    emitter: UUID


@dataclass(frozen=True, slots=True)
class Part:
    """What is asked for by one instant (UTC)."""

    charges: Sequence[Charge]
    until: datetime


async def demand(
    charges: Sequence[Charge],
    expires_at: datetime,
    *,
    purpose: str = "",
    subject: UUID | None = None,
    person: UUID | None = None,
    basket: UUID | None = None,
) -> tuple[Intent, ...]:
    """Ask for what a basket costs: one intent for each till, those of a former version of `basket` being cancelled.

    Amounts of zero are not collected: settle them with `settling.settle_free`. Raises Invalid for an amount that is
    none, Refused when a till's part is paid already, Conflict when a quote's tariff was changed, NotFound for an
    unknown basket.
    """
    return await demand_parts(
        [Part(charges, expires_at)], purpose=purpose, subject=subject, person=person, basket=basket
    )


async def demand_parts(
    parts: Sequence[Part],
    *,
    purpose: str = "",
    subject: UUID | None = None,
    person: UUID | None = None,
    basket: UUID | None = None,
) -> tuple[Intent, ...]:
    """Ask for it in parts, each an intent of its own, paid by itself: by till and part. Raises as `demand` does."""
    for part in parts:
        _check(part.charges)
    async with transaction() as c:
        await quotes.stand(c, [charge.quote for part in parts for charge in part.charges if charge.quote])
        version = await _new_version(c, basket) if basket else 1
        if basket is None:
            basket = await _new_basket(c, purpose, subject, person)
        for number, part in enumerate(parts, 1):
            for till in sorted({charge.till for charge in part.charges}):
                lines = [charge for charge in part.charges if charge.till == till]
                await _add(c, (basket, till, version, number), lines, part.until)
        return await _of_version(c, basket, version)


async def intent(found: UUID) -> Intent:
    """An intent. Raises NotFound."""
    async with connection() as c:
        return _read(await c.fetchrow(_INTENT + "WHERE i.id = $1", found))


async def locked(c: Connection, found: UUID) -> Intent:
    """An intent, nobody else's until the transaction ends. Raises NotFound."""
    # Strong enough against another settlement; foreign keys of attempts and captures may still point at it.
    return _read(await c.fetchrow(_INTENT + "WHERE i.id = $1 FOR NO KEY UPDATE OF i", found))


async def lock(c: Connection, these: Iterable[UUID]) -> None:
    """Let nobody else touch some intents until the transaction ends; read them after that.

    All at once, before anything is entered: whoever has a till's books must not wait for an amount any more, for who
    has that amount may wait for the books.
    """
    await c.execute(_LOCK, list(these))


async def of_basket(basket: UUID) -> tuple[Intent, ...]:
    """The intents of a basket's last version, by till. Raises NotFound."""
    async with connection() as c:
        version = await c.fetchval("SELECT version FROM parvis.basket WHERE id = $1", basket)
        if version is None:
            raise NotFound
        return await _of_version(c, basket, version)


async def sales_of(found: UUID) -> tuple[Sale, ...]:
    """What an intent's charges sell, and with less than nothing the credit that they use."""
    async with connection() as c:
        return tuple(Sale(**row) for row in await c.fetch(_SALES, found))


async def move(c: Connection, found: Intent, how: str) -> str:
    """Let a locked intent take a step; its state now. Raises Refused."""
    state = after(INTENT, found.state, how)
    await c.execute("UPDATE parvis.intent SET state = $2 WHERE id = $1", found.id, state)
    return state


async def prolong(c: Connection, found: UUID, until: datetime) -> None:
    """Let a locked intent be paid until then, or for longer if it may be."""
    await c.execute("UPDATE parvis.intent SET expires_at = greatest(expires_at, $2) WHERE id = $1", found, until)


async def cancel(found: UUID) -> None:
    """No longer ask for an amount; money that still comes is given back. Raises Refused once it is paid."""
    async with transaction() as c:
        await _drop(c, await locked(c, found), "cancel")


async def expire(found: UUID) -> None:
    """Give up an amount that was not paid in time. Raises Refused once it is paid or cancelled."""
    async with transaction() as c:
        await _drop(c, await locked(c, found), "expire")


async def _drop(c: Connection, found: Intent, how: str) -> None:
    await move(c, found, how)
    if how == "cancel":
        await sales.drop(found.till, found.id, await sales_of(found.id))
    await record(PaymentExpired(emitter=found.emitter, intent=found.id))


def _check(charges: Sequence[Charge]) -> None:
    if not 1 <= len(charges) <= _MOST_CHARGES:
        raise Refused(Refusal("basket-size", Text("A basket has from 1 to {most} lines.", {"most": _MOST_CHARGES})))
    for charge in charges:
        checked_cents(-charge.cents if charge.credit else charge.cents)
    for till in {charge.till for charge in charges}:
        checked_cents(sum(charge.cents for charge in charges if charge.till == till))


async def _new_basket(c: Connection, purpose: str, subject: UUID | None, person: UUID | None) -> UUID:
    basket = new_id()
    sql = "INSERT INTO parvis.basket (id, purpose, subject, person, created) VALUES ($1, $2, $3, $4, $5)"
    await c.execute(sql, basket, purpose, subject, person, clock.now())
    return basket


async def _new_version(c: Connection, basket: UUID) -> int:
    sql = "UPDATE parvis.basket SET version = version + 1 WHERE id = $1 RETURNING version"
    version = await c.fetchval(sql, basket)
    if version is None:
        raise NotFound
    before = await _of_version(c, basket, version - 1)
    await lock(c, [former.id for former in before])
    for former in before:
        found = await locked(c, former.id)
        if found.state not in _GIVEN_UP:
            await move(c, found, "cancel")
            await sales.drop(found.till, found.id, await sales_of(found.id))
    return int(version)


async def _add(c: Connection, of: tuple[UUID, UUID, int, int], lines: Sequence[Charge], until: datetime) -> None:
    """An intent of a basket and till, version and part."""
    found = new_id()
    sql = (
        "INSERT INTO parvis.intent (id, basket, till, version, part, cents, state, expires_at, created) "
        "VALUES ($1, $2, $3, $4, $5, $6, 'created', $7, $8)"
    )
    await c.execute(sql, found, *of, sum(charge.cents for charge in lines), until, clock.now())
    # What holds today holds for what is ordered today, whatever the till says later.
    terms = standing.id if (standing := await dated.in_force(of[1])) else None
    await c.executemany(
        "INSERT INTO parvis.charge "
        "(id, intent, terms, label, revenue, cents, vat_bp, steps, credit, quantity, piece_of, tariff, grid, "
        "priced_for, line) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        [(line.id or new_id(), found, None if line.credit else terms, *_plain(line)) for line in lines],
    )


def _plain(line: Charge) -> tuple[object, ...]:
    quote = line.quote
    by = (quote.tariff, quote.grid.valid_from, quote.day, quote.price.line) if quote else (None,) * 4
    price = (line.label, line.revenue, line.cents, line.vat_bp, line.steps, line.credit, line.quantity)
    return (*price, line.piece_of, *by)


async def _of_version(c: Connection, basket: UUID, version: int) -> tuple[Intent, ...]:
    rows = await c.fetch(_INTENT + "WHERE i.basket = $1 AND i.version = $2 ORDER BY i.till, i.part", basket, version)
    return tuple(map(_read, rows))


def _read(row: asyncpg.Record | None) -> Intent:
    if row is None:
        raise NotFound
    return Intent(**row)
