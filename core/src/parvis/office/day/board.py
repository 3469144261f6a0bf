"""One day as its agents see it, in parts that are told apart: what changed is sent, and nothing else. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Literal, TypeAlias
from uuid import UUID
from zoneinfo import ZoneInfo

from parvis.attendance import rules
from parvis.attendance.queries import DeskDay, Visit
from parvis.attendance.rules import Standing, Step
from parvis.calendars.bitmaps import CELL_MINUTES, WIDTH, run, runs_of, window
from parvis.calendars.rules import cell_of, instant_of, midnight

Show: TypeAlias = Literal["all", "open", "over"]
View: TypeAlias = Literal["list", "desks"]
_OVER = frozenset({Standing.SERVED, Standing.ABSENT, Standing.CANCELLED})
NOBODY = "nobody"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A visit in the list. `step` is the last one that can be undone, `kind` a sentence's msgid, `by` who acted."""

    id: str
    start: datetime
    end: datetime
    zone: ZoneInfo
    desk: str
    place: str
    kind: str
    people: int
    names: tuple[str, ...]
    reference: str
    standing: Standing
    by: str
    step: str
    offers: tuple[Step, ...]
    overdue: bool
    noted: bool
    dossier: UUID | None

    @property
    def key(self) -> str:
        """Its part of the page."""
        return f"v{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Free time of a desk, from now on; `counter` if the public cannot take it."""

    start: datetime
    end: datetime
    zone: ZoneInfo
    desk: str
    place: str
    counter: bool

    @property
    def key(self) -> str:
        """Its part of the page."""
        named = hashlib.blake2b(f"{self.place}/{self.desk}".encode(), digest_size=4).hexdigest()
        return f"f{named}{int(self.start.timestamp()) // 60:x}"


@dataclass(frozen=True, slots=True)
class Block:
    """Something on a desk's time-line, in minutes of its day: a visit with its standing, or free time without."""

    begins: int
    ends: int
    label: str = ""
    start: datetime | None = None
    visit: str = ""
    standing: Standing | None = None
    counter: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """A desk's time-line. `begins` and `ends` are the minutes that every lane of the day shows."""

    desk: UUID
    name: str
    place: str
    zone: ZoneInfo
    midnight: datetime
    begins: int
    ends: int
    blocks: tuple[Block, ...]

    @property
    def key(self) -> str:
        """Its part of the page."""
        return f"l{self.desk.hex}"


@dataclass(frozen=True, slots=True)
class Figures:
    """How many visits stand how, how many are over without an outcome, minutes still free."""

    counts: tuple[tuple[Standing, int], ...]
    overdue: int
    free_minutes: int

    key = "figures"


Part: TypeAlias = Line | Gap | Lane | Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What of the day somebody wants to see: a desk by its name, all visits, those open or those over."""

    view: View = "list"
    show: Show = "all"
    desk: str = ""

    def lets(self, item: Line | Gap) -> bool:
        """Whether a line of the list is shown."""
        if self.desk and item.desk != self.desk:
            return False
        if isinstance(item, Gap):
            return self.show != "over"
        return self.show == "all" or (item.standing in _OVER) == (self.show == "over")


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A day as it was read: its list in order, its lanes, its figures. Equal digests are equal pages."""

    items: tuple[Line | Gap, ...]
    lanes: tuple[Lane, ...]
    figures: Figures
    turns: datetime | None = field(default=None, compare=False)

    @property
    def digest(self) -> str:
        """What tells it from another one, in any process."""
        told = repr((self.items, self.lanes, self.figures)).encode()
        return hashlib.blake2b(told, digest_size=9).hexdigest()

    def shown(self, wanted: Filter) -> dict[str, Part | None]:
        """The parts that somebody sees, in order, by key; None stands for the sentence that there is nobody."""
        parts: dict[str, Part | None] = {self.figures.key: self.figures}
        if wanted.view == "desks":
            return parts | {lane.key: lane for lane in self.lanes}
        items: dict[str, Part | None] = {item.key: item for item in self.items if wanted.lets(item)}
        return parts | (items or {NOBODY: None})

    def dossiers(self, wanted: Filter) -> list[UUID]:
        """Whose names somebody sees."""
        lines = (item for item in self.items if isinstance(item, Line) and item.dossier)
        return [line.dossier for line in lines if line.dossier and (wanted.view == "desks" or wanted.lets(line))]


@dataclass(frozen=True, slots=True)
class Change:
    """What to do with a part of a page: drop it, put it in the place of the old one, or add it behind `after`."""

    act: Literal["drop", "put", "add"]
    key: str
    part: Part | None = None
    after: str = ""


def changes(before: Snapshot, now: Snapshot, wanted: Filter) -> list[Change]:
    """What turns one page into another. Drops come first, and what is added stands behind what is there by then."""
    old, new = before.shown(wanted), now.shown(wanted)
    stays = {key for key in old.keys() & new.keys() if _place(old[key]) == _place(new[key])}
    found = [Change("drop", key) for key in old if key not in stays]
    after = ""
    for key, part in new.items():
        if key not in stays:
            found.append(Change("add", key, part, after))
        elif old[key] != part:
            found.append(Change("put", key, part))
        if not isinstance(part, Figures):
            after = key
    return found


def snapshot(
    visits: Sequence[Visit],
    desks: Sequence[DeskDay],
    kinds: Mapping[tuple[str, str], str],
    day: date,
    now: datetime,
) -> Snapshot:
    """A day from what the database says of it. `kinds` are the names of services' kinds, as msgids."""
    places = {desk.place for desk in desks} | {visit.place for visit in visits}
    several = len(places) > 1
    lines = [_line(visit, kinds, several, now) for visit in visits]
    gaps = [gap for desk in desks for gap in _gaps(desk, day, several, now)]
    standings = [line.standing for line in lines]
    turns = [turn for visit in visits for turn in _turns(visit, now)]
    return Snapshot(
        tuple(sorted((*lines, *gaps), key=_place)),
        tuple(_lanes(visits, desks, several, day, now)),
        Figures(
            tuple(rules.count(standings).items()),
            sum(line.overdue for line in lines),
            sum(_minutes(gap) for gap in gaps),
        ),
        min(turns, default=None),
    )


def _place(part: Part | None) -> tuple[object, ...]:
    """Where a part stands among the others; one that keeps its place is replaced where it is."""
    if isinstance(part, (Line, Gap)):
        return part.start, part.place, part.desk, isinstance(part, Gap), part.key
    return ()


def _line(visit: Visit, kinds: Mapping[tuple[str, str], str], several: bool, now: datetime) -> Line:
    found, last = visit.standing(now), visit.done[-1] if visit.done else None
    return Line(
        id=visit.id.hex,
        start=visit.hour.start,
        end=visit.hour.end,
        zone=visit.hour.zone,
        desk=visit.desk_name,
        place=visit.place if several else "",
        kind=kinds.get((visit.service, visit.kind), visit.kind),
        people=visit.people,
        names=visit.names,
        reference=visit.reference or "",
        standing=found,
        by=visit.cancelled_by or (last.by if last else ""),
        step=last.id.hex if last and not visit.hour.cancelled else "",
        offers=rules.offered(found, visit.hour, now),
        overdue=rules.has_no_outcome(found, visit.hour.end, now),
        noted=visit.noted,
        dossier=visit.dossier,
    )


def _turns(visit: Visit, now: datetime) -> Iterator[datetime]:
    """When a line will say something else though nobody did anything."""
    if turn := rules.turns_late(visit.done, visit.hour, now):
        yield turn
    if not visit.hour.cancelled and visit.hour.end > now:
        yield visit.hour.end


def _gaps(desk: DeskDay, day: date, several: bool, now: datetime) -> Iterator[Gap]:
    for first, cells, counter in _free(desk, day, now):
        yield Gap(
            start=instant_of(day, first, desk.zone),
            end=instant_of(day, first + cells, desk.zone),
            zone=desk.zone,
            desk=desk.name,
            place=desk.place if several else "",
            counter=counter,
        )


def _free(desk: DeskDay, day: date, now: datetime) -> Iterator[tuple[int, int, bool]]:
    """Each free run from now on: its first cell, its length, and whether it is kept for the counter."""
    today, cell = cell_of(now, desk.zone)
    if day < today:
        return
    free = desk.free & (run(cell, WIDTH - cell) if day == today else -1)
    for first, cells in runs_of(free & ~desk.kept):
        yield first, cells, False
    for first, cells in runs_of(free & desk.kept):
        yield first, cells, True


def _lanes(
    visits: Iterable[Visit], desks: Sequence[DeskDay], several: bool, day: date, now: datetime
) -> Iterator[Lane]:
    live = [visit for visit in visits if not visit.hour.cancelled]
    begins, ends = _span(live, desks, day)
    for desk in desks:
        taken = [_taken(visit, day, now) for visit in live if visit.desk == desk.desk]
        free = [
            Block(first * CELL_MINUTES, (first + cells) * CELL_MINUTES, counter=counter)
            for first, cells, counter in _free(desk, day, now)
        ]
        yield Lane(
            desk=desk.desk,
            name=desk.name,
            place=desk.place if several else "",
            zone=desk.zone,
            midnight=midnight(day, desk.zone),
            begins=begins,
            ends=ends,
            blocks=tuple(sorted([*taken, *free], key=lambda block: (block.begins, block.visit))),
        )


def _taken(visit: Visit, day: date, now: datetime) -> Block:
    since = midnight(day, visit.hour.zone)
    begins, ends = ((at - since) // timedelta(minutes=1) for at in (visit.hour.start, visit.hour.end))
    label = ", ".join(visit.names)
    return Block(begins, ends, label, visit.hour.start, visit.id.hex, visit.standing(now))


def _span(visits: Iterable[Visit], desks: Iterable[DeskDay], day: date) -> tuple[int, int]:
    """The hours that are open or taken, in minutes of the day, whole hours."""
    edges = [edge for first, cells in (window(desk.grid) for desk in desks) if cells for edge in (first, first + cells)]
    for visit in visits:
        since = midnight(day, visit.hour.zone)
        edges += [(at - since) // timedelta(minutes=CELL_MINUTES) for at in (visit.hour.start, visit.hour.end)]
    first, last = min(edges, default=0), max(edges, default=0)
    hour = 60 // CELL_MINUTES
    return first // hour * 60, -(-last // hour) * 60


def _minutes(gap: Gap) -> int:
    return int((gap.end - gap.start) / timedelta(minutes=1))
