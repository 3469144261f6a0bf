"""What may become of a payment: three tables of transitions, and who may decide. Pure.

A move that a table does not have is refused; money that came in is never refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from parvis.errors import Invalid, Refusal, Refused, Text
from parvis.payments.money import MOST, Cents, euros
from parvis.payments.wording import METHODS, STATES

Moves: TypeAlias = Mapping[tuple[str, str], str]
Way: TypeAlias = Literal["free", "online", "counter"]
# How money that came in is taken: for a place; in vain; a second time; for nothing that is known here.
Outcome: TypeAlias = Literal["paid", "vain", "extra", "unknown"]


def _moves(*rows: tuple[str, str, str]) -> Moves:
    found = {(state, move): after for states, move, after in rows for state in states.split("|")}
    return MappingProxyType(found)


INTENT = _moves(
    ("created", "start", "pending"),
    ("pending|expired", "start", "pending"),
    ("pending", "stop", "created"),
    ("created|pending|expired", "cancel", "cancelled"),
    ("created|pending", "expire", "expired"),
    ("created|pending|expired", "paid", "paid"),
    ("created|pending|expired", "pass-on", "passed_on"),
    ("passed_on", "recall", "expired"),
    ("created|pending|expired|cancelled", "vain", "to_refund"),
    # The public accountant still collects it, whatever came here and goes back.
    ("passed_on", "vain", "passed_on"),
    ("paid", "extra", "paid"),
    ("to_refund", "extra", "to_refund"),
    ("refunded", "extra", "refunded"),
    ("to_refund|expired", "place", "paid"),
    ("paid", "return", "created"),
    ("to_refund", "return", "cancelled"),
    ("to_refund", "repaid", "refunded"),
    ("refunded", "bounce", "to_refund"),
    ("paid", "undo", "created"),
)
ATTEMPT = _moves(
    ("creating", "answer", "live"),
    ("creating", "lose", "lost"),
    ("live", "end", "dead"),
    ("creating|live|lost|dead|paid", "pay", "paid"),
)
REFUND = _moves(
    ("requested", "approve", "approved"),
    ("requested", "reject", "rejected"),
    ("approved", "send", "sent"),
    ("approved|failed", "cancel", "cancelled"),
    ("sent|unknown", "done", "done"),
    ("sent|unknown", "failed", "failed"),
    ("sent", "unknown", "unknown"),
    ("failed", "approve", "approved"),
    ("done", "bounce", "bounced"),
)
# What counts against the money that came in: nobody can ask for more than is left.
REFUND_OPEN = frozenset({"requested", "approved", "failed"})
REFUND_LEFT = frozenset({"sent", "unknown", "done"})
REFUND_HELD = REFUND_OPEN | REFUND_LEFT
# The ways by which money comes back without a word to us: somebody reads it on the bank's papers. A provider says so.
BACK_BY_HAND = frozenset({"mandate", "advances"})
# Minutes after a payment was opened; notifications may never come.
_LOOKS = (1, 3, 6, 10, 15, 20, 30, 60, 120)
_MORNING = time(7)
# A provider that is away is asked again so soon, and in the end so rarely, for as long as any keeps what was paid.
_AGAIN, _DAY, _READABLE = timedelta(minutes=5), timedelta(days=1), timedelta(days=365)


def after(moves: Moves, state: str, move: str) -> str:
    """The state after a move. Raises Refused if it is not for this state.

    >>> after(INTENT, "created", "start")
    'pending'
    """
    if (state, move) not in moves:
        text = Text("This cannot be done: {state}.", {"state": STATES[state]})
        raise Refused(Refusal("not-in-this-state", text))
    return moves[state, move]


def outcome(state: str, due: Cents, cents: Cents) -> Outcome:
    """How money for an intent is taken, before it is known whether the place is free.

    >>> [outcome(state, 1000, 1000) for state in ("expired", "cancelled", "paid")], outcome("pending", 1000, 999)
    (['paid', 'vain', 'extra'], 'vain')
    """
    if (state, "extra") in INTENT:
        return "extra"
    return "paid" if (state, "paid") in INTENT and cents >= due else "vain"


def way(cents: Cents, least: Cents, most: Cents) -> Way:
    """How an amount can be paid: not at all, online, or at the counter. Raises Refused above the most.

    >>> way(0, 100, 9_999_999), way(99, 100, 9_999_999), way(100, 100, 9_999_999)
    ('free', 'counter', 'online')
    """
    if cents > most:
        told = {"most": euros(most)}
        text = Text("At most {most} euros can be paid online at once: please ask for instalments.", told)
        raise Refused(Refusal("amount-above", text, "cents"))
    if cents == 0:
        return "free"
    return "online" if cents >= least else "counter"


def minutes(left: timedelta) -> int:
    """What is left of a time, in whole minutes, one at least.

    >>> minutes(timedelta(seconds=61)), minutes(timedelta(seconds=59)), minutes(timedelta(0))
    (1, 1, 1)
    """
    return max(1, left // timedelta(minutes=1))


def next_look(created: datetime, looked: int, zone: ZoneInfo) -> datetime | None:
    """When to ask (UTC) what became of a payment that nobody told us of, asked so often already; None: no more.

    Two hours in ever longer steps, then the next morning, when a provider has forgotten what was never paid.
    """
    if looked < len(_LOOKS):
        return created + timedelta(minutes=_LOOKS[looked])
    if looked > len(_LOOKS):
        return None
    morning = created.astimezone(zone).date() + timedelta(days=1)
    return datetime.combine(morning, _MORNING, zone).astimezone(UTC)


def look_again(created: datetime, now: datetime) -> datetime | None:
    """When to ask once more (UTC) about a payment that nobody gave an answer about; None: no more, after a year.

    After an eighth of the time that has passed: five minutes at first, once a day in the end.

    >>> opened = datetime(2027, 1, 4, 12, tzinfo=UTC)
    >>> [str(look_again(opened, opened + timedelta(hours=hours)))[5:16] for hours in (0, 8, 24 * 30)]
    ['01-04 12:05', '01-04 21:00', '02-04 12:00']
    """
    if now - created >= _READABLE:
        return None
    return now + min(max((now - created) / 8, _AGAIN), _DAY)


def checked_cents(cents: object, field: str = "cents") -> Cents:
    """An amount that is a whole number of cents, not negative. Raises Invalid."""
    if type(cents) is int and 0 <= cents <= MOST:
        return cents
    text = Text("“{cents}” is not an amount in whole cents, zero or more.", {"cents": str(cents)[:40]})
    raise Invalid(Refusal("amount", text, field))


def refund_fault(cents: Cents, left: Cents) -> Refusal | None:
    """Why so much cannot be given back of what came in, of which so much is left.

    >>> [refund_fault(cents, 600) is None for cents in (0, 1, 600, 601)]
    [False, True, True, False]
    """
    if cents < 1:
        return Refusal("refund-nothing", Text("Give back at least a cent."), "cents")
    if cents > left:
        text = Text("More than was paid cannot be given back: {left} euros are left.", {"left": euros(left)})
        return Refusal("refund-above", text, "cents")
    return None


def credit_way(gives_back: str, there: Cents, cents: Cents) -> str:
    """By which way a credit is paid out, where the account gives money back by one and so much is left at its provider.

    >>> credit_way("provider", 1200, 1200), credit_way("provider", 1199, 1200), credit_way("credit", 1200, 1200)
    ('provider', 'mandate', 'mandate')
    """
    # What is a credit already is wanted as money; and nobody gives the same money back twice.
    return "mandate" if gives_back == "credit" or (gives_back == "provider" and cents > there) else gives_back


def return_fault(online: bool, came_in: date, day: date, today: date) -> Refusal | None:
    """Why nobody can enter by hand that a bank took money back on a day, that had come in on another.

    >>> monday, tuesday = date(2026, 3, 9), date(2026, 3, 10)
    >>> return_fault(True, monday, tuesday, tuesday) is None, return_fault(True, tuesday, monday, tuesday).field
    (True, 'day')
    """
    if not online:
        text = Text("Here only what was paid online is entered. A direct debit that came back is entered at its batch.")
        return Refusal("return-elsewhere", text, "day")
    if not came_in <= day <= today:
        return Refusal("return-day", Text("Write a day since the payment, not after today."), "day")
    return None


def back_fault(method: str) -> Refusal | None:
    """Why nobody can enter by hand that a refund came back which left by a method.

    >>> back_fault("mandate") is None, back_fault("provider").code, back_fault("cash").code
    (True, 'refund-told', 'refund-method')
    """
    if method in BACK_BY_HAND:
        return None
    if method == "provider":
        return Refusal("refund-told", Text("The payment service says itself that a refund came back."), "method")
    text = Text("Such a refund does not come back: {method}.", {"method": METHODS[method]})
    return Refusal("refund-method", text, "method")


def approval_fault(requested_by: object, by: object) -> Refusal | None:
    """Why somebody may not approve a refund: who asked for it needs somebody else."""
    if by is None or by == requested_by:
        return Refusal("second-person", Text("Somebody else has to approve what you asked for."), "by")
    return None
