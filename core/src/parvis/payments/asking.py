"""Asking providers what became of payments, and taking the money that is there; what they answer is noted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeAlias, TypeVar
from uuid import UUID

import asyncpg
import structlog

from parvis import clock
from parvis.contract.payments import Found, OutcomeUnknown, Provider, Result
from parvis.db import Connection, connection, in_transaction, transaction
from parvis.errors import ParvisError, Refused
from parvis.outbox.rules import trace
from parvis.payments import intents
from parvis.payments.rules import ATTEMPT, after
from parvis.payments.settling import Money, Settled, settle

log = structlog.get_logger()
T = TypeVar("T")
# The provider that an account's payments are at.
ProviderOf: TypeAlias = Callable[[str], Provider]
# Whoever gives no answer for so many seconds gives none; a day's statement may take long to read.
PATIENCE, LONG = 35, 300
LIVE = "SELECT * FROM parvis.payment_attempt WHERE intent = $1 AND state IN ('creating', 'live')"


class InsideTransaction(ParvisError):
    """A provider was to be called inside a transaction: nothing waits for the network in one."""

    code = "inside-transaction"


async def look(provider: Provider, account: str, ref: str) -> Settled | None:
    """Ask the provider what became of a payment, and take the money if it was paid. Raises OutcomeUnknown.

    References nobody here opened are looked up too: money may be behind one.
    """
    outside()
    sql = "SELECT terms FROM parvis.payment_attempt WHERE account = $1 AND provider_ref = $2"
    async with connection() as c:
        terms = await c.fetchval(sql, account, ref) or ""
    found = await answer(account, provider.lookup(account, ref, terms))
    return await _heard(provider, account, ref, found)


async def look_at(intent: UUID, provider: Provider, account: str | None = None) -> Settled | None:
    """Ask what became of every payment that an intent has, at one account if it is named, the live one last.

    Raises OutcomeUnknown.
    """
    sql = (
        "SELECT account, provider_ref FROM parvis.payment_attempt WHERE intent = $1 AND provider_ref IS NOT NULL "
        "AND state <> 'paid' AND ($2::varchar IS NULL OR account = $2) ORDER BY state, id"
    )
    async with connection() as c:
        rows = await c.fetch(sql, intent, account)
    answers = [await look(provider, row["account"], row["provider_ref"]) for row in rows]
    return next((answer for answer in answers if answer is not None), None)


async def look_for(provider: Provider, account: str, refs: Sequence[str]) -> int:
    """Ask about those payments of a statement that were opened here and are not paid here; how many were.

    Raises OutcomeUnknown, after all of them were asked about, if one of them has no answer.
    """
    sql = (
        "SELECT provider_ref FROM parvis.payment_attempt "
        "WHERE account = $1 AND provider_ref = ANY ($2) AND state <> 'paid' ORDER BY id"
    )
    async with connection() as c:
        rows = await c.fetch(sql, account, list(refs))
    paid, unknown = 0, list[OutcomeUnknown]()
    for row in rows:
        try:
            paid += await look(provider, account, row["provider_ref"]) is not None
        except OutcomeUnknown as silent:
            unknown.append(silent)
    if unknown:
        raise unknown[0]
    return paid


async def notified(provider: Provider, account: str, body: bytes, headers: Mapping[str, str]) -> int:
    """Look up what a notification names; how much of it is paid. Raises OutcomeUnknown, Invalid for a forged one."""
    refs = await answer(account, provider.hint(account, body, headers))
    return sum([await look(provider, account, ref) is not None for ref in refs])


async def stop(intent: UUID, provider: Provider) -> Settled | None:
    """Close an intent's open payment at the provider; if it was paid meanwhile, that counts."""
    outside()
    async with connection() as c:
        live = await c.fetchrow(LIVE, intent)
    if live is None or live["provider_ref"] is None or not closes(provider, live["account"]):
        return None
    return await _close(provider, live)


async def ask_former(intent: UUID, provider_of: ProviderOf, account: str) -> None:
    """Learn what became of an intent's payment whose time is over: it may have been paid without anybody here knowing.

    One that is open elsewhere than at `account`, where it is to be paid now, is closed where that can be. Raises
    OutcomeUnknown.
    """
    async with connection() as c:
        live = await c.fetchrow(LIVE, intent)
    if live is None or live["provider_ref"] is None:
        return
    provider = provider_of(live["account"])
    # What a bank or the counter is asked for has no page.
    elsewhere = live["account"] != account and live["url"] and closes(provider, live["account"])
    if live["live_until"] > clock.now() and not elsewhere:
        return
    if _cancels(provider, live["account"]):
        # This one, not whichever is open by now: another tab may have been first.
        await _close(provider, live)
    else:
        await look(provider, live["account"], live["provider_ref"])


async def move(c: Connection, attempt: UUID, state: str, how: str) -> None:
    """Let an attempt take a step. Raises Refused."""
    await c.execute("UPDATE parvis.payment_attempt SET state = $2 WHERE id = $1", attempt, after(ATTEMPT, state, how))


def outside() -> None:
    """Raises InsideTransaction in one."""
    if in_transaction():
        raise InsideTransaction


async def answer(account: str, asked: Awaitable[T], within: float | None = None) -> T:
    """What a provider answers within so many seconds; after that, or where its plugin fails, the outcome is unknown."""
    try:
        async with asyncio.timeout(within or PATIENCE):
            return await asked
    except ParvisError:
        raise
    except Exception as failure:
        log.error("provider.failed", account=account, error=trace(failure))
        raise OutcomeUnknown from failure


async def _heard(provider: Provider, account: str, ref: str, found: Found) -> Settled | None:
    if found.result != Result.PAID:
        await _note(account, ref, found.result, _cancels(provider, account))
        return None
    if found.cents < 1:
        log.error("provider.paid-nothing", account=account)
        raise OutcomeUnknown
    return await settle(Money(account, ref, found.cents, found.at or clock.now(), found.attempt))


async def _close(provider: Provider, live: asyncpg.Record) -> Settled | None:
    account, ref = live["account"], live["provider_ref"]
    found = await answer(account, provider.cancel(account, ref, live["terms"]))
    return await _heard(provider, account, ref, found)


def closes(provider: Provider, account: str) -> bool:
    """Whether a page that is open there can be closed before its time."""
    try:
        return provider.caps(account).cancel
    except Refused:
        return False


def _cancels(provider: Provider, account: str) -> bool:
    """Whether it can close a page. Where none is opened by anybody, only its own word ends a payment as well."""
    try:
        return provider.caps(account).cancel
    except Refused:
        return True


async def _note(account: str, ref: str, result: Result, cancels: bool) -> None:
    async with transaction() as c:
        sql = "SELECT id, intent FROM parvis.payment_attempt WHERE account = $1 AND provider_ref = $2"
        row = await c.fetchrow(sql, account, ref)
        if row is None:
            return
        found = await intents.locked(c, row["intent"])
        sql = "SELECT id, state, live_until FROM parvis.payment_attempt WHERE id = $1 FOR NO KEY UPDATE"
        kept = await c.fetchrow(sql, row["id"])
        await c.execute("UPDATE parvis.payment_attempt SET last_result = $2 WHERE id = $1", row["id"], result.value)
        if kept["state"] == "live" and _ended(kept, result, cancels):
            await move(c, kept["id"], "live", "end")
            if found.state == "pending":
                await intents.move(c, found, "stop")


def _ended(kept: asyncpg.Record, result: Result, cancels: bool) -> bool:
    """Whether nothing can be paid any more: it is gone, or its page's time is over at who cannot close one."""
    return result == Result.GONE or (not cancels and clock.now() >= kept["live_until"])
