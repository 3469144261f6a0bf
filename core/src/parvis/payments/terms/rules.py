"""Terms of giving back: steps towards the beginning, each a share of the price until its time; after the last, nothing.
Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from parvis.errors import Refusal, Text
from parvis.payments.money import FULL_BP, MOST, Cents, euros, half_up

Unit: TypeAlias = Literal["days", "hours"]
MOST_STEPS = 4
LONGEST_DAYS = 366
_HOURS: dict[Unit, int] = {"days": 24, "hours": 1}


@dataclass(frozen=True, slots=True)
class Step:
    """Until so many days or hours before the beginning, a share of the price in hundredths of a percent.

    Days are the territory's: the same time by the clock, so many days earlier.
    """

    before: int
    unit: Unit
    bp: int

    @property
    def hours(self) -> int:
        """How long before, on days of 24 hours."""
        return self.before * _HOURS[self.unit]

    def until(self, begins: datetime, zone: ZoneInfo) -> datetime:
        """The last instant (UTC) at which it holds for what begins then.

        >>> Step(1, "days", 10_000).until(datetime(2027, 3, 28, 12, tzinfo=UTC), ZoneInfo("Europe/Paris")).isoformat()
        '2027-03-27T13:00:00+00:00'
        """
        if self.unit == "hours":
            return begins.astimezone(UTC) - timedelta(hours=self.before)
        return (begins.astimezone(zone) - timedelta(days=self.before)).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Terms:
    """What is given back to whoever cancels: the steps, the earliest first; `fee` is kept of each place.

    Without a step nothing is. `as_credit`: it is kept for the payer's next bill, and not paid out.
    """

    steps: tuple[Step, ...] = ()
    fee: Cents = 0
    as_credit: bool = False


def share(terms: Terms, begins: datetime, at: datetime, zone: ZoneInfo) -> int:
    """Which share of the price is given back at an instant, in hundredths of a percent: the first step's that holds.

    >>> terms = Terms((Step(7, "days", 10_000), Step(24, "hours", 5000)))
    >>> begins, zone = datetime(2027, 6, 20, 12, tzinfo=UTC), ZoneInfo("Europe/Paris")
    >>> [share(terms, begins, begins - timedelta(hours=hours), zone) for hours in (168, 167, 24, 23, -1)]
    [10000, 5000, 5000, 0, 0]
    """
    return next((step.bp for step in terms.steps if at <= step.until(begins, zone)), 0)


def given_back(price: Cents, terms: Terms, begins: datetime, at: datetime, zone: ZoneInfo) -> Cents:
    """What of a line's price is given back to who cancels it at an instant: rounded once, then less what is kept.

    >>> begins, zone = datetime(2027, 6, 20, 12, tzinfo=UTC), ZoneInfo("Europe/Paris")
    >>> given_back(1001, Terms((Step(0, "hours", 5000),), fee=200), begins, begins, zone)
    301
    """
    return less_fee(price, share(terms, begins, at, zone), terms.fee)


def less_fee(price: Cents, bp: int, fee: Cents) -> Cents:
    """A share of a price, rounded once, less what is kept; never below nothing.

    >>> less_fee(1001, 5000, 0), less_fee(1001, 5000, 600)
    (501, 0)
    """
    return max(0, half_up(price * bp, FULL_BP) - fee)


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line's price: whether it is paid, and what can be given back: a credit that was used, and money."""

    cents: Cents
    paid: bool
    credit: Cents = 0
    money: Cents = 0


@dataclass(frozen=True, slots=True)
class Returned:
    """What of a piece is given back: of the payer's credit, and as money."""

    credit: Cents
    money: Cents


def parted(due: Cents, pieces: Sequence[Piece]) -> list[Returned]:
    """What is given back of each piece so that of the line `due` is, the first pieces first, credit before money.

    What is kept is kept of what was paid: who has paid a part only gets less. Never more than is there.

    >>> paid, unpaid = Piece(500, True, 0, 500), Piece(500, False)
    >>> [[one.money for one in parted(due, [unpaid, paid])] for due in (1000, 700, 500)]
    [[0, 500], [0, 200], [0, 0]]
    """
    rest = due - sum(piece.cents for piece in pieces if not piece.paid)
    found = []
    for piece in pieces:
        back = max(0, min(rest, piece.cents, piece.credit + piece.money)) if piece.paid else 0
        credit = min(back, piece.credit)
        found.append(Returned(credit, back - credit))
        rest -= back
    return found


def owed(price: Cents, due: Cents, pieces: Iterable[Piece]) -> Cents:
    """What of a price is still to be paid once `due` of it is given back, or no longer asked for.

    >>> owed(1000, 700, [Piece(500, True)]), owed(1000, 200, [Piece(500, True)])
    (0, 300)
    """
    return max(0, price - due - sum(piece.cents for piece in pieces if piece.paid))


def spread(cents: Cents, most: Iterable[Cents]) -> list[Cents]:
    """An amount over places that each take so much at most, the first ones first; what none takes is left out.

    >>> spread(700, [500, 100, 300])
    [500, 100, 100]
    """
    taken = list[Cents]()
    for limit in most:
        taken.append(max(0, min(limit, cents - sum(taken))))
    return taken


def faults(terms: Terms) -> list[Refusal]:
    """All that is wrong with terms; the fields are those of `steps`, by their place."""
    if len(terms.steps) > MOST_STEPS:
        return [Refusal("terms-many", Text("There are at most {most} steps.", {"most": MOST_STEPS}))]
    found = [wrong for n, step in enumerate(terms.steps) for wrong in _step_faults(n, step)]
    found += _order_faults(terms.steps)
    if not 0 <= terms.fee <= MOST:
        found.append(Refusal("terms-fee", Text("Write an amount of zero or more."), "fee"))
    elif terms.fee and not terms.steps:
        text = Text("Where nothing is given back, nothing can be kept of it: leave the amount empty.")
        found.append(Refusal("terms-fee", text, "fee"))
    return found


def since_fault(since: date, today: date) -> Refusal | None:
    """Why terms cannot hold from a day on: what was ordered stays as it was."""
    if not today <= since <= today + timedelta(days=LONGEST_DAYS):
        return Refusal("terms-since", Text("Write a day from today on, within a year."), "since")
    return None


def _step_faults(n: int, step: Step) -> list[Refusal]:
    found = []
    if not 0 <= step.hours <= LONGEST_DAYS * _HOURS["days"]:
        text = Text("Write a whole number, and no more than {most} days.", {"most": LONGEST_DAYS})
        found.append(Refusal("terms-before", text, f"steps-{n}-before"))
    if not 1 <= step.bp <= FULL_BP:
        text = Text("Write a percentage above 0 and up to 100.")
        found.append(Refusal("terms-share", text, f"steps-{n}-share"))
    return found


def _order_faults(steps: Sequence[Step]) -> list[Refusal]:
    found = []
    for n, (earlier, later) in enumerate(pairwise(steps), 1):
        if later.hours >= earlier.hours:
            text = Text("Each step ends nearer to the beginning than the one above it.")
            found.append(Refusal("terms-order", text, f"steps-{n}-before"))
        if later.bp > earlier.bp:
            text = Text("Nearer to the beginning no more is given back than before.")
            found.append(Refusal("terms-rising", text, f"steps-{n}-share"))
        elif later.bp == earlier.bp:
            text = Text("The step above it gives as much: leave that one out.")
            found.append(Refusal("terms-same", text, f"steps-{n}-share"))
    return found


def percent(bp: int) -> str:
    """Hundredths of a percent as people write them, without a figure too many.

    >>> percent(10_000), percent(3333), percent(1250)
    ('100', '33,33', '12,5')
    """
    whole, _, rest = euros(bp).partition(",")
    return f"{whole},{rest}".rstrip("0").rstrip(",")
