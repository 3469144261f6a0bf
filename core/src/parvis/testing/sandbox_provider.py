"""A payment provider in memory: it keeps to the port as a good provider does, and fails on demand as a bad one."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec

from parvis import clock, settings
from parvis.contract.payments import Caps, Found, Order, OutcomeUnknown, Result, Row, RowKind, Sent, Started
from parvis.errors import Invalid, Refusal, Refused, Text

SIGNATURE = "x-sandbox-signature"


@dataclass(slots=True)
class _Payment:
    account: str
    order: Order
    opened: datetime
    result: Result = Result.WAITING
    cents: int = 0
    paid: datetime | None = None


@dataclass(slots=True)
class Sandbox:
    """The provider. `down` answers nothing; `answer_lost` does what it is asked and then answers nothing; `paid_late`
    lets a page be paid after its time, as long as nobody asked about it. With `payouts` it says that it tells of them.
    """

    least: int = 100
    most: int = 9_999_999
    down: bool = False
    answer_lost: bool = False
    refuses_refunds: bool = False
    paid_late: bool = False
    payouts: bool = False
    payments: dict[str, _Payment] = field(default_factory=dict)
    refunds: dict[UUID, tuple[str, int, date]] = field(default_factory=dict)
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def caps(self, account: str) -> Caps:  # noqa: ARG002
        """All that a provider can do; a page for 15 minutes, which may be paid on for 20."""
        minutes = timedelta(minutes=1)
        return Caps(
            least=self.least,
            most=self.most,
            refund=True,
            cancel=True,
            rows=True,
            payouts=self.payouts,
            resume_for=15 * minutes,
            live_for=20 * minutes,
        )

    async def start(self, account: str, order: Order) -> Started:
        """Open a payment. Raises OutcomeUnknown, Refused for an amount outside its limits."""
        self._answer()
        if not self.least <= order.cents <= self.most:
            raise Refused(Refusal("provider-amount", Text("The payment service takes no such amount."), "cents"))
        ref = secrets.token_hex(8)
        self.payments[ref] = _Payment(account, order, clock.now())
        self._lose()
        return Started(ref, f"https://sandbox.invalid/pay/{ref}")

    async def lookup(self, account: str, ref: str, terms: str = "") -> Found:  # noqa: ARG002
        """What became of a payment. Raises OutcomeUnknown."""
        self._answer()
        payment = self.payments.get(ref)
        if payment is None or payment.account != account:
            return Found(Result.GONE)
        if payment.result != Result.PAID and self._over(payment):
            payment.result = Result.GONE
        return Found(payment.result, payment.cents, payment.paid, payment.order.attempt)

    async def hint(self, account: str, body: bytes, headers: Mapping[str, str]) -> tuple[str, ...]:  # noqa: ARG002
        """The reference that a signed notification names. Raises Invalid."""
        if not hmac.compare_digest(self._signature(body), headers.get(SIGNATURE, "")):
            raise Invalid(Refusal("notification-forged", Text("This notification is not signed by the provider.")))
        return (msgspec.json.decode(body, type=str),)

    async def cancel(self, account: str, ref: str, terms: str = "") -> Found:  # noqa: ARG002
        """Let a payment no longer be paid, unless it is. Raises OutcomeUnknown."""
        found = await self.lookup(account, ref)
        if found.result not in {Result.PAID, Result.GONE}:
            self.payments[ref].result = Result.GONE
        return await self.lookup(account, ref)

    async def refund(self, account: str, ref: str, refund: UUID, cents: int) -> Sent:
        """Give back, once for each id. Raises OutcomeUnknown."""
        self._answer()
        payment = self.payments.get(ref)
        given = sum(given for other, given, _ in self.refunds.values() if other == ref)
        if refund not in self.refunds:
            if payment is None or payment.account != account or self.refuses_refunds or given + cents > payment.cents:
                return Sent.FAILED
            self.refunds[refund] = (ref, cents, _day(clock.now()))
        self._lose()
        return Sent.DONE

    async def rows(self, account: str, day: date) -> Sequence[Row]:
        """The statement of a day. Raises OutcomeUnknown."""
        self._answer()
        paid = [
            Row(RowKind.CAPTURE, ref, found.cents)
            for ref, found in self.payments.items()
            if found.paid is not None and found.account == account and _day(found.paid) == day
        ]
        given = [
            Row(RowKind.REFUND, str(refund), cents)
            for refund, (ref, cents, when) in self.refunds.items()
            if when == day and self.payments[ref].account == account
        ]
        return paid + given

    def pay(self, ref: str, cents: int | None = None) -> None:
        """The payer pays; another amount than was asked for if it is given. Raises LookupError once it is too late."""
        payment = self.payments[ref]
        if payment.result in {Result.PAID, Result.GONE} or (self._over(payment) and not self.paid_late):
            raise LookupError(payment.result)
        payment.result, payment.paid = Result.PAID, clock.now()
        payment.cents = payment.order.cents if cents is None else cents

    def refuse(self, ref: str) -> None:
        """The payer's card is refused; another one may follow."""
        self.payments[ref].result = Result.REFUSED

    def abandon(self, ref: str) -> None:
        """The payer turns back."""
        self.payments[ref].result = Result.ABANDONED

    def notification(self, ref: str) -> tuple[bytes, dict[str, str]]:
        """The body and headers with which it says that something became of a payment."""
        body = msgspec.json.encode(ref)
        return body, {SIGNATURE: self._signature(body)}

    def _over(self, payment: _Payment) -> bool:
        return clock.now() >= payment.opened + self.caps(payment.account).live_for

    def _signature(self, body: bytes) -> str:
        return hmac.new(self._key, body, hashlib.sha256).hexdigest()

    def _answer(self) -> None:
        if self.down:
            raise OutcomeUnknown

    def _lose(self) -> None:
        if self.answer_lost:
            raise OutcomeUnknown


def _day(at: datetime) -> date:
    return at.astimezone(settings.current().zone).date()
