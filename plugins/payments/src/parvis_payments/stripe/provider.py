"""Stripe Checkout as the platform's payment provider: one session an attempt; what counts is asked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import msgspec
import structlog
from stripe import InvalidRequestError, SignatureVerificationError, WebhookSignature

from parvis import clock, settings
from parvis.contract.payments import Caps, Found, Order, OutcomeUnknown, Result, Row, Sent, Started
from parvis.errors import Invalid, Refusal, Refused, Text
from parvis.payments.accounts import account_details
from parvis_payments.environment import STRIPE, Environment
from parvis_payments.stripe import rules
from parvis_payments.stripe.client import Calls, KeyRefused
from parvis_payments.stripe.objects import StripeAccount, StripeEvent
from parvis_payments.stripe.rules import LEAST, MOST

log = structlog.get_logger()
NOTIFIED = "/stripe"
# Stripe wants half an hour at least, on its own clock.
_OPEN, _OVER = timedelta(minutes=31), timedelta(minutes=35)
_FORGED = Text("This notification is not signed by the provider.")
_SIGNED_BY = "stripe-signature"


@dataclass(frozen=True, slots=True)
class StripeCheckout:
    """The provider; `transport` is for tests."""

    transport: httpx.AsyncBaseTransport | None = None

    def caps(self, account: str) -> Caps:  # noqa: ARG002
        """All that a provider can do; a page for half an hour."""
        return Caps(
            least=LEAST,
            most=MOST,
            refund=True,
            cancel=True,
            rows=True,
            payouts=True,
            resume_for=timedelta(minutes=30),
            live_for=_OVER,
        )

    async def start(self, account: str, order: Order) -> Started:
        """Open a session. Raises OutcomeUnknown, Refused."""
        if wrong := rules.amount_fault(order.cents):
            raise Refused(wrong)
        calls = (await self.calls(account))[0]
        try:
            session = await calls.open(rules.session_of(account, order, clock.now() + _OPEN), str(order.attempt))
        except InvalidRequestError as refused:
            log.warning("stripe.refused", account=account, code=refused.code, field=refused.param)
            raise Refused(rules.refusal(refused.code, refused.param)) from refused
        except KeyRefused as refused:
            raise Refused(rules.refusal("key", None)) from refused
        if not session.url:
            raise OutcomeUnknown
        return Started(session.id, session.url, rules.LIVE if session.livemode else rules.TEST)

    async def lookup(self, account: str, ref: str, terms: str = "") -> Found:
        """What became of a payment. Raises OutcomeUnknown, also for one that was opened here with another's key."""
        calls, live = await self.calls(account)
        if terms == rules.TEST and live:
            # No money moved for it, and the key of today does not see it.
            return Found(Result.GONE)
        try:
            return rules.found(await calls.session(ref), account, live or terms == rules.LIVE)
        except InvalidRequestError as refused:
            if refused.code == "resource_missing" and not terms:
                return Found(Result.GONE)
            # Stripe forgets no session: what was opened here is at another account of Stripe's than the key is of now.
            log.error("stripe.refused", account=account, code=refused.code)
            raise OutcomeUnknown from refused

    async def hint(self, account: str, body: bytes, headers: Mapping[str, str]) -> tuple[str, ...]:
        """The session that a signed notification names. Raises Invalid."""
        event = await self.event(account, body, headers)
        return (event.data.object.id,) if event.type.startswith("checkout.session.") else ()

    async def event(self, account: str, body: bytes, headers: Mapping[str, str]) -> StripeEvent:
        """A notification that Stripe signed within five minutes. Raises Invalid."""
        told, signature = await account_details(account, StripeAccount), headers.get(_SIGNED_BY, "")
        try:
            WebhookSignature.verify_header(body, signature, told.webhook)
            if abs(clock.now().timestamp() - _signed_at(signature)) > rules.TOLERANCE:
                raise Invalid(Refusal("notification-old", _FORGED))
            return msgspec.json.decode(body, type=StripeEvent)
        except (SignatureVerificationError, ValueError, msgspec.MsgspecError) as forged:
            raise Invalid(Refusal("notification-forged", _FORGED)) from forged

    async def cancel(self, account: str, ref: str, terms: str = "") -> Found:
        """Let a session no longer be paid. Raises OutcomeUnknown."""
        calls, _ = await self.calls(account)
        try:
            await calls.expire(ref)
        except InvalidRequestError:
            # Paid, over, or of nobody here: what it is, it says itself.
            log.info("stripe.not-open", account=account)
        return await self.lookup(account, ref, terms)

    async def refund(self, account: str, ref: str, refund: UUID, cents: int) -> Sent:
        """Give back: looked for first, for Stripe forgets after a day what it was asked for once. Raises
        OutcomeUnknown."""
        calls, _ = await self.calls(account)
        try:
            return await give_back(calls, (await calls.session(ref)).intended, refund, cents)
        except InvalidRequestError as refused:
            log.warning("stripe.refund-refused", account=account, refund=str(refund), code=refused.code)
            return Sent.FAILED

    async def rows(self, account: str, day: date) -> Sequence[Row]:
        """The statement of a day: Stripe's balance, each payment under its session. Raises OutcomeUnknown."""
        calls, _ = await self.calls(account)
        since, until = _seconds(day), _seconds(day + timedelta(days=1))
        try:
            # Whatever was paid on this day was opened at most a page's time before.
            opened = calls.sessions(since - int(_OVER.total_seconds()), until)
            sessions = {one.intended: one.id async for one in opened}
            moved = [one async for one in calls.moved(created={"gte": since, "lt": until})]
        except InvalidRequestError as refused:
            raise OutcomeUnknown from refused
        return [row for one in moved if (row := rules.row(one, sessions))]

    async def calls(self, account: str) -> tuple[Calls, bool]:
        """What can be asked for an account, and whether money moves there."""
        told = await account_details(account, StripeAccount)
        return Calls(told.key, settings.provided(Environment).stripe, self.transport), told.live


async def give_back(calls: Calls, intended: str, refund: UUID, cents: int) -> Sent:
    """Give some of a payment back, once for each id. Raises OutcomeUnknown, InvalidRequestError."""
    async for one in calls.refunds(intended):
        if rules.ours(one) == refund:
            return rules.sent(one)
    return rules.sent(await calls.give_back(intended, cents, str(refund)))


def origins() -> tuple[str, ...]:
    """Where a payer is led to: Stripe's own pages are elsewhere than its answers."""
    address = settings.provided(Environment).stripe
    parts = urlsplit("https://checkout.stripe.com" if address == STRIPE else address)
    return (f"{parts.scheme}://{parts.netloc}",) if parts.netloc else ()


def _signed_at(signature: str) -> int:
    return int(dict(part.partition("=")[::2] for part in signature.split(","))["t"])


def _seconds(day: date) -> int:
    return int(datetime.combine(day, time(), settings.current().zone).timestamp())
