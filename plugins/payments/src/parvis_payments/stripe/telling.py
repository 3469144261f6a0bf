"""What Stripe tells: kept once each, answered at once, and then asked about anew; only what it answers counts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeAlias

import structlog
from stripe import InvalidRequestError

from parvis import clock
from parvis.db import transaction
from parvis.errors import Conflict, NotFound, Refused
from parvis.outbox import record
from parvis.payments import attempts, disputing, hearing, refund_sending
from parvis.payments.accounts import Account, accounts_at, collects_since
from parvis.payments.books import movements
from parvis_payments.events import StripeTold
from parvis_payments.keys import STRIPE
from parvis_payments.stripe import rules
from parvis_payments.stripe.client import Calls
from parvis_payments.stripe.objects import CURRENCY, Payout, StripeEvent
from parvis_payments.stripe.provider import StripeCheckout

log = structlog.get_logger()
# Stripe tells for three days; whoever was away for longer finds what was paid out meanwhile.
_LATE = timedelta(days=31)
_Act: TypeAlias = Callable[[StripeCheckout, str, str], Awaitable[object]]


async def keep(account: str, event: StripeEvent) -> bool:
    """Keep a notification, and have it seen to; whether it was new. Two tills may hear of the same one."""
    about = event.data.object.id
    async with transaction():
        new = await hearing.heard_first(account, event.id, event.type, about)
        if new and _act_on(event.type):
            await record(StripeTold(account=account, sort=event.type, about=about))
    return new


async def act(event: StripeTold, provider: StripeCheckout = StripeCheckout()) -> None:
    """Ask Stripe what became of what it told of, and enter that. Raises OutcomeUnknown, to be called again."""
    done = _act_on(event.sort)
    if done is None:
        return
    try:
        await done(provider, event.account, event.about)
    except (NotFound, Conflict, InvalidRequestError):
        log.warning("stripe.of-nobody", account=event.account, sort=event.sort)


def _act_on(sort: str) -> _Act | None:
    """What is done about a sort of event, None for one of no interest here."""
    known: dict[str, _Act] = {"refund": _refunded, "charge.dispute": _disputed, "payout": _paid_out}
    if sort.startswith("checkout.session."):
        return attempts.look
    return next((known[name] for name in known if sort.startswith(f"{name}.")), None)


async def _refunded(provider: StripeCheckout, account: str, ref: str) -> None:
    calls, _ = await provider.calls(account)
    told = await calls.refund(ref)
    refund = rules.ours(told)
    if refund is None:
        # Made elsewhere: the day's statement shows it to the accountant.
        log.warning("stripe.refund-of-nobody", account=account)
        return
    try:
        await refund_sending.heard(refund, rules.sent(told))
    except Refused:
        # Known already, or it left another way since.
        log.info("stripe.refund-known", account=account, refund=str(refund), status=told.status)


async def _disputed(provider: StripeCheckout, account: str, ref: str) -> None:
    calls, live = await provider.calls(account)
    told = await calls.dispute(ref)
    if (told.account, told.livemode, told.currency) != (account, live, CURRENCY) or not rules.withdrawn(told):
        log.info("stripe.dispute-without-money", account=account)
        return
    # Closing may be told before opening.
    await disputing.disputed(account, ref, told.amount, told.attempt)
    if rules.closed(told):
        await disputing.dispute_closed(account, ref, won=told.status == "won")


async def catch_up(provider: StripeCheckout = StripeCheckout()) -> int:
    """Ask every account for its payouts of late and enter those that nothing told us of; how many."""
    return sum([await _caught_up(provider, at) for at in await accounts_at(STRIPE)])


async def _caught_up(provider: StripeCheckout, at: Account) -> int:
    first = await collects_since(at.key)
    if first is None:
        return 0
    # What Stripe paid out before is of money that was never here.
    since = int(max(first, clock.now() - _LATE).timestamp())
    try:
        calls, live = await provider.calls(at.key)
        return sum([await _enter(calls, live, at.key, one) async for one in calls.payouts(since)])
    except Exception as failure:
        # One account's fault, foreseen or not, keeps nobody else's payouts.
        log.warning("stripe.payouts-unread", account=at.key, error=type(failure).__name__)
        return 0


async def _paid_out(provider: StripeCheckout, account: str, ref: str) -> None:
    calls, live = await provider.calls(account)
    await _enter(calls, live, account, await calls.payout(ref))


async def _enter(calls: Calls, live: bool, account: str, told: Payout) -> bool:
    """Enter a payout, once; whether it was new."""
    if told.status != "paid" or told.livemode != live or told.currency != CURRENCY:
        return False
    if await movements.is_paid_out(account, told.id):
        return False
    kept = rules.fees([one async for one in calls.moved(payout=told.id)])
    if told.amount < 0 or kept < 0:
        # Stripe took money from the bank: the accountant's books say why.
        log.warning("stripe.payout-below-zero", account=account)
        return False
    return await movements.paid_out(account, told.id, told.amount, kept)
