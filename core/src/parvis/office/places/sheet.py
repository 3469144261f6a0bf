"""The CSV of places and calendars: its bytes read into lines, each with what it says or why it cannot be read. Pure.

One line a place, or one for each of its desks and hours; what a place is called and where it is need stand in its
first line only.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import time
from typing import Any

from parvis.db.names import fold
from parvis.errors import Refusal, Refused, Text
from parvis.web.fields import hour

COLUMNS = (
    "lieu", "nom", "adresse", "code_postal", "commune", "latitude", "longitude", "accessible", "telephone",
    "service", "guichet", "jours", "ouvre", "ferme",
)  # fmt: skip
_ABOUT = COLUMNS[1:9]
_DAYS = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_YES, _NO = {"oui", "yes", "1", "x"}, {"non", "no", "0", ""}
_MOST = 2000


class Unreadable(ValueError):
    """A line that cannot be read: a sentence for whoever wrote it."""

    def __init__(self, text: Text) -> None:
        self.text = text
        super().__init__(str(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a place is called and where it is; the point is WGS84."""

    name: str
    address: str
    postcode: str
    city: str
    latitude: float
    longitude: float
    accessible: bool
    phone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of the file by its number: a place, perhaps with what it is, a service, a desk, hours on some weekdays."""

    number: int
    place: str
    about: About | None = None
    service: str = ""
    desk: str = ""
    days: tuple[int, ...] = ()
    opens: time | None = None
    closes: time | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """The lines that can be read, and a sentence for each that cannot, by its number."""

    lines: Sequence[Line] = ()
    faults: Mapping[int, Text] = field(default_factory=dict)


def decode(content: bytes) -> str:
    """The text of a file as spreadsheets save it: UTF-8 with or without a mark, else Windows-1252.

    >>> decode("\\ufeffMairie d’Illzach".encode()) == decode("Mairie d’Illzach".encode("cp1252"))
    True
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def read(text: str) -> Sheet:
    """The lines of a file with semicolons or commas. Raises Refused where its first line lacks columns."""
    head, _, _ = text.partition("\n")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=";" if head.count(";") >= head.count(",") else ",")
    names = [fold(cell).replace(" ", "_") for cell in next(rows, [])]
    if missing := [column for column in COLUMNS if column not in names]:
        text_ = Text("The first line lacks: {columns}. The template has them all.", {"columns": ", ".join(missing)})
        raise Refused(Refusal("sheet-header", text_, "file"))
    lines, faults = [], {}
    try:
        for row in rows:
            if any(cell.strip() for cell in row):
                try:
                    lines.append(_line(rows.line_num, names, row))
                except Unreadable as fault:
                    faults[rows.line_num] = fault.text
    except csv.Error:
        faults[rows.line_num] = Text("The line cannot be read as part of a table.")
    if len(lines) > _MOST:
        raise Refused(Refusal("sheet-long", Text("The file has more than {most} lines.", {"most": _MOST}), "file"))
    return Sheet(lines, faults)


def _line(number: int, names: Sequence[str], row: Sequence[str]) -> Line:
    if len(row) != len(names):
        counts = {"cells": len(row), "wanted": len(names)}
        raise Unreadable(Text("It has {cells} cells instead of {wanted}.", counts))
    cells = {name: " ".join(cell.split()) for name, cell in zip(names, row, strict=True)}
    if not _SLUG.fullmatch(cells["lieu"]) or len(cells["lieu"]) > 80:
        raise Unreadable(Text("lieu: write a short name in small letters, figures and hyphens, like mairie-nord."))
    about = _about(cells) if any(cells[column] for column in _ABOUT) else None
    return Line(number=number, place=cells["lieu"], about=about, **_hours(cells))


def _about(cells: Mapping[str, str]) -> About:
    for column in ("nom", "adresse", "commune"):
        if not cells[column] or len(cells[column]) > 100:
            raise Unreadable(Text("{column}: write it, in at most 100 signs.", {"column": column}))
    if not re.fullmatch(r"\d{5}", cells["code_postal"]):
        raise Unreadable(Text("code_postal: write its five figures."))
    if fold(cells["accessible"]) not in _YES | _NO:
        raise Unreadable(Text("accessible: write oui or non."))
    return About(
        name=cells["nom"],
        address=cells["adresse"],
        postcode=cells["code_postal"],
        city=cells["commune"],
        latitude=_degrees(cells, "latitude", 90),
        longitude=_degrees(cells, "longitude", 180),
        accessible=fold(cells["accessible"]) in _YES,
        phone=cells["telephone"][:30],
    )


def _degrees(cells: Mapping[str, str], column: str, most: int) -> float:
    typed = cells[column].replace(",", ".")
    if not re.fullmatch(r"-?\d{1,3}(\.\d{1,12})?", typed) or abs(float(typed)) > most:
        raise Unreadable(Text("{column}: write degrees like 47.7489.", {"column": column}))
    return float(typed)


def _hours(cells: Mapping[str, str]) -> dict[str, Any]:
    service, desk = cells["service"], cells["guichet"]
    spans = [cells[column] for column in ("jours", "ouvre", "ferme")]
    if not service and not desk and not any(spans):
        return {}
    if not service or not desk or len(desk) > 60:
        raise Unreadable(Text("service, guichet: a desk needs both, the name in at most 60 signs."))
    if not any(spans):
        return {"service": service, "desk": desk}
    if not all(spans):
        raise Unreadable(Text("jours, ouvre, ferme: write all three, or none."))
    opens, closes = hour(spans[1]), hour(spans[2])
    for column, found in (("ouvre", opens), ("ferme", closes)):
        if isinstance(found, Text):
            raise Unreadable(Text("{column}: write the hour like 8:30.", {"column": column}))
    return {"service": service, "desk": desk, "days": tuple(_days(spans[0])), "opens": opens, "closes": closes}


def _days(typed: str) -> Iterator[int]:
    """Weekdays, 1 is Monday: `lundi-vendredi`, `mardi, jeudi`, `1-5`."""
    found: set[int] = set()
    for part in typed.split(","):
        first, _, last = part.partition("-")
        since, until = _day(first), _day(last or first)
        if since > until:
            raise Unreadable(Text("jours: write days like lundi-vendredi or mardi, jeudi."))
        found |= set(range(since, until + 1))
    yield from sorted(found)


def _day(typed: str) -> int:
    name = fold(typed).strip()
    matches = [number for number, day in enumerate(_DAYS, start=1) if name == str(number) or name in (day, day[:3])]
    if not matches:
        raise Unreadable(Text("jours: write days like lundi-vendredi or mardi, jeudi."))
    return matches[0]


def write(lines: Sequence[Line]) -> bytes:
    """The file of these lines, as spreadsheets open it: semicolons, UTF-8 with its mark."""
    out = io.StringIO(newline="")
    table = csv.writer(out, delimiter=";", lineterminator="\r\n")
    table.writerow(COLUMNS)
    table.writerows(map(_row, lines))
    return out.getvalue().encode("utf-8-sig")


def _row(line: Line) -> list[str]:
    about, told = line.about, [""] * len(_ABOUT)
    if about:
        point = [f"{about.latitude:.6f}", f"{about.longitude:.6f}"]
        told = [about.name, about.address, about.postcode, about.city, *point]
        told += ["oui" if about.accessible else "non", about.phone]
    hours = [f"{at:%H:%M}" if at else "" for at in (line.opens, line.closes)]
    return [line.place, *told, line.service, line.desk, ", ".join(_DAYS[day - 1] for day in line.days), *hours]
