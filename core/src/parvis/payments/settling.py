"""Taking money that came in: once, in one transaction, whatever became of what it was for.

The place is given if it is still free; if not, the money is to be given back at once. Money is never refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from parvis import clock, settings
from parvis.db import Connection, new_id, transaction
from parvis.errors import Invalid, Refusal, Refused, Text
from parvis.events import PaymentSettled
from parvis.outbox import record
from parvis.payments import disputes, intents, refunds, set_offs
from parvis.payments.accounts import Account, account
from parvis.payments.books import ledger, postings, receipts, sales
from parvis.payments.credits import balances
from parvis.payments.intents import Intent
from parvis.payments.money import Cents
from parvis.payments.purposes import taken
from parvis.payments.rules import ATTEMPT, Outcome, after, checked_cents, outcome

_SEEN = "SELECT id, taken_as FROM parvis.capture WHERE account = $1 AND provider_ref = $2"
_ATTEMPT = "SELECT id, intent, state FROM parvis.payment_attempt WHERE account = $1 AND (provider_ref = $2 OR id = $3)"
_KEEP = (
    "INSERT INTO parvis.capture (id, account, provider_ref, till, intent, cents, taken_as, at, day) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING RETURNING id"
)


@dataclass(frozen=True, slots=True)
class Money:
    """Money that a provider says it has: at which account, under which reference, our attempt if it repeats it.

    `parts` says in which of the till's own accounts it lies, where that is not its account's.
    """

    account: str
    ref: str
    cents: Cents
    at: datetime
    attempt: UUID | None = None
    parts: postings.Lines = ()


@dataclass(frozen=True, slots=True)
class Settled:
    """How money was taken; `first` only for the one call that took it."""

    capture: UUID
    taken_as: Outcome
    first: bool


async def settle(money: Money) -> Settled:
    """Take money: capture, place, books, receipt and fact, all or nothing; told again, nothing is done.

    Raises NotFound for an account nobody has, Invalid for an amount that is none.
    """
    if not checked_cents(money.cents):
        raise Invalid(Refusal("amount-zero", Text("A payment of nothing is none."), "cents"))
    at = await account(money.account)
    async with transaction() as c:
        attempt = await c.fetchrow(_ATTEMPT, money.account, money.ref, money.attempt)
        found = await intents.locked(c, attempt["intent"]) if attempt else None
        # Under the intent's lock: whoever settled it has committed by now.
        seen = await c.fetchrow(_SEEN, money.account, money.ref)
        if seen is not None:
            return Settled(seen["id"], seen["taken_as"], first=False)
        how = await _outcome(found, at, money)
        capture = await _keep(c, at, money, found, how)
        if capture is None:
            return await _seen(c, money)
        if attempt:
            await _pay(c, attempt, money.ref)
        await _take(c, at, money, found, how, capture)
        if attempt:
            await disputes.attach(c, capture, money.account, attempt["id"])
    return Settled(capture, how, first=True)


async def settle_free(intent: UUID) -> None:
    """Give what costs nothing, no provider asked; twice is once.

    Raises Refused if it costs something, is no longer asked for, or its place is gone.
    """
    async with transaction() as c:
        found = await intents.locked(c, intent)
        if found.cents:
            raise Refused(Refusal("amount-due", Text("There is something to pay."), "cents"))
        if found.state == "paid":
            return
        if not await taken(found):
            raise Refused(Refusal("place-gone", Text("What you chose is gone. Please choose again.")))
        await intents.move(c, found, "paid")
        # Nothing came in, but what it is for may have been paid with a credit.
        await ledger.post(found.till, "charge", intent, postings.charged(await intents.sales_of(intent)))
        await record(PaymentSettled(emitter=found.emitter, intent=intent, taken_as="paid", cents=0))


async def take_up(capture: UUID) -> None:
    """Give a place that an agent found for money that was to be given back. Raises Refused when that has left."""
    async with transaction() as c:
        paid = await refunds.locked_capture(c, capture)
        found = await intents.locked(c, paid["intent"])
        await intents.move(c, found, "place")
        # Before the books, as everybody locks credits who needs both.
        await balances.check_used(c, found.id)
        await refunds.call_off(c, capture)
        await set_offs.free(c, paid["till"], capture)
        lines = await _taken_up(found, paid["cents"])
        if lines and await ledger.post(found.till, "take-up", capture, lines) is None:
            raise Refused(Refusal("seen-to", Text("Somebody has seen to this already.")))
        await balances.give(c, capture, paid["cents"] - found.cents)


async def _taken_up(found: Intent, cents: Cents) -> postings.Lines:
    if await sales.stands(found.id):
        return postings.kept(cents, found.cents)
    sold = await intents.sales_of(found.id)
    # But for what was cancelled of it before, which a credit had paid.
    again = postings.restored(sold, 0, await sales.restored(found.id))
    return postings.taken_up(sold, cents) + again


async def _outcome(found: Intent | None, at: Account, money: Money) -> Outcome:
    if found is None or found.till != at.till:
        return "unknown"
    how = outcome(found.state, found.cents, money.cents)
    return "vain" if how == "paid" and not await taken(found) else how


async def _keep(c: Connection, at: Account, money: Money, found: Intent | None, how: Outcome) -> UUID | None:
    intent = found.id if found and how != "unknown" else None
    day = money.at.astimezone(settings.current().zone).date()
    where = (money.account, money.ref, at.till, intent)
    capture: UUID | None = await c.fetchval(_KEEP, new_id(), *where, money.cents, how, clock.now(), day)
    return capture


async def _seen(c: Connection, money: Money) -> Settled:
    row = await c.fetchrow(_SEEN, money.account, money.ref)
    return Settled(row["id"], row["taken_as"], first=False)


async def _pay(c: Connection, attempt: asyncpg.Record, ref: str) -> None:
    # Whatever state it is in by now, money moves it to one and the same.
    sql = (
        "UPDATE parvis.payment_attempt SET state = $2, provider_ref = coalesce(provider_ref, $3), last_result = 'paid' "
        "WHERE id = $1"
    )
    await c.execute(sql, attempt["id"], after(ATTEMPT, attempt["state"], "pay"), ref)


async def _take(c: Connection, at: Account, money: Money, found: Intent | None, how: Outcome, capture: UUID) -> None:
    into = at.collects_into
    if found is None or how == "unknown":
        await ledger.post(at.till, "capture", capture, postings.captured_unknown(into, money.cents))
        return
    await intents.move(c, found, how)
    if how == "paid":
        await sales.enter(at.till, found.id, capture, postings.charged(await intents.sales_of(found.id)))
        lines = postings.captured(into, money.cents, found.cents)
        await ledger.post(at.till, "capture", capture, postings.lying(lines, into, money.parts))
        await balances.give(c, capture, money.cents - found.cents)
    else:
        if how == "vain" and found.state != "passed_on":
            # Sold before, whose money a bank took back: nobody asks for it any more.
            await sales.drop(at.till, found.id, await intents.sales_of(found.id))
        await ledger.post(at.till, "capture", capture, postings.captured_in_vain(into, money.cents))
        await refunds.give_back(c, capture, at, money.cents, how)
    await receipts.give(at.till, capture, money.cents)
    await record(
        PaymentSettled(emitter=found.emitter, intent=found.id, capture=capture, taken_as=how, cents=money.cents)
    )
