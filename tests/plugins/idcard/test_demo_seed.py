"""The demo's appointments: as many as the territory has, half a year ahead and some weeks back, true to rules."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from datetime import date, timedelta
from random import Random
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis import clock, crypto, plugins
from parvis.attendance import outages
from parvis.calendars import proofs
from parvis.calendars.bitmaps import fitting, marks, run
from parvis.calendars.openings import Openings, cells_between, grid_of
from parvis.contract.values import Channel, Demo
from parvis.crypto import Keys
from parvis.db import close_pool, connection
from parvis.db.cluster import Cluster
from parvis.demo.seed import seed
from parvis.dossiers import erasing
from parvis.dossiers import queries as dossiers
from parvis.office.figures.report import report
from parvis.settings import Settings
from parvis.territory import queries
from parvis.testing.fixtures import copied
from parvis.testing.visits import put_clock
from parvis_idcard import demo, jobs
from parvis_idcard.ants.coordination.queries import undeclared_dossiers
from parvis_idcard.demo.visits import visits
from parvis_idcard.queries import numbered, with_number
from parvis_idcard.rules import read_number
from parvis_idcard.stations import STATIONS, Station, weekly

PARIS = ZoneInfo("Europe/Paris")
# The seeded database of this process, and the keys that its secrets are under.
_seeded: list[tuple[str, Keys]] = []


@pytest.fixture
async def seeded(cluster: Cluster, template: str, instance: Settings) -> AsyncIterator[str]:
    """A copy of the demo's territory, which is seeded once for all of these tests."""
    plugins.use(plugins.load())
    if not _seeded:
        _seeded.append((await _seed(cluster, template, instance), crypto.at_hand()))
    [(name, keys)] = _seeded
    crypto.use(keys)
    async with copied(cluster, name, instance) as url:
        yield url


async def _seed(cluster: Cluster, template: str, instance: Settings) -> str:
    name = f"seeded_{os.getpid()}"
    async with copied(cluster, template, instance) as url:
        await seed([Demo(seed=demo.seed)])
        await close_pool()
        admin = await asyncpg.connect(cluster.url("parvis_owner", "postgres"))
        await admin.execute(f'CREATE DATABASE "{name}" TEMPLATE "{urlsplit(url).path[1:]}"')
        await admin.close()
    return name


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
    for visit in visits(grid, station, share, Random(seed_)):
        cells = run(visit.cell, visit.cells)
        assert cells & grid == cells
        assert not cells & taken
        taken |= cells


async def test_the_seed_is_true_to_rules_and_bookings_and_fills_today(seeded: str) -> None:
    assert await proofs.unlike_bookings() == []
    async with connection() as c:
        calendars = await c.fetch("SELECT id FROM parvis.calendar")
        by_week = await c.fetch(
            "SELECT (day - $1) / 7 AS week, count(*) AS taken FROM parvis.booking WHERE day >= $1 "
            "GROUP BY 1 ORDER BY 1",
            today(),
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


async def test_the_service_is_published_at_the_territory_and_the_seven_town_halls(seeded: str) -> None:
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


async def test_the_last_weeks_have_their_figures(seeded: str) -> None:
    for slug in ("m2a", "mulhouse"):
        found = await report(await queries.emitter_by_slug(slug), "past")
        assert len(found.weeks) == 5
        assert all(week.taken and week.open_minutes for week in found.weeks)
        assert set(found.cancelled) == {"resident", "staff", "helper", "system"}
        assert 3 < (found.absent or 0) < 12
        assert 20 < (found.elsewhere or 0) < 60
        assert all(hall.outcomes.served > 10 * hall.outcomes.absent > 0 for hall in found.halls)


async def test_of_visits_long_past_only_what_is_about_nobody_is_there(seeded: str) -> None:
    bare = (
        "SELECT count(*) AS every, count(names) + count(contact) + count(phone) + count(details) AS told "
        "FROM parvis.dossier d JOIN idcard.applicant a ON a.dossier = d.id WHERE state = 'erased'"
    )
    async with connection() as c:
        row = await c.fetchrow(bare)
    assert row["every"] > 100
    assert row["told"] == 0
    # What the background work finds: nothing that the seed left half done.
    assert await erasing.erase_kept_long_enough([]) == 0


async def test_people_are_reached_at_addresses_and_numbers_that_are_nobodys(seeded: str) -> None:
    found = await dossiers.matching("dossier.state <> $1 LIMIT 500", "erased")
    mails = [one.contact.address for one in found if one.contact and one.contact.kind is Channel.MAIL]
    texted = [one.contact.address for one in found if one.contact and one.contact.kind is Channel.SMS]
    called = [one.phone for one in found if one.phone]
    assert len(mails) > len(called) > len(texted) > 5
    assert all(re.fullmatch(r"[a-z]+\.[a-z]+\d+@example\.org", mail) for mail in mails)
    assert all(re.fullmatch(r"\+3363998\d{4}", phone) for phone in (*texted, *called))
    # Whoever was due a reminder had it before the demo began.
    assert await jobs.remind() == 0


async def test_an_outage_writes_to_some_and_names_others_to_call(seeded: str) -> None:
    mulhouse = await queries.emitter_by_slug("mulhouse")
    sql = (
        "SELECT k.calendar, b.day, min(lower(b.period)) AS first FROM parvis.booking b "
        "JOIN parvis.desk k ON k.id = b.desk JOIN parvis.dossier d ON d.booking = b.id "
        "WHERE d.emitter = $1 AND b.day > $2 AND extract(isodow FROM b.day) < 6 GROUP BY 1, 2 ORDER BY 2 LIMIT 1"
    )
    async with connection() as c:
        day = await c.fetchrow(sql, mulhouse.id, today())
    put_clock(day["first"], minutes=-30)
    out = await outages.declare(day["calendar"], [], day["first"] + timedelta(hours=10), "Panne", None)
    told = [one.told for one in await outages.visits(out)]
    assert len(told) > 20
    assert 5 < sum(told) < len(told) - 5


async def test_an_application_number_finds_its_request_and_is_declared(seeded: str) -> None:
    async with connection() as c:
        dossier = await c.fetchval("SELECT dossier FROM idcard.applicant WHERE number_digest IS NOT NULL LIMIT 1")
        early = await c.fetchval(
            "SELECT count(*) FROM idcard.applicant a JOIN parvis.booking b ON b.dossier = a.dossier "
            "WHERE number_digest IS NOT NULL AND b.day <= $1",
            today(),
        )
    found = await dossiers.dossier(dossier)
    [first, *_] = await numbered(dossier)
    assert isinstance(read_number(first.number), str)
    assert await with_number(first.number, found.emitter) == [dossier]
    assert found.contact is not None
    assert early == 0
    assert 300 < len(await undeclared_dossiers(rehearsed=False)) <= 500
