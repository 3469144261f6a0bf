"""The demo's appointments: as many as the territory has, half a year ahead, true to rules and bookings."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis import clock
from parvis.calendars import proofs
from parvis.calendars.bitmaps import fitting, marks, run
from parvis.calendars.openings import Openings, cells_between, grid_of
from parvis.contract.values import Demo
from parvis.db import connection
from parvis.demo.seed import seed
from parvis.territory import queries
from parvis_idcard import demo
from parvis_idcard.stations import STATIONS, Station, weekly

PARIS = ZoneInfo("Europe/Paris")


def a_year(station: Station, first: date = date(2027, 1, 1)) -> int:
    """How many deposits of one person a town hall opens in a year."""
    cells, found = -(-station.first // 5), 0
    for hours in station.desks:
        openings = Openings(zone=PARIS, weekly=tuple(weekly(hours)), public_holidays="Alsace-Moselle")
        for ahead in range(365):
            grid = grid_of(openings, first + timedelta(days=ahead)).grid
            found += (marks(grid, cells) & fitting(grid, cells)).bit_count()
    return found


def test_a_year_has_about_45_000_appointments_18_000_of_them_in_mulhouse() -> None:
    years = {station.place: a_year(station) for station in STATIONS}
    assert sum(years.values()) == pytest.approx(45_000, rel=0.02)
    assert years["mairie-mulhouse"] == pytest.approx(18_000, rel=0.02)
    desks = {station.place: len(station.desks) for station in STATIONS}
    assert (sum(desks.values()), desks["mairie-mulhouse"]) == (14, 6)


@given(st.integers(0, 60), st.integers(1, 60), st.floats(0, 1), st.integers(), st.sampled_from(STATIONS))
def test_invented_visits_stay_within_the_grid_and_never_overlap(
    opens: int, length: int, share: float, seed_: int, station: Station
) -> None:
    grid = run(90 + opens, length)
    taken = 0
    for visit in demo.visits(grid, station, share, Random(seed_)):
        cells = run(visit.cell, visit.cells)
        assert cells & grid == cells
        assert not cells & taken
        taken |= cells


async def test_the_seed_is_true_to_rules_and_bookings_and_fills_today(database: str) -> None:
    await seed([Demo(seed=demo.seed)])
    assert await proofs.unlike_bookings() == []
    async with connection() as c:
        calendars = await c.fetch("SELECT id FROM parvis.calendar")
        by_week = await c.fetch(
            "SELECT (day - $1) / 7 AS week, count(*) AS taken FROM parvis.booking GROUP BY 1 ORDER BY 1", today()
        )
        last = await c.fetchval("SELECT min(last) FROM (SELECT max(day) AS last FROM parvis.desk_day GROUP BY desk) d")
        bare = await c.fetchval(
            "SELECT count(*) FROM parvis.booking b LEFT JOIN parvis.dossier d ON d.booking = b.id "
            "LEFT JOIN idcard.visit v ON v.dossier = d.id WHERE v.dossier IS NULL"
        )
    assert [await proofs.unlike_rules(row["id"]) for row in calendars] == [[]] * 7
    weeks = [row["taken"] for row in by_week]
    assert weeks[0] > weeks[2] > weeks[5] > 0
    assert last >= today() + timedelta(days=180)
    assert bare == 0


async def test_the_service_is_published_at_the_territory_and_the_seven_town_halls(database: str) -> None:
    await seed([Demo(seed=demo.seed)])
    assert {found.slug for found in await queries.publishers("idcard")} == {
        "m2a", "mulhouse", "illzach", "wittenheim", "rixheim", "habsheim", "wittelsheim", "kingersheim",
    }  # fmt: skip


def today() -> date:
    return clock.now().astimezone(PARIS).date()


def test_every_opening_is_a_whole_number_of_deposits_so_that_no_minute_is_lost() -> None:
    for station in STATIONS:
        for hours in station.desks:
            for opening in weekly(hours):
                cells = cells_between(date(2027, 1, 4), opening.opens, opening.closes, PARIS).bit_count()
                assert cells * 5 % station.first == 0, (station.place, opening)
