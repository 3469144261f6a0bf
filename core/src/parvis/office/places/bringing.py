"""Bringing a sheet in, all or nothing: a rehearsal does the same and undoes it, so that it tells what will happen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from itertools import groupby
from uuid import UUID

import msgspec

from parvis import plugins
from parvis.calendars import checks, grids, planning, saving, timetable_rows
from parvis.calendars import queries as calendars
from parvis.calendars.openings import Weekly
from parvis.calendars.saving import Edit, Undecided
from parvis.calendars.timetables import DeskRules, Timetable
from parvis.contract.values import Service
from parvis.db import new_id, transaction
from parvis.errors import NotFound, Refused, Text
from parvis.office.places.sheet import About, Line, Sheet
from parvis.territory import actions, queries
from parvis.territory.publishing import queries as publishing
from parvis.territory.queries import EmitterInfo, PlaceInfo

_OTHERS = Text("This place is another body’s: only hours that a contract names can be brought in.")
_ABOUT_MISSING = Text("This place is new: say its name, address, municipality and point.")
_TWICE = Text("Another line says something else of this place.")
_SEASONS = Text("This desk has hours by season or for the counter: change it under Opening hours.")
_TWICE_HOURS = Text("The hours of this desk do not fit together.")
_LEFT_OUT = Text("Appointments would be left outside the hours: change them under Opening hours, where you decide.")


@dataclass(frozen=True, slots=True)
class Told:
    """What becomes of a line: `created`, `changed`, `unchanged` or `refused`, with what, or why not."""

    line: int
    what: str
    text: Text


@dataclass(frozen=True, slots=True)
class Report:
    """A word for each line. `mark` tells one report from another."""

    told: Sequence[Told]

    @property
    def refused(self) -> bool:
        """Whether any line is refused: then nothing is brought in."""
        return any(one.what == "refused" for one in self.told)

    @property
    def changes(self) -> bool:
        """Whether anything would be otherwise."""
        return any(one.what in {"created", "changed"} for one in self.told)

    @property
    def mark(self) -> str:
        """What a page that shows it carries."""
        return sha256(repr([(one.line, one.what, str(one.text)) for one in self.told]).encode()).hexdigest()[:16]


class _UndoneError(Exception):
    """Rolls a rehearsal back."""


class _RefusedLine(Exception):
    def __init__(self, text: Text) -> None:
        self.text = text


async def bring(sheet: Sheet, own: EmitterInfo, by: UUID | None, *, seen: str | None = None) -> Report:
    """Bring a sheet in, if its report is the one `seen` and refuses nothing; without `seen` it is a rehearsal."""
    report = Report(())
    try:
        async with transaction() as c:
            # One file at a time for each emitter.
            await c.execute("SELECT FROM parvis.emitter WHERE id = $1 FOR NO KEY UPDATE", own.id)
            report = await _all(sheet, own, by)
            if seen != report.mark or report.refused:
                raise _UndoneError
    except _UndoneError:
        pass
    return report


async def _all(sheet: Sheet, own: EmitterInfo, by: UUID | None) -> Report:
    told = [Told(number, "refused", text) for number, text in sheet.faults.items()]
    by_place = sorted(sheet.lines, key=lambda line: line.place)
    for slug, grouped in groupby(by_place, key=lambda line: line.place):
        lines = sorted(grouped, key=lambda line: line.number)
        # What one place cannot have undoes that place alone, so that the others are told too.
        try:
            async with transaction():
                told += await _place(slug, lines, own, by)
        except _RefusedLine as refused:
            told += [Told(line.number, "refused", refused.text) for line in lines]
    return Report(sorted(told, key=lambda one: one.line))


async def _place(slug: str, lines: Sequence[Line], own: EmitterInfo, by: UUID | None) -> list[Told]:
    """A place with its desks, and what became of its lines. Raises _RefusedLine for all of them together."""
    known = await queries.place_by_slug(slug)
    abouts = [line.about for line in lines if line.about]
    if len(set(abouts)) > 1:
        raise _RefusedLine(_TWICE)
    if known is not None and known.emitter != own.id:
        await _refuse_strangers(known, lines, own)
        place, what = known, ("unchanged", Text("{name}: as it is", {"name": known.name}))
    else:
        place, what = await _kept(slug, known, abouts, own)
    told = [Told(next((line.number for line in lines if line.about), lines[0].number), *what)]
    desks = sorted((line for line in lines if line.service), key=lambda line: (line.service, line.desk, line.number))
    for (service, desk), of_desk in groupby(desks, key=lambda line: (line.service, line.desk)):
        told += await _desk(place.id, service, desk, list(of_desk), by)
    return told


async def _refuse_strangers(known: PlaceInfo, lines: Sequence[Line], own: EmitterInfo) -> None:
    """Of another's place a contract holder brings in the hours of what its contract names, and nothing else."""
    named = await _contracted(known, own)
    services = {line.service for line in lines if line.service}
    changed = any(line.about and line.about != _about(known) for line in lines)
    if not named or services - named or changed:
        raise _RefusedLine(_OTHERS)


async def _contracted(place: PlaceInfo, own: EmitterInfo) -> frozenset[str]:
    """The services that a contract in force lets the emitter run at another's place."""
    today = queries.today()
    return frozenset(
        service
        for contract in await publishing.contracts_of(own.id)
        if contract.holder == own.id and place.id in contract.places
        if contract.first_day <= today <= contract.last_day
        for service in contract.services
    )


async def _kept(
    slug: str, known: PlaceInfo | None, abouts: Sequence[About], own: EmitterInfo
) -> tuple[PlaceInfo, tuple[str, Text]]:
    """The place as the file has it, and what became of it."""
    if known is None and not abouts:
        raise _RefusedLine(_ABOUT_MISSING)
    if known is not None and (not abouts or abouts[0] == _about(known)):
        return known, ("unchanged", Text("{name}: as it is", {"name": known.name}))
    operator = known.operator if known else None
    hours = known.phone_hours if known else ""
    added = await actions.add_place(slug, own.id, operator=operator, phone_hours=hours, **asdict(abouts[0]))
    named = {"name": abouts[0].name}
    what = ("changed", Text("{name}: changed", named)) if known else ("created", Text("{name}: new place", named))
    return await queries.place(added), what


def _about(place: PlaceInfo) -> About:
    return About(**{name: getattr(place, name) for name in About.__dataclass_fields__})


async def _desk(place: UUID, service: str, desk: str, lines: Sequence[Line], by: UUID | None) -> list[Told]:
    """A desk with its week, and what became of its lines."""
    weekly = tuple(sorted(_weekly(lines), key=lambda one: (one.weekday, one.opens)))
    if wrong := _wrong(lines, weekly):
        return [Told(line.number, "refused", wrong.get(line.number, _TWICE_HOURS)) for line in lines]
    calendar = await calendars.calendar_of(place, service)
    if calendar is None:
        calendar = await _begin(place, _service(service))
    try:
        what = await _set(calendar, desk, weekly, by)
    except Undecided:
        return [Told(line.number, "refused", _LEFT_OUT) for line in lines]
    texts = {
        "created": Text("{desk}: new desk", {"desk": desk}),
        "changed": Text("{desk}: other hours", {"desk": desk}),
        "unchanged": Text("{desk}: as it is", {"desk": desk}),
    }
    return [Told(line.number, what, texts[what]) for line in lines]


def _weekly(lines: Sequence[Line]) -> Iterator[Weekly]:
    for line in lines:
        if line.opens and line.closes:
            yield from (Weekly(day, line.opens, line.closes) for day in line.days)


def _wrong(lines: Sequence[Line], weekly: Sequence[Weekly]) -> dict[int, Text]:
    """What of a desk's hours makes no sense, by line."""
    refused = ((line, checks.line_refusal(one)) for line in lines for one in _weekly([line]))
    found = {line.number: refusal.text for line, refusal in refused if refusal is not None}
    if not found and any(checks.overlapping(weekly)):
        return dict.fromkeys((line.number for line in lines), _TWICE_HOURS)
    return found


def _service(key: str) -> Service:
    try:
        return plugins.current().service(key)[1]
    except NotFound as error:
        known = ", ".join(service.key for plugin in plugins.current() for service in plugin.services)
        raise _RefusedLine(Text("service: there is only {known}.", {"known": known})) from error


async def _begin(place: UUID, service: Service) -> UUID:
    calendar = await planning.add_calendar(place, service.key)
    for kind in service.kinds:
        await planning.offer(
            calendar,
            kind.key,
            kind.first,
            kind.further,
            people_max=kind.people,
            online=kind.online,
            number=kind.number,
        )
    return calendar


async def _set(calendar: UUID, desk: str, weekly: tuple[Weekly, ...], by: UUID | None) -> str:
    """The desk with this week: created, changed or unchanged. Raises Undecided, _RefusedLine."""
    kept = await timetable_rows.read(calendar)
    known = next(((key, rules) for key, rules in kept.timetable.desks.items() if rules.name == desk), None)
    if known and sayable(known[1]) and known[1].weekly == weekly:
        return "unchanged"
    if known and not sayable(known[1]):
        raise _RefusedLine(_SEASONS)
    rules = msgspec.structs.replace(known[1], weekly=weekly) if known else DeskRules(name=desk, weekly=weekly)
    proposed = _with(kept.timetable, known[0] if known else new_id(), rules)
    try:
        await saving.save(Edit(calendar=calendar, base=kept.version, proposed=proposed, sort="desk", by=by), {})
    except Refused as refused:
        raise _RefusedLine(refused.refusals[0].text) from refused
    await grids.open_days(calendar)
    return "changed" if known else "created"


def _with(timetable: Timetable, key: UUID, rules: DeskRules) -> Timetable:
    return msgspec.structs.replace(timetable, desks={**timetable.desks, key: rules})


def sayable(rules: DeskRules) -> bool:
    """Whether a desk's week is one that the file can say."""
    return rules.active and all(one == Weekly(one.weekday, one.opens, one.closes) for one in rules.weekly)
