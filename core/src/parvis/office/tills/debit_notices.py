"""Who is written to about debits: the payer, before one is collected and after one failed. Each once."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from parvis import clock, settings
from parvis.contract.values import Channel, MessageTemplate, Reaction
from parvis.db import transaction
from parvis.errors import Text
from parvis.events import DebitAnnounced, DebitFailed
from parvis.messages import actions as messages
from parvis.office.tills.notices import LINK_LASTS, USE_BY, contact_of
from parvis.payments import dues, intents, payers
from parvis.payments.debits import queries, rules
from parvis.payments.debits.queries import Batch, Line
from parvis.payments.dues import Due
from parvis.territory import queries as territory

COMING, FAILED = "office/debit", "office/debit-failed"
_SAMPLE: dict[str, Any] = {
    "emitter": "Ville de Mulhouse",
    "labels": "Cantine, novembre",
    "cents": 4250,
    "day": date(2027, 1, 14),
    "until": datetime(2027, 1, 31, 22, 59, tzinfo=UTC),
    "last": "0189",
    "creditor": "Régie de la restauration scolaire",
    "identifier": "FR72ZZZ123456",
    "mandate": "RUM-9F2C11AB-000007",
    "reason": Text("there was not enough money"),
    "show": "https://portal.example/my/payments/1?key=2",
}
_CHANNELS = frozenset({Channel.MAIL, Channel.SMS})
TEMPLATES = (
    MessageTemplate(key=COMING, name=Text("Direct debit announced"), channels=_CHANNELS, sample=_SAMPLE),
    MessageTemplate(key=FAILED, name=Text("Direct debit that failed"), channels=_CHANNELS, sample=_SAMPLE),
)


async def tell_before(event: DebitAnnounced) -> None:
    """Queue that a debit is coming, by which mandate."""
    batch, line = await queries.line_by_id(event.debit)
    if line.state == "listed":
        await _tell(COMING, batch, line)


async def tell_of_failure(event: DebitFailed) -> None:
    """Queue that a debit did not work, and until when to pay otherwise."""
    batch, line = await queries.line_by_id(event.debit)
    await _tell(FAILED, batch, line)


async def _tell(template: str, batch: Batch, line: Line) -> None:
    found = await intents.intent(line.intent)
    payer = await payers.payer(found.basket)
    due = next((one for one in await dues.dues_in(found.basket) if one.intent == line.intent), None)
    to = await contact_of(payer)
    # What is not asked for any more, but was with the bank already, is given back: that is another message.
    if to is None or due is None or not due.payable:
        return
    context = _said(batch, line, due) | {"emitter": (await territory.emitter(due.emitter)).name}
    async with transaction():
        if await payers.told_first(line.id, template):
            until = clock.now() + USE_BY
            await messages.send(template, to.kind, to.address, payer.language, due.emitter, context, until)


def _said(batch: Batch, line: Line, due: Due) -> dict[str, Any]:
    key = payers.link_key(due.basket, clock.now() + LINK_LASTS)
    return {
        "labels": ", ".join(due.labels),
        "cents": line.cents,
        "day": batch.day,
        "until": due.last,
        "last": line.last,
        "creditor": batch.creditor.name,
        "identifier": batch.creditor.identifier,
        "mandate": line.rum,
        "reason": rules.reason_of(line.reason),
        "show": f"{settings.current().base_url}/my/payments/{due.basket}?key={key}",
    }


REACTIONS = (
    Reaction(key="office.debit-announced", event=DebitAnnounced, handle=tell_before),
    Reaction(key="office.debit-failed", event=DebitFailed, handle=tell_of_failure),
)
