"""When a till has to hand its money over: once it has what it may keep, each month, at the year's end, to a new
régisseur.

Décret 2012-1246 and instruction 06-031-A-B-M: at least once a month, on 31 December, when the régisseur changes, and
as soon as what the till's act lets it keep is reached: in cash, and with what lies at the bank (encaisse consolidée).
Pure.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, TypeAlias
from uuid import UUID

from parvis.errors import Refusal, Text
from parvis.payments.books.lying import Lying
from parvis.payments.books.postings import BANK, CASH
from parvis.payments.counter.counting import BY_HAND, lies_in
from parvis.payments.money import MOST, Cents

Kind: TypeAlias = Literal["cash", "held", "month", "year", "keeper"]
# What a till itself can hand over: what a provider still has is not there yet.
HANDED: tuple[str, ...] = (*map(lies_in, BY_HAND), BANK)
_BEFORE_MONTH, _BEFORE_YEAR, _BEFORE_KEEPER = timedelta(days=5), timedelta(days=16), timedelta(days=5)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a till may keep in cash, and with the bank's; None without a limit. Who keeps it, and from which day on."""

    cash_most: Cents | None = None
    held_most: Cents | None = None
    keeper: UUID | None = None
    keeper_since: date | None = None


@dataclass(frozen=True, slots=True)
class Duty:
    """Why so much is to be handed over, and the last day for it; for a limit, the day since which the oldest lies."""

    kind: Kind
    cents: Cents
    by: date

    def is_late(self, today: date) -> bool:
        """Whether it should have been done already; a limit that is reached always is."""
        return self.kind in ("cash", "held") or today > self.by


def duties(found: Sequence[Lying], limits: Limits, today: date) -> tuple[Duty, ...]:
    """What is to be handed over, and why: the limits first.

    >>> there = [Lying("cash", 40_000, date(2026, 11, 27))]
    >>> [(one.kind, str(one.by)) for one in duties(there, Limits(cash_most=30_000), date(2026, 11, 27))]
    [('cash', '2026-11-27'), ('month', '2026-11-30')]
    """
    there = [one for one in found if one.account in HANDED and one.cents > 0 and one.since]
    return (*_reached(there, limits), *_by_day(there, limits, today))


def limits_faults(limits: Limits, today: date) -> list[Refusal]:
    """Why a till cannot have such limits."""
    found = [
        Refusal("limit", Text("Write an amount of at least a cent, or leave it empty."), name)
        for name, cents in (("cash_most", limits.cash_most), ("held_most", limits.held_most))
        if cents is not None and not 1 <= cents <= MOST
    ]
    if (limits.keeper is None) != (limits.keeper_since is None):
        found.append(Refusal("keeper", Text("Say who keeps the till, and from which day on."), "keeper_since"))
    if limits.keeper_since and limits.keeper_since > today + timedelta(days=366):
        found.append(Refusal("keeper-day", Text("Write a day within a year."), "keeper_since"))
    return found


def _reached(there: Sequence[Lying], limits: Limits) -> Iterator[Duty]:
    cash = [one for one in there if one.account == CASH]
    held = [one for one in there if one.account in (CASH, BANK)]
    asked: list[tuple[Kind, Sequence[Lying], Cents | None]] = [
        ("cash", cash, limits.cash_most),
        ("held", held, limits.held_most),
    ]
    for kind, counted, most in asked:
        if most is not None and _sum(counted) >= most:
            yield Duty(kind, _sum(counted), _oldest(counted))


def _by_day(there: Sequence[Lying], limits: Limits, today: date) -> Iterator[Duty]:
    if not there:
        return
    oldest = _oldest(there)
    year = date(oldest.year, 12, 31)
    month = oldest.replace(day=monthrange(oldest.year, oldest.month)[1])
    if month == year or today > year:
        if today >= year - _BEFORE_YEAR:
            yield Duty("year", _sum(there), year)
    elif today >= month - _BEFORE_MONTH:
        yield Duty("month", _sum(there), month)
    since = limits.keeper_since
    if since and oldest < since and today >= since - _BEFORE_KEEPER:
        yield Duty("keeper", _sum(there), since)


def _sum(there: Sequence[Lying]) -> Cents:
    return sum(one.cents for one in there)


def _oldest(there: Sequence[Lying]) -> date:
    return min(one.since for one in there if one.since)
