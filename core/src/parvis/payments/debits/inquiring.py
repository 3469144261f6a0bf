"""Pages at providers that are over, of amounts that could be debited: asked about before anything is debited."""

from __future__ import annotations

import asyncio
from datetime import date
from uuid import UUID

import structlog

from parvis.contract.payments import OutcomeUnknown
from parvis.payments.books import ledger
from parvis.payments.counter.by_hand import close_pages
from parvis.payments.debits import queries, rules
from parvis.payments.expiring import ProviderOf

log = structlog.get_logger()
# Whoever makes the batch waits for the answers.
_MOST, _AT_ONCE = 40, 8


async def ask(till: UUID, day: date, provider_of: ProviderOf) -> frozenset[UUID]:
    """The amounts whose pages are over and not paid, as their providers say; what was paid is taken.

    Outside a transaction. What a provider does not answer for is not among them, nor what comes after the fortieth.
    """
    by = min(day, ledger.today() + rules.AHEAD)
    over = [one.id for one in await queries.ready(till, by) if one.page_over][:_MOST]
    gate = asyncio.Semaphore(_AT_ONCE)
    said = await asyncio.gather(*(_said(intent, provider_of, gate) for intent in over))
    return frozenset(intent for intent, answered in zip(over, said, strict=True) if answered)


async def _said(intent: UUID, provider_of: ProviderOf, gate: asyncio.Semaphore) -> bool:
    async with gate:
        try:
            await close_pages(intent, provider_of)
        except OutcomeUnknown:
            log.info("debit.page-silent", intent=str(intent))
            return False
    return True
