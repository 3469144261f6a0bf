"""The calls to Stripe, by its own library.

A lost or unreadable answer is an unknown outcome; `InvalidRequestError` is Stripe's own no, for the caller to read.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar, cast

import httpx
import msgspec
import stripe
import structlog

from parvis import crypto
from parvis.contract.payments import OutcomeUnknown
from parvis_payments.stripe.objects import Dispute, Moved, Payout, Refund, Session

log = structlog.get_logger()
# It writes every address it asks at INFO.
logging.getLogger("stripe").setLevel(logging.WARNING)
VERSION = "2026-10-28.endive"
_PATIENCE = httpx.Timeout(15, connect=5)
_PAGE = 100
T = TypeVar("T")


class KeyRefused(OutcomeUnknown):
    """Stripe does not know the key, or it may not do what is asked: nothing was done."""


class Transport(stripe.HTTPClient):
    """How the library speaks HTTP: with our patience, and without a connection that outlives its event loop."""

    name = "httpx"

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        super().__init__()
        self.transport = transport

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """One request. Raises APIConnectionError, after which the library may try once more, under the same key."""
        try:
            async with httpx.AsyncClient(verify=crypto.trust(), transport=self.transport, timeout=_PATIENCE) as http:
                answer = await http.request(method, url, headers=dict(headers), content=post_data)
        except (httpx.HTTPError, httpx.InvalidURL) as lost:
            raise stripe.APIConnectionError("no answer", should_retry=True) from lost
        return answer.content, answer.status_code, answer.headers

    async def sleep_async(self, secs: float) -> None:
        """Wait before another try."""
        await asyncio.sleep(secs)

    async def close_async(self) -> None:
        """Nothing is kept open."""


@dataclass(frozen=True, slots=True)
class Calls:
    """What is asked of Stripe with a key. Every method raises OutcomeUnknown, and InvalidRequestError."""

    key: str
    address: str
    transport: httpx.AsyncBaseTransport | None = None

    async def open(self, session: Mapping[str, Any], once: str) -> Session:
        """Open a session; again with the same key it is the same one."""
        call = self._sessions.create_async(cast(Any, session), {"idempotency_key": once})
        return await _answer(call, Session)

    async def session(self, ref: str) -> Session:
        """A session, with what was tried and paid."""
        return await _answer(self._sessions.retrieve_async(ref, {"expand": ["payment_intent.latest_charge"]}), Session)

    async def expire(self, ref: str) -> Session:
        """Let a session no longer be paid."""
        return await _answer(self._sessions.expire_async(ref), Session)

    def sessions(self, since: int, until: int) -> AsyncIterator[Session]:
        """The sessions that were opened in between (seconds)."""
        asked: Any = {"created": {"gte": since, "lt": until}, "limit": _PAGE}
        return _every(self._sessions.list_async(asked), Session)

    async def give_back(self, intended: str, cents: int, once: str) -> Refund:
        """Give some of a payment back; again with the same key it is the same refund."""
        asked: Any = {"payment_intent": intended, "amount": cents, "metadata": {"refund": once}}
        return await _answer(self._v1.refunds.create_async(asked, {"idempotency_key": once}), Refund)

    def refunds(self, intended: str) -> AsyncIterator[Refund]:
        """The refunds of a payment."""
        return _every(self._v1.refunds.list_async({"payment_intent": intended, "limit": _PAGE}), Refund)

    async def refund(self, ref: str) -> Refund:
        """A refund."""
        return await _answer(self._v1.refunds.retrieve_async(ref), Refund)

    async def dispute(self, ref: str) -> Dispute:
        """A dispute, with whose payment it is about."""
        return await _answer(self._v1.disputes.retrieve_async(ref, {"expand": ["payment_intent"]}), Dispute)

    async def payout(self, ref: str) -> Payout:
        """A payout."""
        return await _answer(self._v1.payouts.retrieve_async(ref), Payout)

    def payouts(self, since: int) -> AsyncIterator[Payout]:
        """The payouts that were made since (seconds)."""
        asked: Any = {"created": {"gte": since}, "limit": _PAGE}
        return _every(self._v1.payouts.list_async(asked), Payout)

    def moved(self, **asked: Any) -> AsyncIterator[Moved]:
        """Lines of the balance: of a payout, or between two instants."""
        known: Any = {"limit": _PAGE, "expand": ["data.source"], **asked}
        return _every(self._v1.balance_transactions.list_async(known), Moved)

    @property
    def _v1(self) -> Any:
        client = stripe.StripeClient(
            self.key,
            stripe_version=VERSION,
            base_addresses={"api": self.address},
            max_network_retries=1,
            http_client=Transport(self.transport),
        )
        return client.v1

    @property
    def _sessions(self) -> Any:
        return self._v1.checkout.sessions


async def _answer(call: Awaitable[Any], kind: type[T]) -> T:
    try:
        return _read(await call, kind)
    except stripe.InvalidRequestError:
        raise
    # ValueError: bytes that are no text, which the library does not expect.
    except (stripe.StripeError, msgspec.ValidationError, ValueError) as lost:
        _unknown(lost)


async def _every(call: Awaitable[Any], kind: type[T]) -> AsyncIterator[T]:
    try:
        async for one in (await call).auto_paging_iter():
            yield _read(one, kind)
    except stripe.InvalidRequestError:
        raise
    # ValueError: bytes that are no text, which the library does not expect.
    except (stripe.StripeError, msgspec.ValidationError, ValueError) as lost:
        _unknown(lost)


def _read(answer: Any, kind: type[T]) -> T:
    if not isinstance(answer, stripe.StripeObject):
        raise OutcomeUnknown
    return msgspec.convert(answer.to_dict(), kind)


def _unknown(lost: Exception) -> NoReturn:
    if isinstance(lost, stripe.AuthenticationError | stripe.PermissionError):
        log.error("stripe.key-refused")
        raise KeyRefused from lost
    raise OutcomeUnknown from lost
