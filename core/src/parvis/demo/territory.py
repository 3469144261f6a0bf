"""The demo's territory: real municipalities (`data/communes.csv`), everything else invented, and saying so.

Telephone numbers are from the range that ARCEP keeps for fiction (03 53 01 xx xx); places are moved a little from
the municipality's centroid by a generator with a fixed seed.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random

from parvis.db import fold

SEED = 20_261_124
AGGLOMERATION, HOLDER = "m2a", "soleo"
_OFFSET_DEGREES = 0.004
_VOWELS = "aeiou"
_TOWN = 5_000
_HOURS = "du lundi au vendredi de 8 h 30 à 12 h et de 14 h à 17 h"
_STREETS = ("place de la Mairie", "rue de l’Hôtel-de-Ville", "place de la République", "Grand-Rue", "rue Principale")


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """An emitter of the demo. The point is WGS84."""

    slug: str
    name: str
    kind: str
    latitude: float
    longitude: float
    phone: str
    insee: str | None = None
    postcodes: tuple[str, ...] = ()
    population: int = 0
    station: bool = False
    phone_hours: str = _HOURS

    @property
    def display_name(self) -> str:
        """What its pages call it: a town from 5,000 inhabitants on is a "ville"."""
        if self.kind != "municipality":
            return self.name
        return f"{'Ville' if self.population >= _TOWN else 'Commune'} {_of(self.name)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TownHall:
    """A town hall with a biometric station."""

    slug: str
    name: str
    town: str
    address: str
    postcode: str
    latitude: float
    longitude: float


@cache
def municipalities() -> tuple[Body, ...]:
    """The 39 municipalities, as the file lists them."""
    with files("parvis.demo").joinpath("data/communes.csv").open(encoding="utf-8") as lines:
        return tuple(_municipality(number, row) for number, row in enumerate(csv.DictReader(lines), start=1))


def bodies() -> tuple[Body, ...]:
    """Every emitter: the agglomeration, its municipalities, and a contract holder."""
    seat = next(town for town in municipalities() if town.slug == "mulhouse")
    return (
        Body(
            slug=AGGLOMERATION,
            name="Mulhouse Alsace Agglomération",
            kind="agglomeration",
            latitude=seat.latitude,
            longitude=seat.longitude,
            phone=_phone(0),
            population=sum(town.population for town in municipalities()),
        ),
        *municipalities(),
        Body(
            slug=HOLDER,
            name="Soléo, délégataire de démonstration",
            kind="contract-holder",
            latitude=seat.latitude,
            longitude=seat.longitude,
            phone=_phone(90),
        ),
    )


def town_halls() -> Iterator[TownHall]:
    """The town halls with a biometric station. Mulhouse's is its centre's; the others are invented."""
    random = Random(SEED)  # noqa: S311 - a demo that looks the same everywhere
    for town in municipalities():
        north, east = (random.uniform(-_OFFSET_DEGREES, _OFFSET_DEGREES) for _ in range(2))
        street = f"{random.randint(1, 40)} {random.choice(_STREETS)}"
        if town.station:
            yield TownHall(
                slug=f"mairie-{town.slug}",
                name=f"Mairie {_of(town.name)}",
                town=town.slug,
                address=f"{street} (adresse de démonstration)",
                postcode=town.postcodes[0],
                latitude=round(town.latitude + north, 5),
                longitude=round(town.longitude + east, 5),
            )


def _municipality(number: int, row: dict[str, str]) -> Body:
    return Body(
        slug=fold(row["name"]).replace(" ", "-"),
        name=row["name"],
        kind="municipality",
        insee=row["insee"],
        postcodes=tuple(row["postcodes"].split()),
        population=int(row["population"]),
        latitude=float(row["latitude"]),
        longitude=float(row["longitude"]),
        phone=_phone(number),
        station=row["biometric_station"] != "no",
    )


def _of(name: str) -> str:
    """The name behind "of", elided: de Mulhouse, d’Illzach."""
    return f"d’{name}" if name[0].lower() in _VOWELS else f"de {name}"


def _phone(number: int) -> str:
    return f"03 53 01 {number:02d} {number:02d}"
