"""What keeps a timetable from being saved, each a sentence that says what to do. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, time

from parvis.calendars.bitmaps import CELL_MINUTES
from parvis.calendars.openings import Weekly
from parvis.calendars.timetables import DeskRules, Frame, KindRules, Special, Timetable
from parvis.calendars.weekdays import WEEKDAYS
from parvis.errors import Refusal, Text

_MOST_DAYS = 400
_MOST_MINUTES = 600
_MOST_PEOPLE = 50
_DAYS = Text("Write a number of days from 0 to {most}.", {"most": _MOST_DAYS})


def refusals(timetable: Timetable) -> list[Refusal]:
    """What is wrong with a timetable as a whole; the pages say it at their own fields first."""
    return [
        *frame_refusals(timetable.frame),
        *(refusal for kind in timetable.kinds.values() for refusal in kind_refusals(kind)),
        *(refusal for desk in timetable.desks.values() for refusal in _desk_refusals(desk, timetable)),
        *_same_names(timetable.desks.values()),
        *(refusal for special in timetable.specials.values() for refusal in special_refusals(special)),
    ]


def frame_refusals(frame: Frame) -> Iterator[Refusal]:
    """What is wrong with what holds for every desk; the fields are the frame's."""
    yield from _order("last_day", frame.first_day, frame.last_day)
    if not 0 <= frame.horizon_days <= _MOST_DAYS:
        yield Refusal("horizon", _DAYS, "horizon_days")
    if not 0 <= frame.counter_percent <= 100:
        yield Refusal("counter-share", Text("Write a share from 0 to 100 percent."), "counter_percent")
    if not 0 <= frame.counter_days <= _MOST_DAYS:
        yield Refusal("counter-days", _DAYS, "counter_days")


def kind_refusals(kind: KindRules) -> Iterator[Refusal]:
    """What is wrong with a kind of appointment; the fields are the kind's."""
    if not CELL_MINUTES <= kind.minutes_first <= _MOST_MINUTES:
        text = Text(
            "An appointment takes from {least} to {most} minutes.", {"least": CELL_MINUTES, "most": _MOST_MINUTES}
        )
        yield Refusal("minutes-first", text, "minutes_first")
    if not 0 <= kind.minutes_further <= _MOST_MINUTES:
        text = Text("A further person takes from 0 to {most} minutes.", {"most": _MOST_MINUTES})
        yield Refusal("minutes-further", text, "minutes_further")
    if not 1 <= kind.people_max <= _MOST_PEOPLE:
        yield Refusal("people-max", Text("Write a number from 1 to {most}.", {"most": _MOST_PEOPLE}), "people_max")


def line_refusal(line: Weekly) -> Refusal | None:
    """What is wrong with one weekly opening; the fields are the opening's."""
    found = _hours_refusal(line.opens, line.closes)
    return found or next(_order("valid_until", line.valid_from, line.valid_until), None)


def overlapping(lines: Sequence[Weekly]) -> Iterator[tuple[int, int]]:
    """Pairs of weekly openings that hold at the same time: the later one first."""
    for later, one in enumerate(lines):
        for earlier, other in enumerate(lines[:later]):
            if _both_hold(one, other) and one.opens < other.closes and other.opens < one.closes:
                yield later, earlier


def special_refusals(special: Special) -> Iterator[Refusal]:
    """What is wrong with days that are otherwise; the fields are the rule's."""
    rule = special.rule
    yield from _order("last_day", rule.first_day, rule.last_day)
    if (rule.opens is None) != (rule.closes is None):
        missing = "opens" if rule.opens is None else "closes"
        yield Refusal("hours-half", Text("Write both hours, or none for the whole day."), missing)
    elif rule.opens is not None and rule.closes is not None:
        if (wrong := _hours_refusal(rule.opens, rule.closes)) is not None:
            yield wrong
    elif rule.sort != "closed":
        yield Refusal("hours-missing", Text("Write from when to when it is open."), "opens")


def overlap_text(one: Weekly, other: Weekly) -> Text:
    """Two openings that overlap, in words."""
    return Text(
        "{day}: {opens} to {closes} overlaps {other_opens} to {other_closes}. Change one of the two.",
        {
            "day": WEEKDAYS[one.weekday],
            "opens": one.opens,
            "closes": one.closes,
            "other_opens": other.opens,
            "other_closes": other.closes,
        },
    )


def _desk_refusals(desk: DeskRules, timetable: Timetable) -> Iterator[Refusal]:
    yield from _order("last_day", desk.first_day, desk.last_day)
    if not desk.name.strip():
        yield Refusal("desk-name", Text("Give the desk a name."), "name")
    unknown = [kind for kind in desk.kinds if kind not in timetable.kinds]
    if unknown and len(unknown) == len(desk.kinds):
        text = Text(
            "{desk} serves nothing any more. Choose what it serves, or take it out of use.", {"desk": desk.name}
        )
        yield Refusal("desk-without-kind", text, "kinds")
    for line in desk.weekly:
        if (wrong := line_refusal(line)) is not None:
            yield _at(desk, wrong.text, "line")
    for later, earlier in overlapping(desk.weekly):
        yield _at(desk, overlap_text(desk.weekly[later], desk.weekly[earlier]), "openings-overlap")


def _at(desk: DeskRules, text: Text, code: str) -> Refusal:
    return Refusal(code, Text("{desk}: {what}", {"desk": desk.name, "what": text}))


def _same_names(desks: Iterable[DeskRules]) -> Iterator[Refusal]:
    seen: set[str] = set()
    for desk in desks:
        if (name := desk.name.casefold().strip()) in seen:
            text = Text("Another desk is called “{name}” already, perhaps one out of use.", {"name": desk.name})
            yield Refusal("desk-name-taken", text, "name")
        seen.add(name)


def _hours_refusal(opens: time, closes: time) -> Refusal | None:
    if closes <= opens:
        text = Text("The end must come after the beginning: it is {opens} to {closes} here.", _hours(opens, closes))
        return Refusal("ends-before-it-begins", text, "closes")
    for name, at in (("opens", opens), ("closes", closes)):
        if at.minute % CELL_MINUTES or at.second:
            text = Text("Write the minutes in steps of {n}: 8:30 or 8:35.", {"n": CELL_MINUTES})
            return Refusal("not-in-steps", text, name)
    return None


def _hours(opens: time, closes: time) -> dict[str, time]:
    return {"opens": opens, "closes": closes}


def _order(field: str, first: date | None, last: date | None) -> Iterator[Refusal]:
    if first is not None and last is not None and last < first:
        text = Text("The last day ({last}) must not come before the first ({first}).", {"first": first, "last": last})
        yield Refusal("days-reversed", text, field)


def _both_hold(one: Weekly, other: Weekly) -> bool:
    return (
        one.weekday == other.weekday
        and {one.season, other.season} != {"term", "holidays"}
        and (one.valid_from or date.min) <= (other.valid_until or date.max)
        and (other.valid_from or date.min) <= (one.valid_until or date.max)
    )
