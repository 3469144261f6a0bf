"""Days of the week and spans of hours in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import reduce

from parvis.calendars.openings import Weekly
from parvis.errors import Text

WEEKDAYS: Mapping[int, Text] = {
    1: Text("Monday"),
    2: Text("Tuesday"),
    3: Text("Wednesday"),
    4: Text("Thursday"),
    5: Text("Friday"),
    6: Text("Saturday"),
    7: Text("Sunday"),
}
_SEASONS = {"term": Text("outside school holidays"), "holidays": Text("in school holidays")}
_RUN = 3


def days_text(days: Iterable[int]) -> Text:
    """Days of the week as one says them.

    >>> str(days_text([1, 2, 3, 5])), str(days_text([6]))
    ('Monday to Wednesday, Friday', 'Saturday')
    """
    runs: list[list[int]] = []
    for day in sorted(set(days)):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    return listed([part for run in runs for part in _run_texts(run)])


def opening_texts(lines: Iterable[Weekly]) -> list[Text]:
    """Weekly openings in words, those of the same hours on several days together."""
    return [opening_text(days, line) for line, days in grouped(lines)]


def grouped(lines: Iterable[Weekly]) -> list[tuple[Weekly, list[int]]]:
    """The openings that differ only in their weekday together: the first of them, and all their days."""
    found: dict[tuple[object, ...], tuple[Weekly, list[int]]] = {}
    for line in lines:
        key = (line.opens, line.closes, line.valid_from, line.valid_until, line.season, line.counter)
        found.setdefault(key, (line, []))[1].append(line.weekday)
    return list(found.values())


def opening_text(days: Iterable[int], line: Weekly) -> Text:
    """One opening in words: days, hours, and what restricts it."""
    hours = Text("{days}, {opens} to {closes}", {"days": days_text(days), "opens": line.opens, "closes": line.closes})
    limits = [_SEASONS[line.season]] if line.season in _SEASONS else []
    if line.valid_from is not None:
        limits.append(Text("from {day} on", {"day": line.valid_from}))
    if line.valid_until is not None:
        limits.append(Text("until {day}", {"day": line.valid_until}))
    if line.counter:
        limits.append(Text("for the counter only"))
    return listed([hours, *limits])


def listed(parts: Sequence[Text | str]) -> Text:
    """Several things in a row, with commas."""
    if not parts:
        return Text("nothing")
    first = parts[0] if isinstance(parts[0], Text) else Text("{part}", {"part": parts[0]})
    return reduce(lambda before, part: Text("{before}, {part}", {"before": before, "part": part}), parts[1:], first)


def _run_texts(run: list[int]) -> list[Text]:
    if len(run) < _RUN:
        return [WEEKDAYS[day] for day in run]
    return [Text("{first} to {last}", {"first": WEEKDAYS[run[0]], "last": WEEKDAYS[run[-1]]})]
