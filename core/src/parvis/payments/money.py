"""Amounts in whole cents: reading, rounding once, splitting. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from types import MappingProxyType
from typing import TypeAlias

from parvis.errors import Invalid, Refusal, Text

Cents: TypeAlias = int

# What bigint and every provider hold, and more than anybody owes a town.
MOST = 99_999_999_99
FULL_BP = 10_000
NOTHING: Mapping[int, Cents] = MappingProxyType({})
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


def price(cents: Cents) -> str:
    r"""An amount as French papers write it.

    >>> price(123405), price(-7)
    ('1\u202f234,05\xa0€', '-0,07\xa0€')
    """
    whole, rest = divmod(abs(cents), 100)
    return f"{'-' if cents < 0 else ''}{whole:,}".replace(",", "\u202f") + f",{rest:02}\u00a0€"


def vat_in(total: Cents, bp: int) -> Cents:
    """The VAT that a total contains at a rate of `bp` hundredths of a percent.

    >>> vat_in(1200, 2000), vat_in(1000, 0)
    (200, 0)
    """
    return total - half_up(total * FULL_BP, FULL_BP + bp)


def unit_without_tax(cents: Cents, bp: int) -> str:
    """The price of one without the VAT in it, as an invoice shows it: to the hundredth of a cent where that is needed.

    >>> unit_without_tax(120, 2000), unit_without_tax(320, 550), unit_without_tax(7, 0)
    ('1,00', '3,0332', '0,07')
    """
    fine = half_up(cents * FULL_BP * 100, FULL_BP + bp)
    return euros(fine // 100) if fine % 100 == 0 else f"{euros(fine // 100)}{fine % 100:02}"


@dataclass(frozen=True, slots=True)
class Tax:
    """What a document contains of one rate: the price without VAT, and the VAT."""

    bp: int
    base: Cents
    vat: Cents


def taxes(sold: Iterable[tuple[Cents, int]], before: Mapping[int, Cents] = NOTHING) -> tuple[Tax, ...]:
    """Prices with VAT and their rates, by rate: VAT is worked out once for each, so that it adds up on paper.

    `before` is what other papers of the same sale have of a rate already: with theirs, it is the VAT of the whole.

    >>> taxes([(1000, 2000), (500, 0), (200, 2000)])
    (Tax(bp=0, base=500, vat=0), Tax(bp=2000, base=1000, vat=200))
    >>> [tax.vat for part in range(3) for tax in taxes([(334 - (part > 0), 2000)], {2000: 333 * part + (part > 0)})]
    [56, 55, 56]
    """
    totals: dict[int, Cents] = {}
    for cents, bp in sold:
        totals[bp] = totals.get(bp, 0) + cents
    return tuple(_tax(bp, total, before.get(bp, 0)) for bp, total in sorted(totals.items()))


def _tax(bp: int, total: Cents, before: Cents) -> Tax:
    vat = vat_in(before + total, bp) - vat_in(before, bp)
    return Tax(bp, total - vat, vat)


def shares(amounts: Sequence[Cents], part: Cents) -> list[Cents]:
    """Of each amount its share of a part of them all, in proportion; they add up to it.

    >>> shares([333, 667], 500), shares([], 0)
    ([166, 334], [])
    """
    total, shared = sum(amounts), list[Cents]()
    for seen in accumulate(amounts):
        shared.append((seen * part // total if total else 0) - sum(shared))
    return shared


def instalments(total: Cents, count: int) -> tuple[Cents, ...]:
    """A total in `count` parts that add up to it and differ by a cent at most, the larger ones first.

    >>> instalments(1000, 3)
    (334, 333, 333)
    """
    part, rest = divmod(total, count)
    return tuple(part + (number < rest) for number in range(count))
