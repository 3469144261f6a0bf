"""Bills: an agent asks somebody for an amount, and takes it back as long as it is not paid. Each is an invoice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from uuid import UUID

from parvis import clock, settings
from parvis.db import Connection, transaction
from parvis.errors import Invalid, Refusal, Refused, Text
from parvis.events import BillWritten
from parvis.identity.contacts import Contact
from parvis.outbox import record
from parvis.payments import intents, payers, settling
from parvis.payments.books import ledger, sales
from parvis.payments.credits import using
from parvis.payments.intents import Charge, Intent, Part
from parvis.payments.invoices import issuing, sellers, splitting
from parvis.payments.invoices.issuing import Sold
from parvis.payments.money import Cents
from parvis.payments.wallclock import bounds

PURPOSE = "bill"
_LONGEST = timedelta(days=366)
_LEFT = frozenset({"created", "pending", "expired"})


@dataclass(frozen=True, slots=True, kw_only=True)
class BillTo:
    """Whom a bill goes to: a contact, in which language, and the account and the request it is about, if known."""

    contact: Contact
    language: str
    person: UUID | None = None
    # The name and postal address that the invoice is made out to, a line each.
    buyer: str = ""
    dossier: UUID | None = None


async def write(
    charges: Sequence[Charge],
    to: BillTo,
    last_day: date,
    by: UUID,
    count: int = 1,
    *,
    use_credit: bool = True,
    served: str = "",
) -> tuple[Intent, ...]:
    """Ask for amounts until the end of a day of the territory; one bill for each till. Raises Invalid, Refused.

    An amount of zero is no bill. `by` is the agent's account. In `count` parts, `last_day` is the first one's, and the
    others are due a month apart. What the payer has in credit at a till is used there, unless `use_credit` says no;
    what it covers is paid at once. `served` is the day or the time of what is sold, if it is said.
    """
    if fault := bill_fault([charge.cents for charge in charges], last_day, clock.now()):
        raise Invalid(fault)
    await sellers.check(charges)
    await splitting.check(charges, count)
    days = splitting.monthly(last_day, count)
    async with transaction() as c:
        parts = _parts(charges, days)
        if use_credit:
            parts = await using.deducted(c, parts, to.contact, to.person)
        written = await intents.demand_parts(parts, purpose=PURPOSE, subject=to.dossier, person=to.person)
        await payers.address(c, written[0].basket, to.contact, to.language, by, to.buyer)
        for covered in [intent for intent in written if not intent.cents]:
            await settling.settle_free(covered.id)
        for till, asked in groupby(written, lambda intent: intent.till):
            await issuing.give(c, tuple(asked), _sold(charges, till), days, served)
        await record(BillWritten(emitter=written[0].emitter, basket=written[0].basket))
        return await intents.of_basket(written[0].basket)


async def take_back(intent: UUID) -> None:
    """No longer ask for a bill, and give the credit note that says so; a credit that it used is there again.

    Raises Refused once money was paid for it, or the credit that paid for it came back otherwise.
    """
    async with transaction() as c:
        await take_back_each(c, [intent])


async def left_of_plan(intent: UUID) -> tuple[Intent, ...]:
    """The parts of an amount's plan that are not paid and still asked for, or late. Raises NotFound."""
    found = await intents.intent(intent)
    parts = await intents.of_basket(found.basket)
    return tuple(part for part in parts if part.till == found.till and part.state in _LEFT)


async def take_back_plan(intent: UUID) -> tuple[Intent, ...]:
    """No longer ask for any part of an amount's plan that is not paid, each with its credit note; which these were.

    Raises Refused if none is left.
    """
    async with transaction() as c:
        await intents.lock(c, [part.id for part in await left_of_plan(intent)])
        # What was paid while this one waited for it stays.
        left = await left_of_plan(intent)
        if not left:
            raise Refused(Refusal("plan-over", Text("Every part of it is paid or taken back.")))
        await take_back_each(c, [part.id for part in left])
    return left


async def take_back_each(c: Connection, these: Sequence[UUID]) -> None:
    """As `take_back`, of some bills in the caller's transaction, which has locked them if they are several."""
    # The books first and then the numbers of credit notes, as everybody takes them who needs both.
    for taken in [await _no_longer(c, intent) for intent in these]:
        await issuing.correct(c, taken)


def bill_fault(cents: Sequence[Cents], last_day: date, now: datetime) -> Refusal | None:
    """Why nobody can be billed so."""
    if min(cents, default=0) < 1:
        return Refusal("bill-nothing", Text("Write an amount of at least a cent."), "cents")
    today = now.astimezone(settings.current().zone).date()
    if not today <= last_day <= today + _LONGEST:
        return Refusal("bill-day", Text("Write a day from today on, within a year."), "last_day")
    return None


async def _no_longer(c: Connection, intent: UUID) -> Intent:
    """No longer ask for a bill, in the caller's transaction; as it was."""
    found = await intents.locked(c, intent)
    if found.state == "paid" and not found.cents:
        if await sales.restored(intent):
            raise Refused(Refusal("restored", Text("It was cancelled: its credit is the payer’s again already.")))
        await intents.move(c, found, "undo")
        await ledger.reverse(found.till, "charge", intent)
    await intents.cancel(intent)
    return found


def _parts(charges: Sequence[Charge], days: Sequence[date]) -> list[Part]:
    """What is asked for by the end of each day; of each till its own part."""
    tills = sorted({charge.till for charge in charges})
    cut = [splitting.split([charge for charge in charges if charge.till == till], len(days)) for till in tills]
    zone = settings.current().zone
    return [
        Part([charge for of_till in cut for charge in of_till[n]], bounds(day, zone)[1]) for n, day in enumerate(days)
    ]


def _sold(charges: Sequence[Charge], till: UUID) -> tuple[Sold, ...]:
    own = [charge for charge in charges if charge.till == till]
    return tuple(Sold(charge.label, charge.cents, charge.vat_bp, charge.quantity) for charge in own)
