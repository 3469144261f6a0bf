"""Paying at a provider: one payment open at a time, its row committed before the provider is called."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import asyncpg

from parvis import clock, settings
from parvis.contract.payments import Caps, Order, OutcomeUnknown, Provider, Result, Started
from parvis.db import Connection, connection, in_transaction, new_id, transaction
from parvis.errors import NotFound, ParvisError, Refusal, Refused, Text
from parvis.payments import intents
from parvis.payments.accounts import account as account_of
from parvis.payments.intents import Intent
from parvis.payments.rules import ATTEMPT, INTENT, after, next_look, way
from parvis.payments.settling import Money, Settled, settle

# Whoever called the provider has died by then: its payment, if there is one, is nobody's.
_CREATING = timedelta(minutes=2)
_LIVE = "SELECT * FROM parvis.payment_attempt WHERE intent = $1 AND state IN ('creating', 'live')"


@dataclass(frozen=True, slots=True)
class _Opened:
    """An attempt that may be paid: a new one, without an address, or the one that is live."""

    id: UUID
    cents: int
    url: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Where the payer goes."""

    attempt: UUID
    url: str


class InsideTransaction(ParvisError):
    """A provider was to be called inside a transaction: nothing waits for the network in one."""

    code = "inside-transaction"


async def begin(intent: UUID, provider: Provider, account: str, *, label: str, mail: str, back: str) -> Page:
    """Open a payment, or come back to the one that is open. Raises Refused when it cannot be paid online (now).

    OutcomeUnknown when the provider's answer is lost: the next try opens another one.
    """
    _outside()
    caps = provider.caps(account)
    if caps.cancel and await _outlived(intent, account):
        # Nobody was told yet what became of the former page: it is closed, or found to be paid, before another opens.
        await stop(intent, provider)
    opened = await _open(intent, account, caps)
    if opened.url:
        return Page(opened.id, opened.url)
    order = Order(attempt=opened.id, cents=opened.cents, label=label, mail=mail, back=back)
    try:
        started = await provider.start(account, order)
    except BaseException:
        # Also when the caller went away: nobody holds the payment's address, so that nobody can pay it.
        await _lose(opened.id)
        raise
    await _answered(opened.id, started)
    return Page(opened.id, started.url)


async def look(provider: Provider, account: str, ref: str) -> Settled | None:
    """Ask the provider what became of a payment, and take the money if it was paid. Raises OutcomeUnknown.

    References nobody here opened are looked up too: money may be behind one.
    """
    _outside()
    found = await provider.lookup(account, ref)
    if found.result == Result.PAID:
        return await settle(Money(account, ref, found.cents, found.at or clock.now(), found.attempt))
    await _note(account, ref, found.result)
    return None


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


async def stop(intent: UUID, provider: Provider) -> Settled | None:
    """Close an intent's open payment at the provider; if it was paid meanwhile, that counts."""
    _outside()
    async with connection() as c:
        row = await c.fetchrow(_LIVE, intent)
    if row is None or row["provider_ref"] is None or not provider.caps(row["account"]).cancel:
        return None
    found = await provider.cancel(row["account"], row["provider_ref"])
    if found.result == Result.PAID:
        at = found.at or clock.now()
        return await settle(Money(row["account"], row["provider_ref"], found.cents, at, found.attempt))
    await _note(row["account"], row["provider_ref"], found.result)
    return None


async def none_open(c: Connection, intent: UUID) -> None:
    """Let nobody take money elsewhere while a page may be paid; under the intent's lock. Raises Refused."""
    live = await c.fetchrow(_LIVE, intent)
    if live is not None and not await _over(c, live):
        text = Text(
            "The payer has opened a page to pay it online, which may be paid until {hour}. Take no money before.",
            {"hour": live["live_until"]},
        )
        raise Refused(Refusal("page-open", text))


async def _open(intent: UUID, account: str, caps: Caps) -> _Opened:
    async with transaction() as c:
        found = await intents.locked(c, intent)
        if (await account_of(account)).till != found.till:
            raise NotFound
        _check(found, caps)
        live = await c.fetchrow(_LIVE, intent)
        if live is not None and not await _over(c, live):
            return _resumed(live, found.cents)
        await intents.move(c, found, "start")
        return await _new(c, found, account, caps)


def _check(found: Intent, caps: Caps) -> None:
    after(INTENT, found.state, "start")
    if found.expires_at <= clock.now():
        raise Refused(Refusal("intent-late", Text("The time to pay has run out. Please choose again.")))
    if (how := way(found.cents, caps.least, caps.most)) == "counter":
        text = Text("So small an amount is paid at the counter, or with the next invoice.")
        raise Refused(Refusal("amount-below", text, "cents"))
    if how == "free":
        raise Refused(Refusal("amount-free", Text("There is nothing to pay."), "cents"))


def _resumed(live: asyncpg.Record, cents: int) -> _Opened:
    now = clock.now()
    if live["state"] == "creating":
        raise Refused(Refusal("attempt-opening", Text("Your payment is being opened. Please try again in a minute.")))
    if now >= live["resume_until"]:
        text = Text(
            "Your former payment may still come in. You can pay again from {hour} on.", {"hour": live["live_until"]}
        )
        raise Refused(Refusal("attempt-closing", text))
    return _Opened(live["id"], cents, live["url"])


async def _outlived(intent: UUID, account: str) -> bool:
    async with connection() as c:
        live = await c.fetchrow(_LIVE, intent)
    return live is not None and live["account"] == account and live["live_until"] <= clock.now()


async def _over(c: Connection, live: asyncpg.Record) -> bool:
    """Whether the open payment is over, so that another one may be opened; it is noted."""
    now = clock.now()
    if live["state"] == "creating":
        if now < live["created"] + _CREATING:
            return False
        await _to(c, live["id"], "creating", "lose")
        return True
    if now < live["live_until"]:
        return False
    await _to(c, live["id"], "live", "end")
    return True


async def _new(c: Connection, found: Intent, account: str, caps: Caps) -> _Opened:
    now, attempt = clock.now(), new_id()
    sql = (
        "INSERT INTO parvis.payment_attempt (id, intent, account, state, created, resume_until, live_until, look_at) "
        "VALUES ($1, $2, $3, 'creating', $4, $5, $6, $7)"
    )
    times = (now, now + caps.resume_for, now + caps.live_for, next_look(now, 0, settings.current().zone))
    await c.execute(sql, attempt, found.id, account, *times)
    return _Opened(attempt, found.cents)


async def _answered(attempt: UUID, started: Started) -> None:
    async with transaction() as c:
        row = await c.fetchrow("SELECT state FROM parvis.payment_attempt WHERE id = $1 FOR NO KEY UPDATE", attempt)
        # Paid before its address was written down, or given up for dead: it keeps that state, and gets its reference.
        state = after(ATTEMPT, row["state"], "answer") if row["state"] == "creating" else row["state"]
        sql = "UPDATE parvis.payment_attempt SET state = $2, provider_ref = $3, url = $4 WHERE id = $1"
        await c.execute(sql, attempt, state, started.ref, started.url)


async def _lose(attempt: UUID) -> None:
    async with transaction() as c:
        sql = "SELECT state FROM parvis.payment_attempt WHERE id = $1 FOR NO KEY UPDATE"
        if await c.fetchval(sql, attempt) == "creating":
            await _to(c, attempt, "creating", "lose")


async def _note(account: str, ref: str, result: Result) -> None:
    async with transaction() as c:
        sql = "SELECT id, intent, state FROM parvis.payment_attempt WHERE account = $1 AND provider_ref = $2"
        row = await c.fetchrow(sql, account, ref)
        if row is None:
            return
        found = await intents.locked(c, row["intent"])
        state = await c.fetchval("SELECT state FROM parvis.payment_attempt WHERE id = $1 FOR NO KEY UPDATE", row["id"])
        await c.execute("UPDATE parvis.payment_attempt SET last_result = $2 WHERE id = $1", row["id"], result.value)
        if result == Result.GONE and state == "live":
            await _to(c, row["id"], "live", "end")
            if found.state == "pending":
                await intents.move(c, found, "stop")


async def _to(c: Connection, attempt: UUID, state: str, how: str) -> None:
    await c.execute("UPDATE parvis.payment_attempt SET state = $2 WHERE id = $1", attempt, after(ATTEMPT, state, how))


def _outside() -> None:
    if in_transaction():
        raise InsideTransaction


__all__ = ["InsideTransaction", "OutcomeUnknown", "Page", "begin", "look", "look_at", "none_open", "stop"]
