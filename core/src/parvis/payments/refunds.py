"""Giving money back: asked for, and approved by a second person above the till's limit (`refund_sending` goes on).

What is asked for, under way or done never exceeds what came in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg

from parvis import clock
from parvis.db import Connection, connection, new_id, transaction
from parvis.errors import NotFound, Refusal, Refused, Text
from parvis.payments import granting, intents, refundable, set_offs
from parvis.payments.accounts import Account, account
from parvis.payments.books import ledger, sales
from parvis.payments.credits import balances
from parvis.payments.money import Cents
from parvis.payments.rules import (
    REFUND,
    REFUND_HELD,
    REFUND_OPEN,
    after,
    approval_fault,
    checked_cents,
    credit_way,
    refund_fault,
)

# `sold`: it pays a sale, so that giving it back takes some of that back too.
CAPTURE = f"""
SELECT c.id, c.account, c.provider_ref, c.till, c.intent, c.cents, c.taken_as, c.day, t.alone_up_to, t.emitter,
    i.basket, {sales.SOLD} AS sold
FROM parvis.capture c JOIN parvis.till t ON t.id = c.till LEFT JOIN parvis.intent i ON i.id = c.intent WHERE c.id = $1
"""  # noqa: S608 - of constants
_ADD = (
    "INSERT INTO parvis.refund "
    "(id, capture, till, cents, state, method, reason, requested_by, requested_at, changed, credit, cancellation) "
    "VALUES ($1, $2, $3, $4, 'requested', $5, $6, $7, $8, $8, $9, $10)"
)
_LOCK_BASKET = (
    "SELECT FROM parvis.basket b WHERE b.id = (SELECT i.basket FROM parvis.capture c "
    "JOIN parvis.intent i ON i.id = c.intent WHERE c.id = $1) FOR NO KEY UPDATE"
)
_NO_PAYMENT = f"SELECT {sales.WON} OR {sales.AGAIN} FROM parvis.capture c WHERE c.id = $1"  # noqa: S608 - of constants
_REFUND = (
    "SELECT id, capture, till, cents, state, method, reason, requested_by, decided_by, credit, cancellation "
    "FROM parvis.refund "
)


@dataclass(frozen=True, slots=True)
class Refund:
    """Money to be given back of a capture, in its state; `requested_by` and `decided_by` are accounts.

    With a `credit`, that is what is paid out, and not the capture's sale. With a `cancellation`, the terms give it.
    """

    id: UUID
    capture: UUID
    till: UUID
    cents: Cents
    state: str
    method: str
    reason: str
    requested_by: UUID | None
    decided_by: UUID | None
    credit: UUID | None = None
    cancellation: UUID | None = None


async def request(
    capture: UUID, cents: Cents, reason: str, by: UUID, method: str | None = None, *, credit: UUID | None = None
) -> Refund:
    """Ask to give part or all of what came in back; up to the till's limit for a basket it is approved at once.

    `method` is the account's own unless said; a `credit` that is of this money is paid out instead of its sale, in a
    way that can work. Raises Refused above what is left of it, NotFound.
    """
    checked_cents(cents)
    async with transaction() as c:
        paid = await lock(c, capture)
        if wrong := refund_fault(cents, await _left(c, paid, credit)):
            raise Refused(wrong)
        how = await way_of_credit(c, paid, cents, method) if credit else method or await _way_of(c, paid)
        refund = await add(c, paid, cents, how, reason, by, credit)
        await approve_alone(c, [(refund, paid)])
    return await refund_by_id(refund)


async def approve_alone(c: Connection, asked: Sequence[tuple[UUID, asyncpg.Record]]) -> bool:
    """Approve what was just asked for of a basket at a till, each with its money, if that needs nobody else; whether it
    is. In the caller's transaction, under the basket's lock."""
    paid = asked[0][1]
    if await refundable.asked_alone(c, paid) > paid["alone_up_to"]:
        return False
    for refund, of in asked:
        await _approve(c, await locked(c, refund), of, None)
    return True


async def give_back(c: Connection, capture: UUID, at: Account, cents: Cents, reason: str) -> None:
    """Have what came in vain given back, as a rule and at once; in the caller's transaction.

    What had left of other payments of the same amount that a bank took back is kept of it: its payer owes that.
    """
    left = min(cents, await refundable.left(capture))
    intent = (await c.fetchrow(CAPTURE, capture))["intent"]
    await set_offs.keep(c, at.till, capture, min(cents - left, await refundable.owed(c, intent)))
    if left:
        refund = new_id()
        how = await way_of_account(c, capture, at)
        await c.execute(_ADD, refund, capture, at.till, left, how, reason, None, clock.now(), None, None)
        await move(c, await locked(c, refund), "approve")
    else:
        await end(c, await c.fetchrow(CAPTURE, capture))


async def end(c: Connection, paid: asyncpg.Record) -> None:
    """Let an amount be given back once nothing of its money is here any more; in the caller's transaction."""
    if paid["taken_as"] == "vain" and await refundable.is_over(c, paid["id"]):
        intent = await intents.locked(c, paid["intent"])
        if intent.state == "to_refund":
            await intents.move(c, intent, "repaid")


async def reversed_at_counter(c: Connection, capture: UUID, reason: str, by: UUID) -> UUID:
    """Count a taking that is reversed at its counter as given back; in the caller's transaction, whose entries say it.

    Raises Refused if something of it was given back, or is about to be.
    """
    paid = await locked_capture(c, capture)
    sql = "SELECT count(*) FROM parvis.refund WHERE capture = $1 AND state = ANY ($2)"
    if await c.fetchval(sql, capture, list(REFUND_HELD)):
        raise Refused(Refusal("refund-there", Text("Some of it was given back already: ask for a refund of the rest.")))
    refund = await add(c, paid, paid["cents"], "counter", reason, by)
    sql = "UPDATE parvis.refund SET state = 'done', done_day = $2 WHERE id = $1"
    await c.execute(sql, refund, ledger.today())
    return refund


async def decide(refund: UUID, approve: bool, by: UUID) -> None:
    """Approve or reject what somebody else asked for. Raises Refused."""
    async with transaction() as c:
        paid, found = await both(c, refund)
        if approve and (wrong := approval_fault(found.requested_by, by)):
            raise Refused(wrong)
        if approve:
            await _approve(c, found, paid, by)
        else:
            await move(c, found, "reject")


async def withdraw(refund: UUID) -> None:
    """Take an approved refund back before it leaves. Raises Refused once it has."""
    async with transaction() as c:
        await both(c, refund)
        await withdraw_in(c, refund)


async def call_off(c: Connection, capture: UUID) -> None:
    """Take back every refund of a capture; in the caller's transaction. Raises Refused if one has left."""
    await _withdraw_each(c, capture, REFUND_HELD)


async def hold_back(c: Connection, capture: UUID) -> None:
    """Take back every refund of a capture that has not left; in the caller's transaction, under the capture's lock."""
    await _withdraw_each(c, capture, REFUND_OPEN)


async def refund_by_id(refund: UUID) -> Refund:
    """A refund. Raises NotFound."""
    async with connection() as c:
        return _read(await c.fetchrow(_REFUND + "WHERE id = $1", refund))


async def refunds_of(capture: UUID) -> list[Refund]:
    """The refunds of a capture, the oldest first."""
    async with connection() as c:
        return [_read(row) for row in await c.fetch(_REFUND + "WHERE capture = $1 ORDER BY id", capture)]


async def withdraw_in(c: Connection, refund: UUID) -> str:
    """Take a refund back, in the caller's transaction, under its capture's lock; its state now. Raises Refused."""
    found = await locked(c, refund)
    if found.state == "requested":
        return await move(c, found, "reject")
    state = await move(c, found, "cancel")
    paid = await c.fetchrow(CAPTURE, found.capture)
    await granting.ungrant(found.id, found.cents, paid, found.credit)
    return state


async def _left(c: Connection, paid: asyncpg.Record, credit: UUID | None) -> Cents:
    """What can be paid out of a credit, or given back of the sale; nothing of money that the payer's bank took back."""
    if credit is None:
        # What of it is a credit is used or given back, not both.
        await balances.lock_surplus(c, [paid["intent"]])
        return await refundable.left(paid["id"])
    return 0 if await refundable.was_taken_back(c, paid["id"]) else await balances.left_of(c, credit)


async def way_of_credit(c: Connection, paid: asyncpg.Record, cents: Cents, method: str | None = None) -> str:
    """By which way so much of a credit is paid out that is of some money; `method` where that can work."""
    return credit_way(method or await _way_of(c, paid), await refundable.at_provider(c, paid["id"]), cents)


async def _way_of(c: Connection, paid: asyncpg.Record) -> str:
    return await way_of_account(c, paid["id"], await account(paid["account"]))


async def way_of_account(c: Connection, capture: UUID, at: Account) -> str:
    """How a capture is given back: the account's own way, but for what came in as no payment there."""
    if at.gives_back == "provider" and await c.fetchval(_NO_PAYMENT, capture):
        return "mandate"
    return at.gives_back


async def both(c: Connection, refund: UUID) -> tuple[asyncpg.Record, Refund]:
    """A refund and what it gives back, nobody else's until the transaction ends. Raises NotFound."""
    found = await refund_by_id(refund)
    return await locked_capture(c, found.capture), await locked(c, refund)


async def lock(c: Connection, capture: UUID) -> asyncpg.Record:
    """Money that came in, whose basket nobody else gives back meanwhile: its parts count together. Raises NotFound."""
    await c.execute(_LOCK_BASKET, capture)
    return await locked_capture(c, capture)


async def locked_capture(c: Connection, capture: UUID) -> asyncpg.Record:
    """Money that came in, nobody else's until the transaction ends. Raises NotFound."""
    paid = await c.fetchrow(CAPTURE, capture)
    if paid is None:
        raise NotFound
    # A capture is never written again and cannot be locked: its intent is, or its till where it has none.
    if paid["intent"]:
        await intents.locked(c, paid["intent"])
    else:
        await c.execute("SELECT FROM parvis.till WHERE id = $1 FOR NO KEY UPDATE", paid["till"])
    return await c.fetchrow(CAPTURE, capture)


async def _withdraw_each(c: Connection, capture: UUID, states: frozenset[str]) -> None:
    sql = "SELECT id FROM parvis.refund WHERE capture = $1 AND state = ANY ($2) ORDER BY id"
    for row in await c.fetch(sql, capture, list(states)):
        await withdraw_in(c, row["id"])


async def add(
    c: Connection,
    paid: asyncpg.Record,
    cents: Cents,
    method: str,
    reason: str,
    by: UUID | None,
    credit: UUID | None = None,
    cancellation: UUID | None = None,
) -> UUID:
    """Note a refund as asked for, in the caller's transaction; its id. With a `credit`, that is paid out; with a
    `cancellation`, the till's terms give it."""
    refund, now = new_id(), clock.now()
    await c.execute(_ADD, refund, paid["id"], paid["till"], cents, method, reason, by, now, credit, cancellation)
    return refund


async def _approve(c: Connection, found: Refund, paid: asyncpg.Record, by: UUID | None) -> None:
    await move(c, found, "approve")
    await c.execute(
        "UPDATE parvis.refund SET decided_by = $2, decided_at = $3 WHERE id = $1", found.id, by, clock.now()
    )
    await granting.grant(found.id, found.cents, paid, found.credit)


async def locked(c: Connection, refund: UUID) -> Refund:
    """A refund, nobody else's until the transaction ends. Raises NotFound."""
    return _read(await c.fetchrow(_REFUND + "WHERE id = $1 FOR NO KEY UPDATE", refund))


async def move(c: Connection, found: Refund, how: str) -> str:
    """Let a locked refund take a step; its state now. Raises Refused."""
    state = after(REFUND, found.state, how)
    await c.execute("UPDATE parvis.refund SET state = $2, changed = $3 WHERE id = $1", found.id, state, clock.now())
    return state


def _read(row: asyncpg.Record | None) -> Refund:
    if row is None:
        raise NotFound
    return Refund(**row)
