"""Paying at a provider: one payment open at a time, its row committed before the provider is called."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import structlog

from parvis import clock, settings
from parvis.contract.payments import Caps, Order, OutcomeUnknown, Started
from parvis.db import Connection, new_id, transaction
from parvis.errors import NotFound, Refusal, Refused, Text
from parvis.payments import intents
from parvis.payments.accounts import account as account_of
from parvis.payments.asking import (
    LIVE,
    InsideTransaction,
    ProviderOf,
    answer,
    ask_former,
    look,
    look_at,
    look_for,
    move,
    notified,
    outside,
    stop,
)
from parvis.payments.intents import Intent
from parvis.payments.rules import ATTEMPT, INTENT, after, minutes, next_look, way

log = structlog.get_logger()
# Whoever called the provider has died by then: its payment, if there is one, is nobody's.
_CREATING = timedelta(minutes=2)


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


async def begin(intent: UUID, provider_of: ProviderOf, account: str, *, label: str, mail: str, back: str) -> Page:
    """Open a payment, or come back to the one that is open; one that is open at another account is closed first.

    Raises Refused when it cannot be paid online (now), or the other page not be closed.

    OutcomeUnknown when a provider does not say what became of a former payment, or its answer is lost: the next try
    asks again, and opens another one.
    """
    outside()
    provider = provider_of(account)
    caps = provider.caps(account)
    await ask_former(intent, provider_of, account)
    opened = await _open(intent, account, caps)
    if opened.url:
        return Page(opened.id, opened.url)
    order = Order(attempt=opened.id, cents=opened.cents, label=label, mail=mail, back=back)
    try:
        started = await answer(account, provider.start(account, order))
    except BaseException:
        # Also when the caller went away: nobody holds the payment's address, so that nobody can pay it.
        await _lose(opened.id)
        raise
    await _answered(opened.id, started)
    return Page(opened.id, started.url)


async def lose_unanswered() -> int:
    """Give up payments whose opener died before its provider answered: nobody has their address; how many."""
    sql = "UPDATE parvis.payment_attempt SET state = $2 WHERE state = 'creating' AND created <= $1 RETURNING id"
    async with transaction() as c:
        rows = await c.fetch(sql, clock.now() - _CREATING, after(ATTEMPT, "creating", "lose"))
    if rows:
        log.warning("payments.unanswered", lost=len(rows))
    return len(rows)


async def none_open(c: Connection, intent: UUID) -> None:
    """Let nobody take money elsewhere while a page may be paid; under the intent's lock. Raises Refused."""
    live = await c.fetchrow(LIVE, intent)
    if live is None:
        return
    if live["state"] == "live" and not live["url"]:
        text = Text("The payer’s bank is asked for it: it is debited. Take no money for it.")
        raise Refused(Refusal("debited", text))
    if _payable(live):
        text = Text(
            "The payer has opened a page to pay it online, which may be paid until {hour}. Take no money before.",
            {"hour": live["live_until"]},
        )
        raise Refused(Refusal("page-open", text))
    if live["state"] == "creating":
        # Whoever opened it has died: nobody has its address.
        await move(c, live["id"], "creating", "lose")


async def _open(intent: UUID, account: str, caps: Caps) -> _Opened:
    async with transaction() as c:
        found = await intents.locked(c, intent)
        if (await account_of(account)).till != found.till:
            raise NotFound
        _check(found, caps)
        live = await c.fetchrow(LIVE, intent)
        if live is not None and _payable(live):
            return _resumed(live, account, found.cents)
        if live is not None:
            await _give_up(c, live)
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


def _resumed(live: asyncpg.Record, account: str, cents: int) -> _Opened:
    now = clock.now()
    if live["state"] == "creating":
        raise Refused(Refusal("attempt-opening", Text("Your payment is being opened. Please try again in a minute.")))
    if now >= live["resume_until"]:
        text = Text(
            "Your former payment may still come in. You can pay again from {hour} on.", {"hour": live["live_until"]}
        )
        raise Refused(Refusal("attempt-closing", text))
    if live["account"] != account:
        # One open page for an amount: whoever pays on two has paid twice.
        text = Text(
            "The payment page you have opened is still open, for {n} min: continue there. You can pay another way from "
            "{hour} on.",
            {"n": minutes(live["resume_until"] - now), "hour": live["live_until"]},
        )
        raise Refused(Refusal("attempt-elsewhere", text))
    return _Opened(live["id"], cents, live["url"])


def _payable(live: asyncpg.Record) -> bool:
    """Whether an open payment's page may still be paid, or is being opened."""
    now: datetime = clock.now()
    return bool(now < (live["created"] + _CREATING if live["state"] == "creating" else live["live_until"]))


async def _give_up(c: Connection, live: asyncpg.Record) -> None:
    """Let another payment take the place of one whose opener died; nobody said what became of any other one."""
    if live["state"] != "creating":
        raise OutcomeUnknown
    await move(c, live["id"], "creating", "lose")


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
        sql = "UPDATE parvis.payment_attempt SET state = $2, provider_ref = $3, url = $4, terms = $5 WHERE id = $1"
        await c.execute(sql, attempt, state, started.ref, started.url, started.terms)


async def _lose(attempt: UUID) -> None:
    async with transaction() as c:
        sql = "SELECT state FROM parvis.payment_attempt WHERE id = $1 FOR NO KEY UPDATE"
        if await c.fetchval(sql, attempt) == "creating":
            await move(c, attempt, "creating", "lose")


__all__ = [
    "InsideTransaction",
    "OutcomeUnknown",
    "Page",
    "ProviderOf",
    "begin",
    "look",
    "look_at",
    "look_for",
    "lose_unanswered",
    "none_open",
    "notified",
    "stop",
]
