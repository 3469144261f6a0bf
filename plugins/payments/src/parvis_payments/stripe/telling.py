"""What Stripe tells: kept once each, answered at once, and then asked about anew; only what it answers counts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

import structlog
from stripe import InvalidRequestError

from parvis.db import transaction
from parvis.errors import Conflict, NotFound, Refused
from parvis.outbox import record
from parvis.payments import attempts, disputing, hearing, refund_sending
from parvis.payments.books import movements
from parvis_payments.events import StripeTold
from parvis_payments.stripe import rules
from parvis_payments.stripe.objects import CURRENCY, StripeEvent
from parvis_payments.stripe.provider import StripeCheckout

log = structlog.get_logger()
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
        await refund_sending.finish(refund, rules.sent(told))
    except Refused:
        # Known already.
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


async def _paid_out(provider: StripeCheckout, account: str, ref: str) -> None:
    calls, live = await provider.calls(account)
    told = await calls.payout(ref)
    if told.status != "paid" or told.livemode != live or told.currency != CURRENCY:
        return
    kept = rules.fees([one async for one in calls.moved(payout=ref)])
    if told.amount < 0 or kept < 0:
        # Stripe took money from the bank: the accountant's books say why.
        log.warning("stripe.payout-below-zero", account=account)
        return
    await movements.paid_out(account, ref, told.amount, kept)
