"""Who is written to about money: the payer of a bill, of money that came in, and of money that goes back. Each once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from parvis import clock, settings
from parvis.contract.values import Channel, MessageTemplate, Reaction
from parvis.db import transaction
from parvis.errors import Text
from parvis.events import BillWritten, PaymentSettled
from parvis.identity import queries as people
from parvis.identity.contacts import Contact
from parvis.messages import actions as messages
from parvis.payments import dues, intents, payers, refunds
from parvis.payments.dues import Due
from parvis.payments.invoices import bills, issuing, reminders
from parvis.payments.invoices.reminders import Unpaid
from parvis.payments.payers import Payer
from parvis.territory import queries as territory

BILL, PAID, REMINDER = "office/bill", "office/paid", "office/reminder"
USE_BY = timedelta(days=7)
LINK_LASTS = timedelta(days=120)
_SAMPLE: dict[str, Any] = {
    "emitter": "Ville de Mulhouse",
    "labels": "Cantine, novembre",
    "cents": 4250,
    "last": datetime(2027, 1, 31, 22, 59, tzinfo=UTC),
    "credit": 1200,
    "parts": [],
    "vain": False,
    "late": False,
    "phone": "03 89 00 00 00",
    "show": "https://portal.example/my/payments/1?key=2",
}
TEMPLATES = (
    MessageTemplate(
        key=BILL, name=Text("Bill to pay"), channels=frozenset({Channel.MAIL, Channel.SMS}), sample=_SAMPLE
    ),
    MessageTemplate(
        key=PAID, name=Text("Payment received"), channels=frozenset({Channel.MAIL, Channel.SMS}), sample=_SAMPLE
    ),
    MessageTemplate(
        key=REMINDER, name=Text("Reminder to pay"), channels=frozenset({Channel.MAIL, Channel.SMS}), sample=_SAMPLE
    ),
)


async def tell_of_bill(event: BillWritten) -> None:
    """Queue the bill with its link, its parts in one; what was cancelled meanwhile is not told."""
    found = [due for due in await dues.dues_in(event.basket) if due.payable]
    for till in dict.fromkeys(due.till for due in found):
        await _tell_whole(event.basket, [due for due in found if due.till == till])


async def tell_of_payment(event: PaymentSettled) -> None:
    """Queue that a bill's money came in, or that it goes back; what a service sells, it tells of itself."""
    found = await intents.intent(event.intent)
    if found.purpose != bills.PURPOSE or (event.capture and await _is_reversed(event.capture)):
        return
    for due in await dues.dues_in(found.basket):
        if due.intent == event.intent:
            await _tell(
                PAID, found.basket, due, event.capture or due.intent, vain=event.taken_as != "paid", cents=event.cents
            )


async def remind(unpaid: Unpaid) -> bool:
    """Queue a reminder, if it is still to be paid; whether it was."""
    asked = False
    for due in await dues.dues_in(unpaid.basket):
        if due.intent == unpaid.intent and due.state in {"created", "pending", "expired"}:
            phone = (await territory.emitter(due.emitter)).phone
            late = unpaid.stage != "before"
            await _tell(
                REMINDER, unpaid.basket, due, due.intent, reminders.notice(unpaid.stage), late=late, phone=phone
            )
            asked = True
    return asked


async def _tell_whole(basket: UUID, asked: list[Due]) -> None:
    """Tell of a till's amount, and of its parts where there are some: what for is what the invoice says."""
    more: dict[str, Any] = {}
    if len(asked) > 1:
        lines = [
            line.label
            for one in await issuing.invoices_of([basket])
            if one.till == asked[0].till and one.sort == "invoice"
            for line in one.lines
        ]
        parts = [{"cents": due.cents, "last": due.last} for due in asked]
        more = {"labels": ", ".join(lines), "cents": sum(due.cents for due in asked), "parts": parts}
        more["credit"] = sum(due.credit for due in asked)
    await _tell(BILL, basket, asked[0], asked[0].intent, **more)


async def _tell(template: str, basket: UUID, due: Due, source: UUID, as_what: str | None = None, **more: Any) -> None:
    """Queue it once for its source, under its template's name or another."""
    payer = await payers.payer(basket)
    to = await contact_of(payer)
    if to is None:
        return
    key = payers.link_key(basket, clock.now() + LINK_LASTS)
    context = {
        "emitter": (await territory.emitter(due.emitter)).name,
        "labels": ", ".join(due.labels),
        "cents": due.cents,
        "last": due.last,
        "credit": due.credit,
        "parts": [],
        "vain": False,
        "show": f"{settings.current().base_url}/my/payments/{basket}?key={key}",
        **more,
    }
    async with transaction():
        if await payers.told_first(source, as_what or template):
            use_by = clock.now() + USE_BY
            await messages.send(template, to.kind, to.address, payer.language, due.emitter, context, use_by)


async def _is_reversed(capture: UUID) -> bool:
    """Whether it was taken at the counter by mistake, and taken back before anybody was told."""
    return any(refund.method == "counter" for refund in await refunds.refunds_of(capture))


async def contact_of(payer: Payer) -> Contact | None:
    """Where a payer is written to."""
    if payer.contact:
        return payer.contact
    mail = (await people.person(payer.person)).email if payer.person else ""
    return Contact(Channel.MAIL, mail) if mail else None


REACTIONS = (
    Reaction(key="office.bill-written", event=BillWritten, handle=tell_of_bill),
    Reaction(key="office.payment-settled", event=PaymentSettled, handle=tell_of_payment),
)
