"""Places and calendars as a file: each line is told, nothing is half-written, twice is nothing."""

import asyncio
import re
from contextlib import suppress
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis import plugins
from parvis.calendars import queries as calendars
from parvis.calendars import timetable_rows
from parvis.db import connection
from parvis.errors import Refused
from parvis.office.places import bringing, sheet, taking
from parvis.office.places.sheet import COLUMNS
from parvis.territory import queries as territory
from parvis.testing.calendars import a_calendar
from parvis.testing.visits import a_visit

HEAD = ";".join(COLUMNS)
FIRST = (
    "mairie-nord;Mairie Nord;1 rue Haute;68100;Mulhouse;47.74;7.32;oui;03 53 01 01 01;"
    "idcard;Guichet 1;lundi-vendredi;8:30;12:00"
)
MORE = "mairie-nord;;;;;;;;;idcard;Guichet 1;mercredi;14 h;17 h"


def text(*lines):
    return "\r\n".join([HEAD, *lines])


def written(*lines, encoding="utf-8-sig", comma=False):
    told = text(*lines)
    return (told.replace(",", ".").replace(";", ",") if comma else told).encode(encoding)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (FIRST.replace("8:30", "25:00"), "ouvre: write the hour"),
        (FIRST.replace("68100", "681"), "code_postal"),
        (FIRST.replace("47.74", "north"), "latitude"),
        (FIRST.replace("47.74", "147.74"), "latitude"),
        (FIRST.replace("oui", "perhaps"), "accessible"),
        (FIRST.replace("mairie-nord", "Mairie Nord"), "lieu"),
        (FIRST.replace("lundi-vendredi", "vendredi-lundi"), "jours"),
        (FIRST.replace("lundi-vendredi", "someday"), "jours"),
        (FIRST.replace(";12:00", ";"), "write all three"),
        (FIRST.replace("Guichet 1", ""), "a desk needs both"),
        (FIRST + ";more", "15 cells instead of 14"),
    ],
)
def test_a_line_that_cannot_be_read_says_what_to_mend(line, says):
    found = sheet.read(text(line))
    assert found.lines == []
    assert says in str(found.faults[2])


@pytest.mark.parametrize("how", ["utf-8", "utf-8-sig", "cp1252", "comma"])
def test_files_are_read_as_spreadsheets_save_them(how):
    content = written(FIRST.replace("Nord", "d’Été"), encoding="utf-8" if how == "comma" else how, comma=how == "comma")
    [line] = sheet.read(sheet.decode(content)).lines
    assert line.about.name == "Mairie d’Été"
    assert line.days == (1, 2, 3, 4, 5)


def test_a_missing_column_is_named():
    with pytest.raises(Refused, match="guichet"):
        sheet.read(text(FIRST).replace("guichet", "bureau"))


@given(st.text(max_size=300))
def test_whatever_comes_is_read_or_refused(content):
    with suppress(Refused):
        sheet.read(f"{HEAD}\n{content}")


def test_what_is_written_is_read_again():
    again = sheet.read(sheet.decode(sheet.write(taking.EXAMPLE)))
    assert again.faults == {}
    assert list(again.lines) == list(taking.EXAMPLE)


@pytest.fixture
async def manager(office):
    if "idcard" not in {service.key for plugin in plugins.current() for service in plugin.services}:
        pytest.skip("no service is installed")
    return await office.agent("manager")


async def rehearsed(manager, content):
    manager.page = await manager.http.post(manager.url("places/rehearsal"), files={"file": ("lieux.csv", content)})
    return manager


async def brought_in(manager):
    hidden = dict(re.findall(r'name="(mark|sheet)" value="([^"]*)"', manager.page.text))
    return await manager.post("places/import", **{name: unescape(value) for name, value in hidden.items()})


def outcomes(page):
    rows = re.findall(r'<th scope="row">(\d+)</th><td><span class="tag \w+">([^<]+)', page.text)
    return [(int(line), what) for line, what in rows]


async def test_a_file_is_looked_at_brought_in_and_twice_is_nothing(office, manager):
    await rehearsed(manager, written(FIRST, MORE))
    assert outcomes(manager.page) == [(2, "new"), (2, "new"), (3, "new")]
    assert await territory.place_by_slug("mairie-nord") is None
    await brought_in(manager)
    assert "was brought in" in manager.text
    place = await territory.place_by_slug("mairie-nord")
    assert place.emitter == office.calendar.emitter
    kept = await timetable_rows.read(await calendars.calendar_of(place.id, "idcard"))
    [desk] = kept.timetable.desks.values()
    assert len(desk.weekly) == 6
    async with connection() as c:
        days = (
            "SELECT count(*) FROM parvis.desk_day d JOIN parvis.desk k ON k.id = d.desk "
            "JOIN parvis.calendar c ON c.id = k.calendar WHERE c.place = $1"
        )
        assert await c.fetchval(days, place.id) > 30

    await rehearsed(manager, written(FIRST, MORE))
    assert {what for _, what in outcomes(manager.page)} == {"as it is"}
    assert "Everything is as the file says" in manager.text
    exported = (await manager.get("places/export")).page.content
    await rehearsed(manager, exported)
    assert {what for _, what in outcomes(manager.page)} == {"as it is"}
    await rehearsed(manager, written(FIRST.replace("1 rue Haute", "2 rue Haute"), MORE))
    assert (2, "changed") in outcomes(manager.page)
    assert (3, "as it is") in outcomes(manager.page)


async def test_nothing_is_brought_in_while_a_line_is_refused(office, manager):
    other = FIRST.replace("mairie-nord", "mairie-sud").replace("8:30", "13:00")
    await rehearsed(manager, written(FIRST, other))
    assert outcomes(manager.page) == [(2, "new"), (2, "new"), (3, "new"), (3, "refused")]
    assert 'name="mark"' not in manager.page.text
    report = await bringing.bring(
        sheet.read(text(FIRST, other)), await territory.emitter(office.calendar.emitter), None, seen="x"
    )
    assert report.refused
    assert await territory.place_by_slug("mairie-nord") is None


async def test_anothers_place_is_refused(office, manager):
    stranger = await a_calendar()
    slug = next(place.slug for place in await territory.places() if place.id == stranger.place)
    await rehearsed(manager, written(FIRST.replace("mairie-nord", slug)))
    assert outcomes(manager.page) == [(2, "refused")]


async def test_nobody_is_left_outside_unawares(office, manager):
    await a_visit(office.calendar, office.calendar.at(9))
    exported = sheet.decode((await manager.get("places/export")).page.content)
    await rehearsed(manager, exported.replace("09:00", "10:00").encode())
    assert "refused" in {what for _, what in outcomes(manager.page)}
    assert "left outside the hours" in manager.text


async def test_what_would_do_something_else_by_now_is_shown_first(office, manager):
    await rehearsed(manager, written(FIRST))
    own = await territory.emitter(office.calendar.emitter)
    first = await bringing.bring(sheet.read(text(FIRST)), own, None)
    await bringing.bring(sheet.read(text(FIRST)), own, None, seen=first.mark)
    await brought_in(manager)
    assert manager.status == 409
    assert {what for _, what in outcomes(manager.page)} == {"as it is"}


async def test_two_at_once_bring_it_in_once(office, manager):
    own, read = await territory.emitter(office.calendar.emitter), sheet.read(text(FIRST, MORE))
    seen = (await bringing.bring(read, own, None)).mark
    done = await asyncio.gather(*(bringing.bring(read, own, None, seen=seen) for _ in range(4)))
    assert sum(report.mark == seen for report in done) == 1
    place = await territory.place_by_slug("mairie-nord")
    assert len((await timetable_rows.read(await calendars.calendar_of(place.id, "idcard"))).timetable.desks) == 1


async def test_without_a_file_it_says_so(manager):
    manager.page = await manager.http.post(manager.url("places/rehearsal"), files={"file": ("", b"")})
    assert manager.status == 422
    assert "Choose a file." in manager.text
    await rehearsed(manager, b"x" * 200_000)
    assert manager.status == 422
    await rehearsed(manager, b"lieu;nom\n")
    assert "The first line lacks" in manager.text
