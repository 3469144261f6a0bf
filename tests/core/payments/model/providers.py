"""The providers of the model: one that can do everything, and one that can do as little as PayFiP."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from tests.core.payments.model.crashes import PROCESS

from parvis import clock
from parvis.contract.payments import Caps, Found, Provider, Result, Row, RowKind, Sent
from parvis.payments.providers import Away, Bank
from parvis.testing.sandbox_provider import Sandbox

NIGHT = timedelta(hours=12)
# By account; examples that failed leave something to poll, so that their providers go on answering.
known: dict[str, Provider] = {}


@dataclass(slots=True)
class Dispute:
    """Money that the payer's bank took back; `won` once it is decided."""

    cents: int
    won: bool | None = None

    @property
    def held(self) -> int:
        """What the provider no longer has because of it."""
        return 0 if self.won else self.cents


@dataclass(slots=True)
class Card(Sandbox):
    """Can do all that a provider can. `illegible` payments are answered with what nobody understands; `came_back` are
    refunds whose money came back on a day. It gives nothing back that it does not have.
    """

    disputes: dict[str, Dispute] = field(default_factory=dict)
    payouts: list[int] = field(default_factory=list)
    illegible: set[str] = field(default_factory=set)
    came_back: dict[UUID, date] = field(default_factory=dict)

    def payable(self, ref: str) -> bool:
        """Whether its page may be paid at this moment."""
        payment = self.payments[ref]
        over = payment.result in {Result.PAID, Result.GONE}
        return not over and clock.now() < payment.opened + self.caps("").live_for

    async def lookup(self, account: str, ref: str, terms: str = "") -> Found:
        if ref in self.illegible:
            raise KeyError(ref)
        return await Sandbox.lookup(self, account, ref, terms)

    async def refund(self, account: str, ref: str, refund: UUID, cents: int) -> Sent:
        held = self.disputes[ref].held if ref in self.disputes else 0
        if refund not in self.refunds and self.given_back(ref) + cents > self.payments[ref].cents - held:
            self._answer()
            return Sent.FAILED
        return await Sandbox.refund(self, account, ref, refund, cents)

    async def rows(self, account: str, day: date) -> Sequence[Row]:
        back = [refund for refund, when in self.came_back.items() if when == day]
        rows = [Row(RowKind.CAPTURE, str(refund), self.refunds[refund][1]) for refund in back]
        return [*await Sandbox.rows(self, account, day), *rows]

    def given_back(self, ref: str) -> int:
        """What was given back of a payment, and did not come back."""
        return sum(
            cents for refund, (other, cents, _) in self.refunds.items() if other == ref and refund not in self.came_back
        )

    @property
    def holds(self) -> int:
        """What it has collected and neither given back nor paid out."""
        came = sum(payment.cents for payment in self.payments.values() if payment.paid)
        gone = sum(map(self.given_back, self.payments))
        return came - gone - sum(one.held for one in self.disputes.values()) - sum(self.payouts)

    def _answer(self) -> None:
        PROCESS.step()
        Sandbox._answer(self)

    def _lose(self) -> None:
        PROCESS.step()
        Sandbox._lose(self)


@dataclass(slots=True)
class Public(Card):
    """As PayFiP: nothing is cancelled, given back or listed; what nobody paid is forgotten at night, and what was
    refused or broken off is still known, but no longer paid, after twenty minutes."""

    def caps(self, account: str) -> Caps:
        return replace(Sandbox.caps(self, account), refund=False, cancel=False, rows=False)

    async def lookup(self, account: str, ref: str, terms: str = "") -> Found:
        self._answer()
        if ref in self.illegible:
            raise KeyError(ref)
        payment = self.payments.get(ref)
        if payment is None or (payment.result == Result.WAITING and clock.now() >= _night(payment.opened)):
            return Found(Result.GONE)
        return Found(payment.result, payment.cents, payment.paid, payment.order.attempt)

    async def cancel(self, account: str, ref: str, terms: str = "") -> Found:
        return await self.lookup(account, ref, terms)

    async def refund(self, account: str, ref: str, refund: UUID, cents: int) -> Sent:
        return Sent.FAILED


def _night(opened: datetime) -> datetime:
    return opened + NIGHT


def provider_of(account: str) -> Provider:
    """The provider of an account of any example."""
    return Bank() if account.startswith("sepa-") else known.get(account) or Away()
