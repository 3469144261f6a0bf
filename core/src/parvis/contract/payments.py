"""What a payment provider is to the platform: a small port, and the values that cross it. Amounts are whole cents.

A provider moves money at accounts of its own, one for each till that uses it; it keeps nothing of the platform's. Its
answers may be lost: whoever cannot say what became of a call raises `OutcomeUnknown`, and is asked again by `lookup`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol, runtime_checkable
from uuid import UUID

from parvis.errors import Text, Unavailable


class OutcomeUnknown(Unavailable):
    """The provider did not answer, or not understandably: what was asked for may have happened."""

    code = "provider-unknown"
    title = Text("The payment service does not answer. Nothing is lost: please look again in a few minutes.")


class Result(StrEnum):
    """What became of a payment. Only `paid` and `gone` are final: a refused card may be followed by another one."""

    PAID = "paid"
    REFUSED = "refused"
    ABANDONED = "abandoned"
    WAITING = "waiting"
    GONE = "gone"


class Sent(StrEnum):
    """What became of a refund that was asked for."""

    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """What a provider can do: amounts from `least` to `most`, refunds, cancelling, listing a day (`rows`).

    With `payouts` its plugin enters what it paid into the till's bank as it says so, and nobody does by hand.
    A payment's page can be come back to for `resume_for`, and may be paid on for `live_for`, both from its start.
    """

    least: int
    most: int
    refund: bool
    cancel: bool
    rows: bool
    payouts: bool = False
    resume_for: timedelta
    live_for: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be paid: the attempt (our own reference, never used twice), for what, and where to come back to."""

    attempt: UUID
    cents: int
    label: str
    mail: str
    back: str


@dataclass(frozen=True, slots=True)
class Started:
    """A payment at the provider: its reference there, and the page where the payer goes.

    `terms` is what the account is there at this moment (a number, a mode) and what an answer about the payment has to
    match, whatever the till says of its account later. No secret: it is kept as it is.
    """

    ref: str
    url: str
    terms: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What the provider says of a payment: `cents` and the instant (UTC) once paid, our attempt if it repeats it."""

    result: Result
    cents: int = 0
    at: datetime | None = None
    attempt: UUID | None = None


class RowKind(StrEnum):
    """What a line of a provider's statement is about."""

    CAPTURE = "capture"
    REFUND = "refund"


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a provider's statement: money in (capture) or given back (refund), always as a positive amount."""

    kind: RowKind
    ref: str
    cents: int


@runtime_checkable
class Provider(Protocol):
    """A way to pay. Every method but `caps` and `hint` may wait for the network, and never runs in a transaction.

    `hint` may read what the till said of its account, a secret for instance.
    """

    def caps(self, account: str) -> Caps:
        """What it can do at an account."""
        ...

    async def start(self, account: str, order: Order) -> Started:
        """Open a payment. Raises OutcomeUnknown, or Refused when the provider refuses the order for good."""
        ...

    async def lookup(self, account: str, ref: str, terms: str = "") -> Found:
        """What became of a payment; a reference it does not know is `gone`. Raises OutcomeUnknown.

        `terms` are those it was started under, empty for a reference that nobody here started.
        """
        ...

    async def hint(self, account: str, body: bytes, headers: Mapping[str, str]) -> tuple[str, ...]:
        """The references a notification names, to be looked up. Raises Invalid for one that is forged."""
        ...

    async def cancel(self, account: str, ref: str, terms: str = "") -> Found:
        """Let a payment no longer be paid; what became of it, for it may be too late. Raises OutcomeUnknown."""
        ...

    async def refund(self, account: str, ref: str, refund: UUID, cents: int) -> Sent:
        """Give back part or all of a payment; again with the same id it is done once."""
        ...

    async def rows(self, account: str, day: date) -> Sequence[Row]:
        """The statement of a day of the territory. Raises OutcomeUnknown."""
        ...
