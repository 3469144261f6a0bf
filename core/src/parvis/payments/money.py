"""Amounts in whole cents: reading, rounding once, splitting. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from parvis.errors import Invalid, Refusal, Text

Cents: TypeAlias = int

# What bigint and every provider hold, and more than anybody owes a town.
MOST = 99_999_999_99
FULL_BP = 10_000
_AMOUNT = re.compile(r"([0-9]{1,8})(?:[.,]([0-9]{1,2}))?")
_SPACES = str.maketrans("", "", " \u00a0\u202f€")


def half_up(numerator: int, denominator: int = 1) -> int:
    """A fraction that is not negative, rounded to the nearest whole, a half upwards.

    >>> [half_up(n, 2) for n in (1, 2, 3)], half_up(1, 3)
    ([1, 1, 2], 0)
    """
    return (2 * numerator + denominator) // (2 * denominator)


def read_cents(typed: str, field: str | None = None) -> Cents:
    """An amount of euros as people write it, in cents. Raises Invalid with a sentence that quotes it.

    >>> read_cents("1 234,5 €"), read_cents("12"), read_cents("0.07")
    (123450, 1200, 7)
    """
    found = _AMOUNT.fullmatch(typed.translate(_SPACES))
    if found is None:
        text = Text("“{typed}” is not an amount: write euros and cents, such as 12,50.", {"typed": typed[:40]})
        raise Invalid(Refusal("amount-unreadable", text, field))
    return int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0"))


def euros(cents: Cents) -> str:
    """An amount as figures with a decimal comma, as spreadsheets in France read it.

    >>> euros(123405), euros(-7)
    ('1234,05', '-0,07')
    """
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole},{rest:02}"


def vat_in(total: Cents, bp: int) -> Cents:
    """The VAT that a total contains at a rate of `bp` hundredths of a percent.

    >>> vat_in(1200, 2000), vat_in(1000, 0)
    (200, 0)
    """
    return total - half_up(total * FULL_BP, FULL_BP + bp)


@dataclass(frozen=True, slots=True)
class Tax:
    """What a document contains of one rate: the price without VAT, and the VAT."""

    bp: int
    base: Cents
    vat: Cents


def taxes(sold: Iterable[tuple[Cents, int]]) -> tuple[Tax, ...]:
    """Prices with VAT and their rates, by rate: VAT is worked out once for each, so that it adds up on paper.

    >>> taxes([(1000, 2000), (500, 0), (200, 2000)])
    (Tax(bp=0, base=500, vat=0), Tax(bp=2000, base=1000, vat=200))
    """
    totals: dict[int, Cents] = {}
    for cents, bp in sold:
        totals[bp] = totals.get(bp, 0) + cents
    return tuple(Tax(bp, total - vat_in(total, bp), vat_in(total, bp)) for bp, total in sorted(totals.items()))


def instalments(total: Cents, count: int) -> tuple[Cents, ...]:
    """A total in `count` parts that add up to it and differ by a cent at most, the larger ones first.

    >>> instalments(1000, 3)
    (334, 333, 333)
    """
    part, rest = divmod(total, count)
    return tuple(part + (number < rest) for number in range(count))
