"""Terms as somebody types them, line by line. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from parvis.errors import Invalid, Refusal, Text
from parvis.payments.money import FULL_BP, read_cents
from parvis.payments.terms.rules import MOST_STEPS, Step, Terms, Unit, percent

# Steps; nothing is given back; people decide each time.
Sort: TypeAlias = Literal["steps", "nothing", "people"]
_NUMBER = re.compile(r"[0-9]{1,5}")
_SHARE = re.compile(r"([0-9]{1,3})(?:[.,]([0-9]{1,2}))?")
_SPACES = str.maketrans("", "", " \u00a0\u202f%")


@dataclass(frozen=True, slots=True)
class Row:
    """A line as it is typed: until how many days or hours before, which percentage."""

    before: str = ""
    unit: Unit = "days"
    share: str = ""

    @property
    def empty(self) -> bool:
        """Whether nothing is typed in it."""
        return not (self.before.strip() or self.share.strip())


def read(sort: Sort, rows: Sequence[Row], fee: str = "", *, as_credit: bool = False) -> Terms | None:
    """The terms that are typed, None where people decide. Raises Invalid with all that cannot be read.

    >>> read("steps", [Row("24", "hours", "33,5 %"), Row()], "2,50")
    Terms(steps=(Step(before=24, unit='hours', bp=3350),), fee=250, as_credit=False)
    """
    if sort == "people":
        return None
    if sort == "nothing":
        return Terms()
    wrong, steps = list[Refusal](), list[Step]()
    filled = [n for n, row in enumerate(rows) if not row.empty]
    if not filled:
        wrong.append(
            Refusal("terms-none", Text("Write a line, or choose that nothing is given back."), "steps-0-before")
        )
    for n in range(max(filled, default=-1) + 1):
        step = _step(n, rows[n])
        steps += [step] if isinstance(step, Step) else []
        wrong += step if isinstance(step, list) else []
    kept = 0
    try:
        kept = read_cents(fee, "fee") if fee.strip() else 0
    except Invalid as unreadable:
        wrong += unreadable.refusals
    if wrong:
        raise Invalid(wrong)
    return Terms(tuple(steps), kept, as_credit)


def rows_of(terms: Terms | None) -> tuple[Row, ...]:
    """Terms as lines to be corrected, with empty ones for more."""
    steps = terms.steps if terms else ()
    rows = [Row(str(step.before), step.unit, percent(step.bp)) for step in steps]
    return tuple(rows + [Row()] * (MOST_STEPS - len(rows)))


def sort_of(terms: Terms | None) -> Sort:
    """Which sort terms are.

    >>> sort_of(None), sort_of(Terms()), sort_of(Terms((Step(1, "days", 100),)))
    ('people', 'nothing', 'steps')
    """
    if terms is None:
        return "people"
    return "steps" if terms.steps else "nothing"


def _step(n: int, row: Row) -> Step | list[Refusal]:
    if row.empty:
        return [
            Refusal("terms-gap", Text("Fill in the lines one below the other, without a gap."), f"steps-{n}-before")
        ]
    wrong = []
    before = row.before.translate(_SPACES)
    if not _NUMBER.fullmatch(before):
        wrong.append(Refusal("terms-before", Text("Write a whole number."), f"steps-{n}-before"))
    found = _SHARE.fullmatch(row.share.translate(_SPACES))
    if found is None:
        text = Text("Write a percentage, such as 50 or 33,5.")
        wrong.append(Refusal("terms-share", text, f"steps-{n}-share"))
    if wrong or found is None:
        return wrong
    return Step(int(before), row.unit, int(found[1]) * (FULL_BP // 100) + int((found[2] or "0").ljust(2, "0")))
