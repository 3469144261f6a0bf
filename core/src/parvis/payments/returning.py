"""Money that came in and that the payer's bank took back: what of it was to be given back stays, and it is owed again.

The sale stays in the books until the amount is paid again or no longer asked for (`books.sales`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import asyncpg

from parvis import clock
from parvis.db import Connection, connection, new_id, transaction
from parvis.errors import Invalid, NotFound, Refusal, Refused, Text
from parvis.events import PaymentTakenBack
from parvis.outbox import record
from parvis.payments import granting, intents, refundable, refunds, set_offs
from parvis.payments.accounts import BY_OURSELVES
from parvis.payments.accounts import account as account_of
from parvis.payments.books import ledger, postings
from parvis.payments.books.postings import Lines
from parvis.payments.money import Cents
from parvis.payments.rules import return_fault

# Who is told that it is owed again has so long to pay.
AGAIN = timedelta(days=15)
_LONGEST = 200
# A provider that tells of disputes says itself what becomes of them.
_DISPUTED = "SELECT EXISTS (SELECT FROM parvis.dispute d WHERE d.capture = $1 AND d.state <> 'won')"
_KEEP = (
    "INSERT INTO parvis.capture_return (id, capture, at, day, reason, person) VALUES ($1, $2, $3, $4, $5, $6) "
    "ON CONFLICT DO NOTHING RETURNING id"
)
_STANDING = "FROM parvis.capture_return WHERE capture = $1 AND stands"


@dataclass(frozen=True, slots=True)
class Told:
    """On which day of the territory a bank took money back, and why; `by` is whose account says so, None for the
    bank's own word. `mistake`: why it was none, where its money came in again."""

    day: date
    reason: str = ""
    by: UUID | None = None
    mistake: str = ""


async def take_back(account: str, ref: str, until: datetime) -> bool:
    """Enter that money was taken back, once; whether that was new. What it was for can be paid again until then.

    Raises NotFound.
    """
    async with transaction() as c:
        sql = "SELECT id FROM parvis.capture WHERE account = $1 AND provider_ref = $2"
        capture = await c.fetchval(sql, account, ref)
        if capture is None:
            raise NotFound
        out_of = (await account_of(account)).collects_into
        return await enter(c, capture, out_of, Told(ledger.today()), until)


async def bank_took(capture: UUID, told: Told) -> None:
    """Enter what somebody read on the bank's papers: a payment was taken back; its payer is told.

    Raises Invalid for a day or a reason that is none, Refused for what is there already, NotFound.
    """
    check_why(told.reason)
    async with transaction() as c:
        paid = await refunds.locked_capture(c, capture)
        whose = await account_of(paid["account"])
        if wrong := return_fault(whose.provider not in BY_OURSELVES, paid["day"], told.day, ledger.today()):
            raise Invalid(wrong)
        disputed = await c.fetchval(_DISPUTED, capture)
        if disputed or not await enter(c, capture, whose.collects_into, told):
            raise Refused(Refusal("taken-back", Text("Somebody has entered this already.")))
        await record(PaymentTakenBack(emitter=paid["emitter"], capture=capture, cents=paid["cents"]))


async def enter(c: Connection, capture: UUID, out_of: str, told: Told, until: datetime | None = None) -> bool:
    """Take money out of one of the till's accounts, in the caller's transaction; whether that was new."""
    paid = await refunds.locked_capture(c, capture)
    entered = await whole(c, paid, told, until)
    if entered is None:
        return False
    await ledger.post(paid["till"], "return", entered, await lines(c, paid, out_of))
    return True


async def whole(c: Connection, paid: asyncpg.Record, told: Told, until: datetime | None = None) -> UUID | None:
    """Note that nothing of a locked capture is here any more, once: the note's id, None if it was noted.

    In the caller's transaction, which enters what of it the books do not have yet.
    """
    noted = await c.fetchval(_KEEP, new_id(), paid["id"], clock.now(), told.day, told.reason, told.by)
    if noted is None:
        return None
    await refunds.hold_back(c, paid["id"])
    await set_offs.free(c, paid["till"], paid["id"])
    if paid["intent"]:
        await _reopen(c, paid, until or clock.now() + AGAIN)
    return UUID(str(noted))


async def above(c: Connection, paid: asyncpg.Record) -> Cents:
    """What of a payment was above its price and is the payer's credit; in the caller's transaction."""
    price, left = (await intents.intent(paid["intent"])).cents, await refundable.gone(c, paid["id"])
    came: Cents = paid["cents"]
    return max(0, came - price) - max(0, left - price)


def check_why(why: str, field: str = "why") -> None:
    """Raises Invalid for a reason that is none."""
    if not 1 <= len(why) <= _LONGEST:
        raise Invalid(Refusal("reason", Text("Say why, in at most 200 signs."), field))


async def by_hand(c: Connection, capture: UUID) -> bool:
    """Whether somebody read on the bank's papers that a payment was taken back; in the caller's transaction."""
    return bool(await c.fetchval(f"SELECT EXISTS (SELECT {_STANDING} AND person IS NOT NULL)", capture))


async def returned(capture: UUID) -> Told | None:
    """What is known of a payment that the bank took back, None if it did not."""
    async with connection() as c:
        row = await c.fetchrow(f"SELECT day, reason, person, coalesce(undone_why, '') {_STANDING}", capture)
    return Told(*row) if row else None


async def _reopen(c: Connection, paid: asyncpg.Record, until: datetime) -> None:
    """Ask again for what was paid so; what was to be given back so is over."""
    found = await intents.locked(c, paid["intent"])
    if paid["sold"] and found.state == "paid":
        await intents.move(c, found, "return")
        await intents.prolong(c, found.id, until)
    elif paid["taken_as"] == "vain" and found.state == "to_refund":
        await intents.move(c, found, "return")


async def lines(c: Connection, paid: asyncpg.Record, out_of: str) -> Lines:
    """What the books say of a capture that was taken back, as far as its refunds have left by now."""
    if paid["sold"]:
        return postings.returned(out_of, paid["cents"], await above(c, paid))
    return postings.returned_in_vain(
        out_of, paid["cents"], await refundable.gone(c, paid["id"]), granting.held_in(paid)
    )
