"""The providers of the model: one that can do everything, and one that can do as little as PayFiP."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from tests.core.payments.model.crashes import PROCESS

from parvis import clock
from parvis.contract.payments import Caps, Found, Provider, Result, Row, RowKind, Sent
from parvis.payments.books import ledger
from parvis.payments.providers import Away, Bank
from parvis.testing.sandbox_provider import Sandbox

NIGHT = timedelta(hours=12)
# By account; examples that failed leave something to poll, so that their providers go on answering.
known: dict[str, Provider] = {}


@dataclass(slots=True)
class Dispute:
    """Money of a payment that its payer's bank took back; `won` once it is decided."""

    payment: str
    cents: int
    won: bool | None = None

    @property
    def held(self) -> int:
        """What the provider no longer has because of it."""
        return 0 if self.won else self.cents


@dataclass(slots=True)
class Card(Sandbox):
    """Can do all that a provider can. `illegible` payments are answered with what nobody understands; `came_back` are
    refunds whose money came back on a day; `taken_back` is what banks took without a word. It gives nothing back that
    it does not have.
    """

    disputes: dict[str, Dispute] = field(default_factory=dict)
    payouts: list[int] = field(default_factory=list)
    illegible: set[str] = field(default_factory=set)
    came_back: dict[UUID, date] = field(default_factory=dict)
    taken_back: dict[str, int] = field(default_factory=dict)

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
        self._answer()
        if refund in self.came_back:
            return Sent.FAILED
        if refund not in self.refunds:
            if self.refuses_refunds or ref not in self.payments or cents > self.left(ref):
                return Sent.FAILED
            self.refunds[refund] = (ref, cents, ledger.today())
        self._lose()
        return Sent.DONE

    async def rows(self, account: str, day: date) -> Sequence[Row]:
        back = [refund for refund, when in self.came_back.items() if when == day]
        rows = [Row(RowKind.CAPTURE, str(refund), self.refunds[refund][1]) for refund in back]
        return [*await Sandbox.rows(self, account, day), *rows]

    def given_back(self, ref: str) -> int:
        """What was given back of a payment, and did not come back."""
        return sum(
            cents for refund, (other, cents, _) in self.refunds.items() if other == ref and refund not in self.came_back
        )

    def left(self, ref: str) -> int:
        """What it has of a payment; what had left before a bank took it all is missing."""
        held = sum(one.held for one in self.disputes.values() if one.payment == ref)
        came = self.payments[ref].cents if self.payments[ref].paid else 0
        return came - self.given_back(ref) - held - self.taken_back.get(ref, 0)

    @property
    def holds(self) -> int:
        """What it has collected and neither given back nor paid out."""
        return sum(map(self.left, self.payments)) - sum(self.payouts)

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
