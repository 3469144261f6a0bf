"""One row of a tariff's CSV sheet: its cells read as days, amounts, shares and bands. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from parvis.errors import Invalid, Text
from parvis.payments.money import Cents, read_cents
from parvis.payments.tariffs.grids import Axis, Reach
from parvis.web import fields

_BAND = re.compile(r"(-?\d*)\s*\.\.\s*(-?\d*)", re.ASCII)
_SHARE = re.compile(r"(\d{1,3})(?:[.,](\d{1,4}))?\s*%?", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,4}")
_DAYS = ("%d/%m/%Y", "%Y-%m-%d")
ANY = ("", "*")


class Unreadable(ValueError):
    """A cell that cannot be read: its column, and a sentence for the one who wrote it."""

    def __init__(self, column: str, text: Text) -> None:
        self.column, self.text = column, text
        super().__init__(f"{column}: {text}")


@dataclass(frozen=True, slots=True)
class Cells:
    """A row's cells by column. Every reading raises Unreadable."""

    by_column: Mapping[str, str]

    def text(self, column: str) -> str:
        """A cell that must not be empty."""
        if not self.by_column[column]:
            raise Unreadable(column, Text("is empty"))
        return self.by_column[column]

    def first_day(self) -> date:
        """From when the row holds."""
        if not self.by_column["from"]:
            raise Unreadable("from", Text("Every line of a tariff says from which day it holds."))
        return self.day("from")

    def end_day(self) -> date | None:
        """The first day on which it no longer holds, or None."""
        return self.day("until") if self.by_column["until"] else None

    def day(self, column: str) -> date:
        """A day of the calendar."""
        typed = self.text(column)
        for form in _DAYS:
            try:
                # A day of the calendar: no time zone is meant.
                found = datetime.strptime(typed, form).date()  # noqa: DTZ007
            except ValueError:
                continue
            if fields.FIRST_DAY <= found <= fields.LAST_DAY:
                return found
        raise Unreadable(column, Text("“{typed}” is not a day such as 31/12/2026", {"typed": typed}))

    def amount(self, column: str) -> Cents:
        """Euros and cents."""
        try:
            return read_cents(self.text(column), column)
        except Invalid as fault:
            raise Unreadable(column, fault.refusals[0].text) from None

    def amount_or(self, column: str, otherwise: Cents | None) -> Cents | None:
        """Euros and cents, or what an empty cell means."""
        return self.amount(column) if self.by_column[column] else otherwise

    def rank(self) -> int:
        """A child's rank."""
        if not _NUMBER.fullmatch(self.text("rank")):
            raise Unreadable("rank", Text("“{typed}” is not a whole number", {"typed": self.by_column["rank"]}))
        return int(self.by_column["rank"])

    def share(self, units: int) -> int:
        """A percentage in parts of which `units` make one percent, such as 100 for hundredths."""
        found = _SHARE.fullmatch(self.text("amount"))
        places = len(str(units)) - 1
        if found is None or len((found[2] or "").rstrip("0")) > places:
            typed = {"typed": self.by_column["amount"]}
            raise Unreadable("amount", Text("“{typed}” is not a percentage such as 12,5 %", typed))
        return int(found[1]) * units + int((found[2] or "0").ljust(places, "0")[:places])

    def reach(self, axis: Axis) -> Reach | None:
        """Whom the row is for on an axis; None if it does not matter."""
        typed = self.by_column[axis.name]
        if typed in ANY:
            return None
        if axis.kind == "enum":
            return self._values(axis, typed)
        found = _BAND.fullmatch(typed)
        if found is None:
            raise Unreadable(axis.name, Text("“{typed}” is not a band such as 3..6", {"typed": typed}))
        return tuple(int(bound) if bound.strip("-") else None for bound in found.groups())

    def _values(self, axis: Axis, typed: str) -> Reach:
        values = tuple(value.strip() for value in typed.split(","))
        for value in values:
            if value not in axis.values:
                known = {"value": value, "known": ", ".join(axis.values)}
                raise Unreadable(axis.name, Text("“{value}” is none of {known}", known))
        return values
