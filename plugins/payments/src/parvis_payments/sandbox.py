"""A card payment where nothing is collected: the platform's provider for demonstrations, at the simulated service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, TypeVar
from urllib.parse import parse_qsl
from uuid import UUID

import httpx
import msgspec
from litestar import Request, Response, Router, post
from litestar.params import FromPath

from parvis import settings
from parvis.contract.payments import Caps, Found, Order, OutcomeUnknown, Row, Sent, Started
from parvis.errors import NotFound, Refusal, Refused, Text
from parvis.identity import guards
from parvis.payments import attempts
from parvis.payments.accounts import account as account_of
from parvis_payments.environment import Environment
from parvis_payments.keys import SANDBOX

NOTIFIED = "/card-sandbox"
LEAST, MOST = 100, 9_999_999
_BYTES = 4_000
T = TypeVar("T")


class CardOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What a payment is opened with."""

    account: str
    order: Order
    notify: str


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What is asked about a payment, or a day."""

    account: str
    ref: str = ""
    refund: UUID | None = None
    cents: int = 0
    day: date | None = None


@dataclass(frozen=True, slots=True)
class CardSandbox:
    """The provider; `transport` is for tests."""

    transport: httpx.AsyncBaseTransport | None = None

    def caps(self, account: str) -> Caps:  # noqa: ARG002
        """All that a provider can do."""
        minute = timedelta(minutes=1)
        return Caps(
            least=LEAST, most=MOST, refund=True, cancel=True, rows=True, resume_for=15 * minute, live_for=20 * minute
        )

    async def start(self, account: str, order: Order) -> Started:
        """Open a payment. Raises OutcomeUnknown, Refused."""
        notify = f"{settings.current().base_url}{NOTIFIED}/{account}"
        ref = await self._ask("start", CardOrder(account=account, order=order, notify=notify), str)
        return Started(ref, f"{_address()}/pay/{ref}")

    async def lookup(self, account: str, ref: str, terms: str = "") -> Found:  # noqa: ARG002
        """What became of a payment. Raises OutcomeUnknown."""
        return await self._ask("lookup", Asked(account=account, ref=ref), Found)

    async def hint(self, account: str, body: bytes, headers: Mapping[str, str]) -> tuple[str, ...]:  # noqa: ARG002
        """The reference that a notification names."""
        return tuple(typed for name, typed in parse_qsl(body.decode("utf-8", "replace")) if name == "ref")

    async def cancel(self, account: str, ref: str, terms: str = "") -> Found:  # noqa: ARG002
        """Let a payment no longer be paid. Raises OutcomeUnknown."""
        return await self._ask("cancel", Asked(account=account, ref=ref), Found)

    async def refund(self, account: str, ref: str, refund: UUID, cents: int) -> Sent:
        """Give back. Raises OutcomeUnknown."""
        return await self._ask("refund", Asked(account=account, ref=ref, refund=refund, cents=cents), Sent)

    async def rows(self, account: str, day: date) -> Sequence[Row]:
        """The statement of a day. Raises OutcomeUnknown."""
        return await self._ask("rows", Asked(account=account, day=day), tuple[Row, ...])

    async def _ask(self, what: str, asked: msgspec.Struct, kind: type[T]) -> T:
        try:
            async with httpx.AsyncClient(transport=self.transport, timeout=15) as http:
                answer = await http.post(f"{_address()}/{what}", content=msgspec.json.encode(asked))
            if answer.status_code == 422:
                raise Refused(Refusal("provider-amount", Text("The payment service takes no such amount."), "cents"))
            answer.raise_for_status()
            return msgspec.json.decode(answer.content, type=kind)
        except (httpx.HTTPError, httpx.InvalidURL, msgspec.MsgspecError) as lost:
            raise OutcomeUnknown from lost


def available() -> bool:
    """Whether the operator runs the simulated service."""
    return bool(_address())


@post("/{account:str}", status_code=204, **guards.page(guards.public(), "everyone", cross_site=True))
async def notified(request: Request[Any, Any, Any], account: FromPath[str]) -> Response[None]:
    """Look up what the notification names."""
    if (await account_of(account)).provider != SANDBOX:
        raise NotFound
    await attempts.notified(CardSandbox(), account, (await request.body())[:_BYTES], {})
    return Response(None, status_code=204)


ROUTER = Router("/", route_handlers=[notified])


def _address() -> str:
    return settings.provided(Environment).sandbox
