"""What each fact does to a till's books: the one place that knows debits (+) from credits (−). Pure.

Every function gives lines that sum to zero, and none for an amount of zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from parvis.payments.money import Cents, shares, vat_in

Lines: TypeAlias = tuple[tuple[str, Cents], ...]

RECEIVABLE, BANK, CASH, VAT = "receivable", "bank", "cash", "vat"
REFUND_DUE, CREDIT, DISPUTED, SUSPENSE = "refund_due", "credit", "disputed", "suspense"
PAID_OVER, FEES = "paid_over", "fees"


@dataclass(frozen=True, slots=True)
class Sale:
    """What was sold: the revenue account's own name, the price with VAT, and its rate in hundredths of a percent.

    One of less than nothing uses the payer's credit. `before` is what earlier parts of the same bill have of its rate.
    """

    revenue: str
    cents: Cents
    vat_bp: int = 0
    before: Cents = 0


def clearing(account: str) -> str:
    """The account of what a provider has collected and not yet paid out."""
    return f"clearing:{account}"


def charged(sales: Iterable[Sale]) -> Lines:
    """Something is owed, less the credit that is used. VAT is worked out once for each rate, over all parts of a bill,
    and each sale bears its part of it.

    >>> charged([Sale("pools", 1000, 2000), Sale("shop", 200, 2000)])
    (('receivable', 1200), ('revenue:pools', -833), ('revenue:shop', -167), ('vat', -200))
    >>> charged([Sale("pools", 5000), Sale("credit", -1200)])
    (('receivable', 3800), ('revenue:pools', -5000), ('credit', 1200))
    """
    lines: dict[str, Cents] = {RECEIVABLE: 0}
    taxes, seen = 0, dict[int, Cents]()
    for sale in sales:
        lines[RECEIVABLE] += sale.cents
        if sale.cents < 0:
            lines[CREDIT] = lines.get(CREDIT, 0) - sale.cents
            continue
        before = seen.get(sale.vat_bp, sale.before)
        seen[sale.vat_bp] = before + sale.cents
        tax = vat_in(before + sale.cents, sale.vat_bp) - vat_in(before, sale.vat_bp)
        account = f"revenue:{sale.revenue}"
        lines[account] = lines.get(account, 0) - sale.cents + tax
        taxes += tax
    return _lines(*lines.items(), (VAT, -taxes))


def captured(into: str, cents: Cents, owed: Cents) -> Lines:
    """Money came in for what was owed; what is above it is the payer's credit."""
    return _lines((into, cents), (RECEIVABLE, -owed), (CREDIT, owed - cents))


def lying(lines: Lines, into: str, parts: Lines) -> Lines:
    """The same entry with what came into one account in several; all of it as it was, without parts.

    >>> lying(captured("cash", 1000, 1000), "cash", (("cash", 400), ("clearing:cheque", 600)))
    (('cash', 400), ('clearing:cheque', 600), ('receivable', -1000))
    """
    return (*parts, *(line for line in lines if line[0] != into)) if parts else lines


def captured_in_vain(into: str, cents: Cents) -> Lines:
    """Money came in for a place that is gone, or a second time: it is to be given back."""
    return _lines((into, cents), (REFUND_DUE, -cents))


def captured_unknown(into: str, cents: Cents) -> Lines:
    """Money came in that nobody here asked for."""
    return _lines((into, cents), (SUSPENSE, -cents))


def taken_up(sales: Iterable[Sale], cents: Cents) -> Lines:
    """A place was found after all for money that was to be given back."""
    lines = charged(sales)
    owed = sum(amount for account, amount in lines if account == RECEIVABLE)
    rest = tuple((account, amount) for account, amount in lines if account != RECEIVABLE)
    return _lines((REFUND_DUE, cents), (CREDIT, owed - cents), *rest)


def kept(cents: Cents, owed: Cents) -> Lines:
    """A place was found after all for such money, and its sale stands in the books already."""
    return _lines((REFUND_DUE, cents), (RECEIVABLE, -owed), (CREDIT, owed - cents))


def dropped(sales: Iterable[Sale], given_back: Cents) -> Lines:
    """What was sold and is not paid is no longer asked for, but what of it was given back, which stays owed.

    >>> dropped([Sale("pools", 1000)], 400), dropped([Sale("pools", 1000)], 1000)
    ((('revenue:pools', 600), ('receivable', -600)), ())
    """
    sold = tuple(sales)
    rest = max(0, sum(sale.cents for sale in sold) - given_back)
    lines = granted(sold, rest, given_back) if rest else ()
    return tuple((RECEIVABLE if account == REFUND_DUE else account, cents) for account, cents in lines)


def granted(sales: Iterable[Sale], cents: Cents, before: Cents = 0) -> Lines:
    """Part or all of what was sold is given back, `before` having been given back already; what was paid above the
    price comes last, from the payer's credit. However it is cut, all parts together take the whole sale back, but what
    was paid with a credit: that is `restored` with the last of it."""
    sold = tuple(sales)
    back = _unsold(sold, *(min(given, asked(sold)) for given in (before, before + cents)))
    return _lines(*back.items(), (CREDIT, cents - sum(back.values())), (REFUND_DUE, -cents))


def restored(sales: Iterable[Sale], before: Cents = 0, cents: Cents | None = None) -> Lines:
    """What a credit paid of a sale is the payer's credit again: so many cents of it, all that is left unless said, so
    many being theirs already.

    >>> restored([Sale("pools", 5000), Sale("credit", -1200)], 200, 300)
    (('revenue:pools', 300), ('credit', -300))
    """
    sold = tuple(sales)
    low = asked(sold) + before
    back = _unsold(sold, low, asked(sold) + credit_used(sold) if cents is None else low + cents)
    return _lines(*back.items(), (CREDIT, -sum(back.values())))


def credit_paid_out(cents: Cents) -> Lines:
    """A credit is to be given back as money."""
    return _lines((CREDIT, cents), (REFUND_DUE, -cents))


def credit_used(sales: Iterable[Sale]) -> Cents:
    """What of the sales is paid with a credit."""
    return -sum(sale.cents for sale in sales if sale.cents < 0)


def asked(sales: Iterable[Sale]) -> Cents:
    """What is asked for: the sales, less the credit that is used."""
    return sum(sale.cents for sale in sales)


def repaid(out_of: str, cents: Cents) -> Lines:
    """Money that was to be given back has left."""
    return _lines((REFUND_DUE, cents), (out_of, -cents))


def paid_out(account: str, cents: Cents, fees: Cents) -> Lines:
    """A provider paid what it had collected into the bank, less its fees."""
    return _lines((BANK, cents), (FEES, fees), (clearing(account), -cents - fees))


def paid_over(cents: Cents, out_of: str = BANK) -> Lines:
    """The till handed money to the public accountant."""
    return _lines((PAID_OVER, cents), (out_of, -cents))


def miscounted(cents: Cents) -> Lines:
    """More cash was counted than was taken, or less: it is in suspense until it is known why."""
    return _lines((CASH, cents), (SUSPENSE, -cents))


def disputed(account: str, cents: Cents) -> Lines:
    """The payer's bank took money back until it is decided."""
    return _lines((DISPUTED, cents), (clearing(account), -cents))


def dispute_lost(cents: Cents, owed: str = RECEIVABLE, out_of: str = DISPUTED) -> Lines:
    """The payer's bank keeps it: it is owed again, or no longer to be given back."""
    return _lines((owed, cents), (out_of, -cents))


def returned(out_of: str, cents: Cents, above: Cents = 0) -> Lines:
    """The payer's bank took back what something was paid with: it is owed again, what was paid `above` it is not.

    >>> returned("clearing:card", 1050, 50)
    (('receivable', 1000), ('credit', 50), ('clearing:card', -1050))
    """
    return _lines((RECEIVABLE, cents - above), (CREDIT, above), (out_of, -cents))


def returned_in_vain(out_of: str, cents: Cents, left: Cents = 0, held_in: str = REFUND_DUE) -> Lines:
    """The payer's bank took back what was to be given back, or in suspense: `left` of it had left, and is owed.

    >>> returned_in_vain("clearing:card", 1000, 400)
    (('refund_due', 600), ('receivable', 400), ('clearing:card', -1000))
    """
    return _lines((held_in, cents - left), (RECEIVABLE, left), (out_of, -cents))


def set_off(cents: Cents) -> Lines:
    """What a payer owes is kept of what was to be given back to them."""
    return _lines((REFUND_DUE, cents), (RECEIVABLE, -cents))


def not_left(cents: Cents, held_in: str = REFUND_DUE) -> Lines:
    """What was thought to have left of such money did not: nobody owes it."""
    return _lines((held_in, cents), (RECEIVABLE, -cents))


def reversed_of(lines: Lines) -> Lines:
    """The entry that takes another one back."""
    return tuple((account, -cents) for account, cents in lines)


def _unsold(sales: Iterable[Sale], low: Cents, high: Cents) -> dict[str, Cents]:
    """What of revenue and VAT is taken back by giving back so much, so much of it having been given back before."""
    sold = [sale for sale in sales if sale.cents >= 0]
    back: dict[str, Cents] = {}
    for sign, given in ((1, low), (-1, high)):
        for account, amount in charged(_shares(sold, given)):
            back[account] = back.get(account, 0) + sign * amount
    back.pop(RECEIVABLE, None)
    return back


def _shares(sales: Sequence[Sale], cents: Cents) -> list[Sale]:
    """A part of what was sold, each sale's in proportion; they add up to it."""
    shared = shares([sale.cents for sale in sales], cents)
    return [replace(sale, cents=share) for sale, share in zip(sales, shared, strict=True)]


def _lines(*lines: tuple[str, Cents]) -> Lines:
    """Each account once."""
    found: dict[str, Cents] = {}
    for account, cents in lines:
        found[account] = found.get(account, 0) + cents
    return tuple(line for line in found.items() if line[1])
