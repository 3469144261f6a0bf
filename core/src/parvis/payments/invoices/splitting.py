"""Instalments: an amount in dated parts, as many and as small as the till's rule lets there be."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import accumulate
from uuid import UUID

from parvis.db import connection, transaction
from parvis.errors import Invalid, NotFound, Refusal, Text
from parvis.payments.intents import Charge
from parvis.payments.money import MOST, Cents, euros, instalments

MOST_PARTS = 12
_LABEL = 200


@dataclass(frozen=True, slots=True)
class Rule:
    """How many parts a till lets an amount have at most, and what each comes to at least."""

    most: int = 1
    least: Cents = 1


def monthly(first: date, count: int) -> tuple[date, ...]:
    """So many days, a month apart; where a month is too short, its last.

    >>> [str(day) for day in monthly(date(2026, 12, 31), 3)]
    ['2026-12-31', '2027-01-31', '2027-02-28']
    """
    return tuple(_later(first, months) for months in range(count))


def split(charges: Sequence[Charge], count: int) -> tuple[tuple[Charge, ...], ...]:
    """The lines of an amount in parts that add up to it and differ by a cent at most; a line may be cut.

    >>> from uuid import UUID
    >>> [(one.label, one.cents) for part in split([Charge(UUID(int=0), "Canteen", "canteen", 501)], 2) for one in part]
    [('Canteen (1/2)', 251), ('Canteen (2/2)', 250)]
    """
    if count == 1:
        return (tuple(charges),)
    sizes = instalments(sum(charge.cents for charge in charges), count)
    return tuple(_cut(charges, end - size, end, f" ({n}/{count})") for n, (size, end) in enumerate(_ends(sizes), 1))


def fault(total: Cents, count: int, rule: Rule) -> Refusal | None:
    """Why an amount cannot be asked for in so many parts."""
    if count == 1:
        return None
    if not 1 <= count <= rule.most:
        text = Text("This till asks for an amount in {most} parts at most.", {"most": rule.most})
        if rule.most == 1:
            text = Text("This till asks for an amount at once.")
        return Refusal("parts", text, "parts")
    if min(instalments(total, count)) < rule.least:
        text = Text("Each part has to come to {least} euros at least.", {"least": euros(rule.least)})
        return Refusal("parts-small", text, "parts")
    return None


def rule_faults(rule: Rule) -> list[Refusal]:
    """Why a till cannot have a rule."""
    found = []
    if not 1 <= rule.most <= MOST_PARTS:
        text = Text("Write a number from 1 to {most}.", {"most": MOST_PARTS})
        found.append(Refusal("rule-most", text, "most"))
    if not 1 <= rule.least <= MOST:
        found.append(Refusal("rule-least", Text("Write an amount of at least a cent."), "least"))
    return found


async def rule_of(till: UUID) -> Rule:
    """A till's rule. Raises NotFound."""
    sql = "SELECT parts_most, parts_least FROM parvis.till WHERE id = $1"
    async with connection() as c:
        row = await c.fetchrow(sql, till)
    if row is None:
        raise NotFound
    return Rule(row["parts_most"], row["parts_least"])


async def keep_rule(till: UUID, rule: Rule) -> None:
    """Say what a till lets there be from now on; what is asked for stays as it is. Raises Invalid."""
    if wrong := rule_faults(rule):
        raise Invalid(wrong)
    sql = "UPDATE parvis.till SET parts_most = $2, parts_least = $3 WHERE id = $1"
    async with transaction() as c:
        await c.execute(sql, till, rule.most, rule.least)


async def check(charges: Sequence[Charge], count: int) -> None:
    """Hold a bill in parts to the rule of each till it goes to. Raises Invalid."""
    for till in {charge.till for charge in charges}:
        total = sum(charge.cents for charge in charges if charge.till == till)
        if wrong := fault(total, count, await rule_of(till)):
            raise Invalid(wrong)


def _later(first: date, months: int) -> date:
    years, month = divmod(first.month - 1 + months, 12)
    year, month = first.year + years, month + 1
    return date(year, month, min(first.day, monthrange(year, month)[1]))


def _ends(sizes: Sequence[Cents]) -> list[tuple[Cents, Cents]]:
    return list(zip(sizes, accumulate(sizes), strict=True))


def _cut(charges: Sequence[Charge], low: Cents, high: Cents, mark: str) -> tuple[Charge, ...]:
    """What lies between two sums of the lines, one below the other."""
    pieces = []
    for line, (charge, (size, end)) in enumerate(zip(charges, _ends([one.cents for one in charges]), strict=True), 1):
        start = end - size
        if (cents := min(end, high) - max(start, low)) > 0:
            pieces.append(replace(_piece(charge, cents, mark, begins=start >= low), piece_of=line))
    return tuple(pieces)


def _piece(charge: Charge, cents: Cents, mark: str, *, begins: bool) -> Charge:
    label = charge.label[: _LABEL - len(mark)] + mark
    # How the price came about is told once, and what was asked of the tariff counted once: with its first piece.
    if begins:
        return replace(charge, label=label, cents=cents, quantity=1)
    return replace(charge, label=label, cents=cents, quantity=1, steps=(), quote=None, id=None)
