"""Who is written to about money that went: the payer, once it is given back, or taken by their bank, or was not after
all. Each once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from parvis import clock, settings
from parvis.contract.values import Channel, MessageTemplate, Reaction
from parvis.db import connection, transaction
from parvis.errors import Text
from parvis.events import PaymentStands, PaymentTakenBack, RefundDone
from parvis.messages import actions as messages
from parvis.office.tills.notices import LINK_LASTS, USE_BY, contact_of
from parvis.payments import dues, intents, payers, refunds
from parvis.payments.dues import Due
from parvis.payments.money import Cents
from parvis.territory import queries as territory

LEFT, TAKEN, STANDS = "office/refunded", "office/taken-back", "office/stands"
# By which way it comes, and how long banks take with it.
_HOW = {
    "provider": Text("It comes back to the card you paid with. Your bank shows it within 10 days."),
    "mandate": Text("The public accountant sends it to your bank account. This may take 30 days."),
    "advances": Text("The office sends it to your bank account. This may take 10 days."),
    "cash": Text("It was given to you in cash."),
    "credit": Text("The office keeps it for you as a credit."),
}
_SAMPLE: dict[str, Any] = {
    "emitter": "Ville de Mulhouse",
    "labels": "Cantine, novembre",
    "cents": 4250,
    "how": _HOW["provider"],
    "last": datetime(2027, 1, 31, 22, 59, tzinfo=UTC),
    "payable": True,
    "part": False,
    "show": "https://portal.example/my/payments/1?key=2",
}
_ENTERED = (
    "SELECT v.id, c.cents FROM parvis.capture c LEFT JOIN parvis.capture_return v ON v.capture = c.id WHERE c.id = $1 "
)
_LATEST = " ORDER BY v.at DESC LIMIT 1"
_UNDONE = _ENTERED + "AND v.undone_at IS NOT NULL" + _LATEST
_CHANNELS = frozenset({Channel.MAIL, Channel.SMS})
TEMPLATES = (
    MessageTemplate(key=LEFT, name=Text("Money given back"), channels=_CHANNELS, sample=_SAMPLE),
    MessageTemplate(key=TAKEN, name=Text("Payment taken back by the bank"), channels=_CHANNELS, sample=_SAMPLE),
    MessageTemplate(key=STANDS, name=Text("Payment not taken back after all"), channels=_CHANNELS, sample=_SAMPLE),
)


async def tell_of_refund(event: RefundDone) -> None:
    """Queue that money has left, by which way, and when it arrives; what was reversed at the counter is known there."""
    refund = await refunds.refund_by_id(event.refund)
    if refund.method in _HOW:
        await _tell(LEFT, refund.id, refund.capture, refund.cents, how=_HOW[refund.method])


async def tell_of_taking_back(event: PaymentTakenBack) -> None:
    """Queue that the payer's bank took a payment or a part of it back, and until when it can be paid again."""
    async with connection() as c:
        row = await c.fetchrow(_ENTERED + _LATEST, event.capture)
    cents = event.cents or row["cents"]
    # Entered again after it was undone, it is told again.
    source = event.dispute or row["id"] or event.capture
    await _tell(TAKEN, source, event.capture, cents, part=cents < row["cents"])


async def tell_that_it_stands(event: PaymentStands) -> None:
    """Queue that the payer's bank did not take a payment back: what was written was a mistake."""
    async with connection() as c:
        row = await c.fetchrow(_UNDONE, event.capture)
    await _tell(STANDS, row["id"], event.capture, row["cents"])


async def _tell(template: str, source: UUID, capture: UUID, cents: Cents, **more: Any) -> None:
    due = await _due(capture)
    payer = await payers.payer(due.basket) if due else None
    to = await contact_of(payer) if payer else None
    if due is None or payer is None or to is None:
        return
    key = payers.link_key(due.basket, clock.now() + LINK_LASTS)
    context = {
        "emitter": (await territory.emitter(due.emitter)).name,
        "labels": ", ".join(due.labels),
        "cents": cents,
        "how": "",
        "last": due.last,
        "payable": due.payable,
        "show": f"{settings.current().base_url}/my/payments/{due.basket}?key={key}",
        **more,
    }
    async with transaction():
        if await payers.told_first(source, template):
            until = clock.now() + USE_BY
            await messages.send(template, to.kind, to.address, payer.language, due.emitter, context, until)


async def _due(capture: UUID) -> Due | None:
    """What a payment was for, None for money of nobody known."""
    async with connection() as c:
        intent = await c.fetchval("SELECT intent FROM parvis.capture WHERE id = $1", capture)
    if intent is None:
        return None
    asked = await dues.dues_in((await intents.intent(intent)).basket)
    return next((due for due in asked if due.intent == intent), None)


REACTIONS = (
    Reaction(key="office.refund-done", event=RefundDone, handle=tell_of_refund),
    Reaction(key="office.payment-stands", event=PaymentStands, handle=tell_that_it_stands),
    Reaction(key="office.payment-taken-back", event=PaymentTakenBack, handle=tell_of_taking_back),
)
