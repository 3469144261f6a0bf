"""What a grid asks for, as fields of a form, and what was typed in them as a request for a price."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal
from uuid import UUID

from parvis.errors import Invalid, Refusal, Text
from parvis.office.tariffs.looking import holds
from parvis.payments.money import Cents, read_cents
from parvis.payments.tariffs import catalogue, explaining
from parvis.payments.tariffs.catalogue import Tariff
from parvis.payments.tariffs.explaining import step_name
from parvis.payments.tariffs.grids import Axis, Grid, Value
from parvis.payments.tariffs.pricing import Ask, Price, Step
from parvis.payments.tariffs.quotes import Quote, quote
from parvis.web import fields
from parvis.web.forms import Form

_NUMBER = re.compile(r"[0-9]{1,9}")
_WHOLE = Text("“{typed}” is not a whole number")
_MISSING = Text("The price depends on “{axis}”: please give it.")


@dataclass(frozen=True, slots=True)
class Question:
    """A value that a price depends on; `unsaid` is what stands for it where nobody says it."""

    field: str
    label: str
    sort: Literal["choice", "number", "amount"]
    options: tuple[tuple[str, str], ...] = ()
    unsaid: Value | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """A price in words: for whom its line is, and each step with what it is called."""

    cents: Cents
    line: int
    reaches: tuple[Text, ...]
    steps: tuple[Step, ...]

    @staticmethod
    def name(step: Step) -> Text | str:
        """What a step is called."""
        return step_name(step)


def questions(grid: Grid) -> list[Question]:
    """What a grid asks for, in the order of its axes, then the amounts that its prices are shares of."""
    of_axes = [_question(number, axis) for number, axis in enumerate(grid.axes)]
    return of_axes + [Question(f"amount-{number}", name, "amount") for number, name in enumerate(_amounts(grid))]


def ask_of(grid: Grid, form: Form[Any]) -> Ask:
    """What was typed, as a request. Raises Invalid with all that cannot be read, each at its field."""
    values: dict[str, Value] = {}
    wrong: list[Refusal] = []
    for question in questions(grid):
        try:
            found = _read(question, form.text(question.field).strip())
        except Invalid as invalid:
            wrong += invalid.refusals
            continue
        if found is not None:
            values[question.label] = found
    parts = [_part(form, field, wrong) for field in ("rank", "remaining", "total")]
    rank, remaining, total = parts[0] or 1, parts[1], parts[2]
    if (remaining is None) != (total is None) or (total is not None and not 0 <= (remaining or 0) <= total):
        wrong.append(Refusal("ask-parts", Text("What remains of a period is a part of it."), "remaining"))
    if wrong:
        raise Invalid(wrong)
    return Ask(values, rank, 1 if remaining is None else remaining, total or 1)


def answer(grid: Grid, price: Price) -> Answer:
    """A price in words."""
    return Answer(price.cents, price.line, explaining.reaches(grid, grid.lines[price.line - 1]), price.steps)


def quoted(tariff: Tariff, form: Form[Any], day: date) -> Quote:
    """The price of what was typed, for a day. Raises Invalid, each fault at its field."""
    grid = next((one for one in tariff.grids if holds(one, day)), None)
    if grid is None:
        raise Invalid(Refusal("no-tariff", Text("There is no tariff for {day}.", {"day": day}), "for_day"))
    return quote(tariff, day, ask_of(grid, form))


def grid_of(tariff: Tariff, form: Form[Any], today: date) -> Grid | None:
    """The grid of the day that was typed, of today if it cannot be read; the first one where none holds."""
    typed = fields.day(form.text("for_day")) if form.text("for_day") else today
    day = today if isinstance(typed, Text) else typed
    return next((grid for grid in tariff.grids if holds(grid, day)), None) or next(iter(tariff.grids), None)


async def chosen(emitter: UUID, activity: str) -> Tariff | None:
    """A tariff of an emitter that has prices; None where there is none of this name."""
    found = await catalogue.tariffs_of(emitter)
    return next((one for one in found if one.activity == activity and one.grids), None)


def day_of(form: Form[Any], otherwise: date) -> date:
    """The day that was typed, or another. Raises Invalid."""
    typed = form.text("for_day")
    found = fields.day(typed) if typed else otherwise
    if isinstance(found, Text):
        raise Invalid(Refusal("day", found, "for_day"))
    return found


def _question(number: int, axis: Axis) -> Question:
    if axis.kind == "int":
        return Question(f"value-{number}", axis.name, "number", unsaid=axis.missing)
    options = tuple((value, value) for value in axis.values)
    return Question(f"value-{number}", axis.name, "choice", options, axis.missing)


def _amounts(grid: Grid) -> Iterator[str]:
    yield from dict.fromkeys(line.rate.of for line in grid.lines if line.rate)


def _read(question: Question, typed: str) -> Value | None:
    if not typed:
        if question.unsaid is None:
            text = Text(_MISSING.msgid, {"axis": question.label})
            raise Invalid(Refusal("value-missing", text, question.field))
        return None
    if question.sort == "amount":
        return read_cents(typed, question.field)
    if question.sort == "choice":
        if typed not in dict(question.options):
            text = Text("Please choose one of the answers.")
            raise Invalid(Refusal("value-unknown", text, question.field))
        return typed
    if not _NUMBER.fullmatch("".join(typed.split())):
        raise Invalid(Refusal("value-unreadable", Text(_WHOLE.msgid, {"typed": typed[:40]}), question.field))
    return int("".join(typed.split()))


def _part(form: Form[Any], field: str, wrong: list[Refusal]) -> int | None:
    typed = form.text(field).strip()
    if typed and not _NUMBER.fullmatch(typed):
        wrong.append(Refusal("value-unreadable", Text(_WHOLE.msgid, {"typed": typed[:40]}), field))
        return None
    return int(typed) if typed else None
