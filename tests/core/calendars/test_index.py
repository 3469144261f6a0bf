"""What the index keeps of a desk and finds by place is what it was given, in a few bytes and without sorting all."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis import clock
from parvis.calendars import feed, planning
from parvis.calendars.bitmaps import WIDTH, run
from parvis.calendars.deskbits import BYTES, DeskBits
from parvis.calendars.following import refill
from parvis.calendars.grids import bits_of, open_days
from parvis.calendars.index import Entry, Index, KindInfo
from parvis.calendars.openings import Weekly
from parvis.db import connection
from parvis.testing.calendars import a_calendar, every_day

DAY = date(2027, 1, 4).toordinal()
runs = st.tuples(st.integers(0, 290), st.integers(0, WIDTH)).map(lambda pair: run(pair[0], min(pair[1], 300 - pair[0])))
# (day, grid, kept, which of the grid is free)
days = st.tuples(st.integers(DAY, DAY + 20), runs, runs, runs)


def entry(number: int, latitude: float = 47.75, longitude: float = 7.33, **rest) -> Entry:
    kinds = {"deposit": KindInfo(20, 15, 20, 8, True)}
    zone, name = ZoneInfo("Europe/Paris"), rest.pop("name", f"Town {number}")
    where = {"latitude": latitude, "longitude": longitude, "accessible": True}
    desks = {UUID(int=number): DeskBits(UUID(int=number), frozenset())}
    head = {"calendar": UUID(int=number), "service": "idcard", "zone": zone, "place": UUID(int=number)}
    named = {"place_name": name, "city": name, "emitter": UUID(int=0)}
    return Entry(**head, **named, **where, kinds=kinds, desks=desks, **rest)


def an_index(*entries: Entry) -> Index:
    index = Index()
    for one in entries:
        index.put(one)
    return index


def ranked(index: Index, near=None, places=()) -> list[tuple[int, str]]:
    return [(metres, found.place_name) for metres, found in index.ranked("idcard", near, 20, places)]


@given(st.lists(days, max_size=30))
def test_a_desk_keeps_what_it_was_given_day_by_day(given_days):
    index, kept = an_index(entry(1)), {}
    for day, grid, counter, free in given_days:
        index.put_day(UUID(int=1), date.fromordinal(day), free & grid, grid, counter & grid)
        kept[day] = free & grid
    bits = index.entries[UUID(int=1)].desks[UUID(int=1)]
    for day in range(DAY - 2, DAY + 24):
        assert bits.on(day)[0] == kept.get(day, 0)
        assert bits.next_free(day) == min((d for d, free in kept.items() if free and d >= day), default=None)


@given(st.lists(days, min_size=1, max_size=20, unique_by=lambda found: found[0]))
def test_all_days_at_once_are_those_days_one_by_one(given_days):
    at_once, one_by_one = an_index(entry(1)), an_index(entry(1))
    given_days.sort()
    for day, grid, counter, free in given_days:
        one_by_one.put_day(UUID(int=1), date.fromordinal(day), free & grid, grid, counter & grid)
    at_once.fill(
        at_once.entries[UUID(int=1)].desks[UUID(int=1)],
        [day for day, *_ in given_days],
        b"".join((free & grid).to_bytes(BYTES, "big") for _, grid, _, free in given_days),
        [grid.to_bytes(BYTES, "big") + (counter & grid).to_bytes(BYTES, "big") for _, grid, counter, _ in given_days],
    )
    for day in range(DAY, DAY + 21):
        assert starts(at_once, day) == starts(one_by_one, day)
        assert at_once.free(UUID(int=1), date.fromordinal(day)) == one_by_one.free(UUID(int=1), date.fromordinal(day))


def starts(index: Index, day: int) -> list[list[int]]:
    found = index.entries[UUID(int=1)]
    return [list(index.starts(found, "deposit", 4, day, counter)) for counter in (False, True)]


def test_a_day_takes_the_bytes_of_its_opening_hours():
    index = an_index(entry(1))
    for day in range(150):
        index.put_day(UUID(int=1), date.fromordinal(DAY + day), run(108, 96), run(108, 96), 0)
    bits = index.entries[UUID(int=1)].desks[UUID(int=1)]
    assert len(bits.free) == 150 * 13


def test_places_come_by_distance_by_name_and_of_the_asked_ones_only():
    index = an_index(
        entry(1, 47.80, name="North"), entry(2, 47.75, name="Here"), entry(3, 47.75, name="Beside"), entry(4, 40.0)
    )
    near = ranked(index, (47.75, 7.33))
    assert [name for _, name in near] == ["Beside", "Here", "North", "Town 4"]
    assert near[0][0] == near[1][0] == 0
    assert ranked(index) == [(0, "Beside"), (0, "Here"), (0, "North"), (0, "Town 4")]
    assert ranked(index, (47.75, 7.33), {UUID(int=1), UUID(int=2), UUID(int=9)}) == [near[1], near[2]]
    assert ranked(index, None, {UUID(int=1), UUID(int=2)}) == [(0, "Here"), (0, "North")]
    assert ranked(Index(), (47.75, 7.33)) == ranked(Index()) == []


def test_the_nearest_go_on_beyond_those_that_are_remembered():
    index = an_index(*(entry(number, 47 + number / 100) for number in range(70)))
    for _ in range(2):
        assert ranked(index, (47.0, 7.33)) == sorted(ranked(index, (47.0, 7.33)))
        assert len(set(ranked(index, (47.0, 7.33)))) == 70


@pytest.mark.parametrize("near", [None, (47.75, 7.33)])
def test_what_moves_or_leaves_is_found_there_no_more(near):
    index = an_index(entry(1, name="First"), entry(2, name="Second"))
    assert len(ranked(index, near)) == 2
    index.put(entry(1, 47.9, name="Third"))
    assert [name for _, name in ranked(index, near)] == ["Second", "Third"]
    index.drop(UUID(int=2))
    assert [name for _, name in ranked(index, near)] == ["Third"]
    replaced = entry(1, 47.9, name="Third")
    index.put(replaced)
    assert next(found for _, found in index.ranked("idcard", near, 20)) is replaced


async def test_what_is_filled_is_what_the_tables_say(database):
    weekly = [
        *every_day(time(9), time(12)),
        Weekly(2, time(0), time(23, 55)),
        Weekly(5, time(14), time(15), counter=True),
    ]
    calendar = await a_calendar(desks=2, weekly=weekly, horizon_days=200, counter_percent=20)
    await planning.add_desk(calendar.id, "Only on Tuesdays", [Weekly(2, time(13, 45), time(18))])
    await open_days(calendar.id)
    index = Index()
    await refill(index)
    async with connection() as c:
        rows = await c.fetch("SELECT * FROM parvis.desk_day WHERE day >= $1", clock.now().date() - timedelta(days=1))
    assert len(rows) > 400
    desks = index.entries[calendar.id].desks
    for row in rows:
        free, shape = desks[row["desk"]].on(row["day"].toordinal())
        assert free == bits_of(row, "free")
        assert index._shapes[shape].grid == bits_of(row, "grid")
        assert index._shapes[shape].kept == bits_of(row, "kept")
    closed = datetime.combine(calendar.day, time(12), UTC).date() + timedelta(days=400)
    assert all(index.free(desk, closed) == 0 for desk in desks)


async def test_a_calendar_without_desks_or_days_is_known_too(database):
    calendar = await a_calendar(desks=0)
    other = await a_calendar(weekly=[])
    await feed.advance()
    index = Index()
    await refill(index)
    assert {calendar.id, other.id} <= index.entries.keys()
