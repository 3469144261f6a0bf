"""A line that somebody pays for, in one charge or cut into parts: what of it came in and is still here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from parvis.db import Connection
from parvis.errors import NotFound
from parvis.payments import intents, refundable, refunds
from parvis.payments.books import postings, sales
from parvis.payments.credits import balances
from parvis.payments.money import Cents
from parvis.payments.purposes import gives
from parvis.payments.rules import REFUND_HELD
from parvis.payments.terms.rules import Piece

# The latest part first: from there on it is given back. Of credit what was not restored, of money what nobody has asked
# back of the sale yet.
_PIECES = f"""
SELECT h.id, h.intent, h.cents, h.terms, b.purpose, i.till, i.state, i.cents AS asked,
    i.state = 'paid' OR EXISTS (SELECT FROM parvis.capture c WHERE c.intent = i.id AND {sales.SOLD}) AS had,
    (i.cents - (SELECT coalesce(sum(r.cents), 0) FROM parvis.refund r JOIN parvis.capture c ON c.id = r.capture
        WHERE c.intent = i.id AND {sales.OF_SALE} AND r.state = ANY ($2)))::bigint AS unasked
FROM parvis.charge o JOIN parvis.intent oi ON oi.id = o.intent
JOIN parvis.intent i ON i.basket = oi.basket AND i.till = oi.till AND i.version = oi.version
JOIN parvis.charge h ON h.intent = i.id AND (h.id = o.id OR h.piece_of = o.piece_of)
JOIN parvis.basket b ON b.id = i.basket
WHERE o.id = $1 AND o.credit IS NULL ORDER BY i.part DESC, h.id DESC
"""  # noqa: S608 - of constants
# What is still asked for, or late; the public accountant collects what was passed on. Nothing else counts: it was taken
# back, or all of its money goes back.
_OPEN = frozenset({"created", "pending", "expired"})
_COUNTS = _OPEN | {"paid", "passed_on"}
_LOCK_BASKET = (
    "SELECT FROM parvis.basket b WHERE b.id = (SELECT i.basket FROM parvis.charge h "
    "JOIN parvis.intent i ON i.id = h.intent WHERE h.id = $1) FOR NO KEY UPDATE"
)
_CAPTURES = f"SELECT c.id FROM parvis.capture c WHERE c.intent = $1 AND {sales.SOLD} ORDER BY c.id"  # noqa: S608 - of constants


@dataclass(frozen=True, slots=True)
class Money:
    """Money that pays a sale, as `refunds.CAPTURE` has it, and what of it is left."""

    paid: asyncpg.Record
    left: Cents


@dataclass(frozen=True, slots=True)
class Part:
    """A charge of the line, the money that pays its intent, and whether that can still be taken back (`open`)."""

    charge: UUID
    intent: UUID
    asked: Cents
    money: tuple[Money, ...]
    piece: Piece
    open: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A line of what a basket asks for at a till: all its charges, and its parts, the latest first.

    `held`: somebody has what it is for, by having paid some of it, or where no service gives it for that.
    """

    till: UUID
    charges: Sequence[UUID]
    held: bool
    terms: UUID | None
    parts: Sequence[Part]

    @property
    def price(self) -> Cents:
        """What all of it costs."""
        return sum(piece.cents for piece in self.pieces)

    @property
    def pieces(self) -> list[Piece]:
        """What each part is to the rules."""
        return [part.piece for part in self.parts]

    def beyond(self, owed: Cents) -> Cents:
        """What is still asked for of it here above what is owed."""
        return max(0, sum(part.piece.cents for part in self.parts if part.open) - owed)


async def lock(c: Connection, charge: UUID) -> None:
    """Let nobody else pay for a line, or give it back, until the transaction ends. In the order of refunds."""
    await c.execute(_LOCK_BASKET, charge)
    rows = await c.fetch(_PIECES, charge, [])
    them = {row["intent"] for row in rows}
    await intents.lock(c, them)
    await balances.lock_surplus(c, them)


async def line_of(c: Connection, charge: UUID) -> Line:
    """The line that a charge is, or is a piece of, as far as it is paid or asked for. Raises NotFound."""
    rows = await c.fetch(_PIECES, charge, list(REFUND_HELD))
    if not rows:
        raise NotFound
    parts = [await _part(c, row) for row in rows if row["state"] in _COUNTS]
    held = any(row["had"] for row in rows) or not gives(rows[0]["purpose"])
    return Line(rows[0]["till"], [row["id"] for row in rows], held, rows[0]["terms"], parts)


async def _part(c: Connection, row: asyncpg.Record) -> Part:
    paid = row["state"] == "paid"
    money = await _money(c, row["intent"]) if paid else ()
    room = min(max(0, row["unasked"]), sum(one.left for one in money))
    piece = Piece(row["cents"], paid, await _credit(row["intent"]) if paid else 0, room)
    return Part(row["id"], row["intent"], row["asked"], money, piece, row["state"] in _OPEN)


async def _credit(intent: UUID) -> Cents:
    """What a credit paid of it and is not the payer's again."""
    return postings.credit_used(await intents.sales_of(intent)) - await sales.restored(intent)


async def _money(c: Connection, intent: UUID) -> tuple[Money, ...]:
    found = [await c.fetchrow(refunds.CAPTURE, row["id"]) for row in await c.fetch(_CAPTURES, intent)]
    return tuple([Money(paid, left) for paid in found if (left := await refundable.left(paid["id"]))])
