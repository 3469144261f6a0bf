"""What changed between two timetables, in words. Pure.

Each difference has the path of the rule, as `merging` names what two people changed at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from parvis.calendars.timetables import DeskRules, KindRules, Special, Timetable
from parvis.calendars.weekdays import WEEKDAYS, listed, opening_texts
from parvis.errors import Text
from parvis.merging import Path

_FRAME: Mapping[str, Text] = {
    "horizon_days": Text("Days that are open ahead"),
    "opens_weekday": Text("Weekday on which new days open"),
    "opens_at": Text("Hour at which new days open"),
    "open_until": Text("Everything is open until"),
    "first_day": Text("First day"),
    "last_day": Text("Last day"),
    "public_holidays": Text("Public holidays"),
    "school_zone": Text("School holidays"),
    "counter_percent": Text("Share kept for the counter, in percent"),
    "counter_days": Text("Days before which this share goes to the public"),
}
_KIND: Mapping[str, Text] = {
    "minutes_first": Text("minutes for one person"),
    "minutes_further": Text("minutes for each further person"),
    "step_minutes": Text("minutes between two starts"),
    "people_max": Text("most people"),
    "online": Text("open online"),
    "number": Text("number required"),
    "bring": Text("what to bring"),
}
_SORTS: Mapping[str, Text] = {
    "closed": Text("closed"),
    "extra": Text("open as well"),
    "instead": Text("open at other hours"),
}
_LONG = 60


@dataclass(frozen=True, slots=True)
class Difference:
    """One rule that differs."""

    path: Path
    text: Text


def differences(before: Timetable, after: Timetable, kinds: Mapping[str, Text]) -> list[Difference]:
    """What is otherwise in `after`; `kinds` are the names of the kinds by their key."""
    return [
        *_of_frame(before, after),
        *(found for key in _keys(before.kinds, after.kinds) for found in _of_kind(before, after, key, kinds)),
        *(found for key in _keys(before.desks, after.desks) for found in _of_desk(before, after, key, kinds)),
        *(found for key in _keys(before.specials, after.specials) for found in _of_special(before, after, key)),
    ]


def special_text(special: Special, desks: Mapping[Any, DeskRules]) -> Text:
    """Days that are otherwise, in words: what, when, where, why."""
    rule = special.rule
    when = Text("{first} to {last}", {"first": rule.first_day, "last": rule.last_day})
    parts: list[Text | str] = [Text("{day}", {"day": rule.first_day}) if rule.first_day == rule.last_day else when]
    if rule.opens is not None and rule.closes is not None:
        parts.append(Text("{opens} to {closes}", {"opens": rule.opens, "closes": rule.closes}))
    parts.append(listed([desks[desk].name for desk in special.desks if desk in desks] or [Text("every desk")]))
    if special.reason:
        parts.append(Text("“{reason}”", {"reason": special.reason}))
    return Text("{what}: {details}", {"what": _SORTS[rule.sort], "details": listed(parts)})


def _of_frame(before: Timetable, after: Timetable) -> Iterator[Difference]:
    for name, what in _FRAME.items():
        was, is_ = getattr(before.frame, name), getattr(after.frame, name)
        if was != is_:
            both = (WEEKDAYS.get(was), WEEKDAYS.get(is_)) if name == "opens_weekday" else (was, is_)
            yield Difference(("frame", name), _became(what, *both))


def _of_kind(before: Timetable, after: Timetable, key: str, names: Mapping[str, Text]) -> Iterator[Difference]:
    name, was, is_ = names.get(key, key), before.kinds.get(key), after.kinds.get(key)
    if was is None or is_ is None:
        text = (
            Text("{kind}: offered", {"kind": name})
            if was is None
            else Text("{kind}: no longer offered", {"kind": name})
        )
        yield Difference(("kinds", key), text)
        return
    for field in KindRules.__struct_fields__:
        if (one := getattr(was, field)) != (other := getattr(is_, field)):
            what = Text("{kind}, {what}", {"kind": name, "what": _KIND[field]})
            changed = Text("{what}: new text", {"what": what}) if field == "bring" else _became(what, one, other)
            yield Difference(("kinds", key, field), changed)


def _of_desk(before: Timetable, after: Timetable, key: Any, kinds: Mapping[str, Text]) -> Iterator[Difference]:
    path, was, is_ = ("desks", str(key)), before.desks.get(key), after.desks.get(key)
    if is_ is None:
        return
    if was is None:
        yield Difference(path, Text("New desk: {desk}", {"desk": is_.name}))
        was = DeskRules(name=is_.name)
    if was.name != is_.name:
        yield Difference((*path, "name"), Text("{before} is now called {desk}", {"before": was.name, "desk": is_.name}))
    if was.active != is_.active:
        text = (
            Text("{desk}: in use", {"desk": is_.name}) if is_.active else Text("{desk}: out of use", {"desk": is_.name})
        )
        yield Difference((*path, "active"), text)
    for field, what in (("first_day", _FRAME["first_day"]), ("last_day", _FRAME["last_day"])):
        if (one := getattr(was, field)) != (other := getattr(is_, field)):
            yield Difference((*path, field), _became(_at(is_, what), one, other))
    if was.kinds != is_.kinds:
        what = _at(is_, Text("serves"))
        yield Difference((*path, "kinds"), _became(what, _served(was, kinds), _served(is_, kinds)))
    yield from _of_week((*path, "weekly"), was, is_)


def _of_week(path: Path, was: DeskRules, is_: DeskRules) -> Iterator[Difference]:
    for line in opening_texts(line for line in is_.weekly if line not in was.weekly):
        yield Difference(path, Text("{desk}: now open {line}", {"desk": is_.name, "line": line}))
    for line in opening_texts(line for line in was.weekly if line not in is_.weekly):
        yield Difference(path, Text("{desk}: no longer open {line}", {"desk": is_.name, "line": line}))


def _of_special(before: Timetable, after: Timetable, key: Any) -> Iterator[Difference]:
    path, was, is_ = ("specials", str(key)), before.specials.get(key), after.specials.get(key)
    if was == is_:
        return
    if is_ is not None:
        yield Difference(path, Text("New: {special}", {"special": special_text(is_, after.desks)}))
    if was is not None:
        yield Difference(path, Text("No longer: {special}", {"special": special_text(was, before.desks)}))


def _became(what: Text, was: Any, is_: Any) -> Text:
    return Text("{what}: {after} (before: {before})", {"what": what, "after": _said(is_), "before": _said(was)})


def _said(value: Any) -> Any:
    if value is None or value == "":
        return Text("none")
    if isinstance(value, bool):
        return Text("yes") if value else Text("no")
    return value


def _at(desk: DeskRules, what: Text) -> Text:
    return Text("{desk}, {what}", {"desk": desk.name, "what": what})


def _served(desk: DeskRules, kinds: Mapping[str, Text]) -> Text:
    return listed([kinds.get(kind, kind) for kind in desk.kinds] or [Text("everything")])


def _keys(before: Mapping[Any, Any], after: Mapping[Any, Any]) -> list[Any]:
    return list({**before, **after})
