"""Money taken by hand at a counter: cash, a cheque, vouchers; in somebody's open session, and taken back in it."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from uuid import UUID

from parvis import clock
from parvis.db import Connection, connection, new_id, transaction
from parvis.errors import NotFound, Refusal, Refused, Text
from parvis.events import RefundDone
from parvis.outbox import record
from parvis.payments import attempts, intents, purposes, refunds
from parvis.payments.accounts import OFFLINE, account
from parvis.payments.books import ledger
from parvis.payments.books.postings import Lines
from parvis.payments.counter import takings, till_sessions
from parvis.payments.counter.acts import act_of, box_of
from parvis.payments.counter.counting import given_faults, kept, lies_in
from parvis.payments.counter.takings import Taking
from parvis.payments.counter.till_sessions import TillSession
from parvis.payments.expiring import ProviderOf
from parvis.payments.money import Cents
from parvis.payments.rules import INTENT, after
from parvis.payments.settling import Money, Settled, settle

_ADD = (
    "INSERT INTO parvis.till_taking (id, session, number, intent, capture, cents, change, at) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
)


async def take(intent: UUID, at: str, slip: str, cents: Cents, parts: Lines = ()) -> Settled:
    """Take money for an intent at an offline account; `slip` is its number there, told again it is taken once.

    `parts` says in which of the till's accounts it lies. A page that is still open may be paid too: what comes in twice
    is given back. Raises NotFound for another till's account, Refused for an account that is not offline.
    """
    box, now = await account(at), clock.now()
    if box.provider != OFFLINE:
        raise Refused(Refusal("not-offline", Text("No money is taken by hand at {account}.", {"account": at}), "at"))
    sql = (
        "INSERT INTO parvis.payment_attempt "
        "(id, intent, account, provider_ref, state, created, resume_until, live_until) "
        "VALUES ($1, $2, $3, $4, 'dead', $5, $5, $5) ON CONFLICT DO NOTHING"
    )
    async with transaction() as c:
        found = await intents.locked(c, intent)
        if found.till != box.till:
            raise NotFound
        await c.execute(sql, new_id(), intent, at, slip, now)
        return await settle(Money(at, slip, cents, now, parts=parts))


async def close_pages(intent: UUID, provider_of: ProviderOf) -> None:
    """Ask what became of an amount's pages at providers, and close what can be closed; outside a transaction.

    Raises OutcomeUnknown when a provider does not say: it may be paid there.
    """
    sql = (
        "SELECT account, bool_or(state = 'live') AS live FROM parvis.payment_attempt "
        "WHERE intent = $1 AND provider_ref IS NOT NULL AND state <> 'paid' GROUP BY account"
    )
    async with connection() as c:
        rows = await c.fetch(sql, intent)
    for row in rows:
        provider = provider_of(row["account"])
        await attempts.look_at(intent, provider, row["account"])
        if row["live"]:
            await attempts.stop(intent, provider)


async def collect(session: UUID, intent: UUID, given: Mapping[str, Cents], by: UUID, taking: UUID) -> Taking:
    """Take what was given by hand (by way) for an amount, in one's open session; told again (`taking`) it is once.

    Nothing was taken yet: so it is refused, not given back, what is paid or may be paid online at this moment, what the
    till's act does not list, and what does not add up. Raises Refused, NotFound for another till's.
    """
    async with transaction() as c:
        here = await till_sessions.locked(c, session)
        if done := await takings.known(taking):
            return _same(done, session, intent)
        _check(here, by)
        due = await intents.locked(c, intent)
        if due.till != here.till:
            raise NotFound
        after(INTENT, due.state, "paid")
        await attempts.none_open(c, intent)
        await _check_given(here, due, given)
        return await _taken(c, here, due, given, taking)


async def take_back(taking: UUID, by: UUID, reason: str) -> None:
    """Reverse a taking in its open session: the money is given back, and the amount is to be paid again.

    Raises Refused once the session is closed, or something of it was given back, and for what gives a place.
    """
    async with transaction() as c:
        here = await till_sessions.locked(c, (await takings.taking(taking)).session)
        _check(here, by)
        found = await takings.taking(taking)
        if found.back_at:
            raise Refused(Refusal("taken-back", Text("This was taken back already.")))
        due = await intents.locked(c, found.intent)
        if purposes.gives(due.purpose):
            raise Refused(Refusal("place-given", Text("A place was given for it: cancel that, and give money back.")))
        await intents.move(c, due, "undo")
        await ledger.reverse(here.till, "capture", found.capture)
        with suppress(NotFound):
            # The sale may have been entered with former money, which a bank took back: then it stays.
            await ledger.reverse(here.till, "charge", found.capture)
        refund = await refunds.reversed_at_counter(c, found.capture, reason, by)
        await _keep_back(c, taking, refund, by, reason)
        await record(RefundDone(emitter=due.emitter, refund=refund, cents=found.cents))


def _same(done: Taking, session: UUID, intent: UUID) -> Taking:
    if (done.session, done.intent) != (session, intent):
        raise NotFound
    return done


def _check(here: TillSession, by: UUID) -> None:
    if here.person != by:
        raise NotFound
    if not here.is_open:
        raise Refused(Refusal("session-closed", Text("Session {number} is closed.", {"number": here.number})))


async def _check_given(here: TillSession, due: intents.Intent, given: Mapping[str, Cents]) -> None:
    act = await act_of(here.till)
    if act is None:
        raise NotFound
    products = {sale.revenue for sale in await intents.sales_of(due.id) if sale.cents >= 0}
    if wrong := given_faults(given, due.cents, act, products):
        raise Refused(wrong)


async def _taken(
    c: Connection, here: TillSession, due: intents.Intent, given: Mapping[str, Cents], taking: UUID
) -> Taking:
    sql = "SELECT coalesce(max(number), 0) + 1 FROM parvis.till_taking WHERE session = $1"
    number, parts = await c.fetchval(sql, here.id), kept(given, due.cents)
    lying = tuple((lies_in(way), cents) for way, cents in parts.items())
    settled = await take(due.id, box_of(here.till), f"{here.number}/{number}", due.cents, lying)
    if settled.taken_as != "paid":
        raise Refused(Refusal("place-gone", Text("What it was for is gone: take no money for it.")))
    change = sum(given.values()) - due.cents
    await c.execute(_ADD, taking, here.id, number, due.id, settled.capture, due.cents, change, clock.now())
    await c.executemany(
        "INSERT INTO parvis.till_taking_part (taking, way, cents) VALUES ($1, $2, $3)",
        [(taking, way, cents) for way, cents in parts.items()],
    )
    return await takings.taking(taking)


async def _keep_back(c: Connection, taking: UUID, refund: UUID, by: UUID, reason: str) -> None:
    sql = "INSERT INTO parvis.till_taking_back (taking, refund, at, person, reason) VALUES ($1, $2, $3, $4, $5)"
    await c.execute(sql, taking, refund, clock.now(), by, reason)
