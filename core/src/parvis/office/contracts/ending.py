"""Both sides of a contract are written to before it ends, and once it has ended; each once for each last day."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from parvis import clock, settings
from parvis.calendars import queries as calendars
from parvis.db import transaction
from parvis.identity import members
from parvis.office.contracts import notices
from parvis.office.openings.looking import service_name
from parvis.territory import queries as territory
from parvis.territory.publishing import actions, queries, rules
from parvis.territory.publishing.queries import ContractInfo
from parvis.territory.publishing.rules import Notice


async def tell() -> int:
    """Queue what is due today; how many mails. A run that is repeated queues none twice."""
    today, ahead = territory.today(), settings.current().contract_notice
    told = 0
    for contract in await queries.ending_between(today - rules.LATE, today + ahead):
        if notice := rules.notice_due(contract.first_day, contract.last_day, today, ahead):
            told += await _tell(contract, contract.authority, notice)
            told += await _tell(contract, contract.holder, notice)
    return told


async def _tell(contract: ContractInfo, emitter: UUID, notice: Notice) -> int:
    managers = await members.managers_to_write_to(emitter)
    # Where there is nobody to write to yet, the next run looks again.
    if not managers:
        return 0
    context = await _context(contract, emitter, notice)
    async with transaction():
        if not await actions.note_notice(contract, emitter, notice):
            return 0
        for to in managers:
            await notices.tell_of_end(emitter, to, context)
    return len(managers)


async def _context(contract: ContractInfo, emitter: UUID, notice: Notice) -> dict[str, Any]:
    ours = emitter == contract.authority
    slug = contract.authority_slug if ours else contract.holder_slug
    return {
        "contract": contract.title,
        "authority": contract.authority_name,
        "holder": contract.holder_name,
        "services": [service_name(key) for key in contract.services],
        "last_day": contract.last_day,
        "over": notice is Notice.OVER,
        "ours": ours,
        "left": await _left(contract) if ours else 0,
        "url": f"{settings.current().base_url}/office/{slug}/contracts/{contract.id}",
    }


async def _left(contract: ContractInfo) -> int:
    """How many appointments the authority has to look after."""
    since = max(rules.over_from(contract.last_day, settings.current().zone), clock.now())
    found = [await calendars.booked_from(contract.places, service, since) for service in contract.services]
    return sum(map(len, found))
