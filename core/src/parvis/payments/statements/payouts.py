"""Payouts of a statement's file against the books: one whose reference they have with another amount differs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import TypeAlias

from parvis.payments.books import transfers
from parvis.payments.books.transfers import Moved
from parvis.payments.statements.comparing import Difference
from parvis.payments.statements.statement_files import Line

On: TypeAlias = tuple[date, Difference]


async def differing(at: str, lines: Iterable[Line]) -> list[On]:
    """The payouts of a file that the books have otherwise, or that the file has twice, each with its day there."""
    by_ref: dict[str, list[Line]] = {}
    for line in lines:
        by_ref.setdefault(line.ref, []).append(line)
    return [one for ref, same in by_ref.items() for one in _differ(await transfers.booked(at, ref), same)]


def _differ(booked: Moved | None, same: Sequence[Line]) -> Iterator[On]:
    first = same[0]
    if len(same) > 1:
        ours = booked.cents if booked else None
        yield first.day, Difference("twice", "payout", first.ref, ours, sum(line.cents for line in same))
    elif booked and booked.cents != first.cents:
        yield first.day, Difference("amount", "payout", first.ref, booked.cents, first.cents)
    elif booked and booked.fees != first.fees:
        # The same amount came in, and another one left what was collected.
        ours, theirs = booked.cents + booked.fees, first.cents + first.fees
        yield first.day, Difference("amount", "payout", first.ref, ours, theirs)
