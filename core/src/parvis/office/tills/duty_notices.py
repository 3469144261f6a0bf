"""Those who keep a till are written to when its money has to be handed over; once for each reason and its
day, and once more when that is over."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from parvis import clock, settings
from parvis.contract.values import Channel, MessageTemplate, Role
from parvis.db import transaction
from parvis.errors import Text
from parvis.identity import members
from parvis.messages import actions as messages
from parvis.office.tills.wording import DUTIES
from parvis.payments import payers, rounds
from parvis.payments.books import ledger, limits
from parvis.payments.books.duties import Duty
from parvis.payments.books.ledger import Till
from parvis.territory import queries as territory

DUTY = "office/till-duty"
_USE_BY = timedelta(days=3)
_SAMPLE: dict[str, Any] = {
    "till": "Régie des piscines",
    "why": DUTIES["month"],
    "cents": 64250,
    "by": date(2027, 1, 31),
    "late": False,
    "url": "https://portal.example/office/mulhouse/tills/1/handing-over",
}
TEMPLATES = (
    MessageTemplate(
        key=DUTY, name=Text("A till has money to hand over"), channels=frozenset({Channel.MAIL}), sample=_SAMPLE
    ),
)


async def tell() -> int:
    """Queue what is due today; how many mails. A run that is repeated queues none twice."""
    return await rounds.one_by_one("duty", await limits.every_till(), _tell_of)


async def _tell_of(till: Till) -> int:
    return sum([await _tell(till, duty) for duty in await limits.due_at(till)])


async def _tell(till: Till, duty: Duty) -> int:
    # Where there is nobody to write to yet, the next run looks again.
    accountants = await members.to_write_to(till.emitter, Role.ACCOUNTANT)
    if not accountants:
        return 0
    context = await _context(till, duty)
    async with transaction():
        if not await payers.told_first(till.id, _what(duty)):
            return 0
        for to in accountants:
            use_by = clock.now() + _USE_BY
            await messages.send(DUTY, Channel.MAIL, to.address, to.language, till.emitter, context, use_by)
    return len(accountants)


def _what(duty: Duty) -> str:
    return f"duty-{duty.kind}-{duty.by.isoformat()}{'-late' if duty.is_late(ledger.today()) else ''}"


async def _context(till: Till, duty: Duty) -> dict[str, Any]:
    slug = (await territory.emitter(till.emitter)).slug
    return {
        "till": till.name,
        "why": DUTIES[duty.kind],
        "cents": duty.cents,
        "by": duty.by,
        "late": duty.is_late(ledger.today()),
        "url": f"{settings.current().base_url}/office/{slug}/tills/{till.id}/handing-over",
    }
