"""Search: what is found is what can be taken, by time, by distance, by month, warm and cold alike."""

import random
from datetime import time, timedelta

import pytest

from parvis import clock
from parvis.calendars import actions, feed, following, grids, planning, search
from parvis.calendars.following import catch_up, refill
from parvis.calendars.index import Index
from parvis.calendars.openings import Exceptional
from parvis.calendars.search import Wanted
from parvis.calendars.slots import read_slot
from parvis.db import connection
from parvis.errors import Invalid
from parvis.testing.calendars import a_calendar, a_place, every_day, numbered

pytestmark = pytest.mark.usefixtures("database")
MULHOUSE = (47.7489, 7.3253)


@pytest.fixture(params=["cold", "warm"])
async def index(request, database):
    """The index, warm or cold; a test makes its data, then calls it."""
    if request.param == "cold":
        yield lambda: feed.advance()
        return
    async with following.following():

        async def caught_up() -> None:
            fresh = Index()
            await refill(fresh)
            following._warm[:] = [fresh]

        yield caught_up


def deposits(**rest) -> Wanted:
    return Wanted(service="idcard", kind="deposit", **rest)


async def starts(wanted: Wanted, limit: int = 100) -> list:
    return [slot.start for slot in (await search.search(wanted, limit=limit)).items]


async def test_free_hours_come_by_time_and_say_how_often(index):
    calendar = await a_calendar(desks=2)
    await actions.hold(calendar.id, "deposit", calendar.at(9))
    for _ in range(2):
        await actions.hold(calendar.id, "deposit", calendar.at(9, 20))
    await index()
    found = (await search.search(deposits(since=calendar.day, until=calendar.day))).items
    assert [(slot.start, slot.free) for slot in found[:3]] == [
        (calendar.at(9), 1),
        (calendar.at(9, 40), 2),
        (calendar.at(10), 2),
    ]
    assert read_slot(found[0].id).start == calendar.at(9)
    assert len(found) == 8


async def test_every_hour_found_can_be_taken_and_no_other(index):
    calendar = await a_calendar(desks=2, weekly=[*every_day(), *every_day(time(13, 45), time(15))])
    rng = random.Random(4)
    for _ in range(6):
        minute = rng.choice([0, 20, 40])
        people = rng.choice([1, 2])
        try:
            await actions.hold(calendar.id, "deposit", calendar.at(rng.choice([9, 10, 11]), minute), people)
        except actions.SlotFull:
            continue
    await index()
    found = set(await starts(deposits(people=2, since=calendar.day, until=calendar.day)))
    assert found
    for cell in range(0, 24 * 60, 5):
        start = calendar.at(0) + timedelta(minutes=cell)
        try:
            held = await actions.hold(calendar.id, "deposit", start, people=2)
        except actions.SlotFull:
            assert start not in found
        else:
            assert start in found
            await actions.release(held.id, held.secret)


async def test_filters(index):
    near = await a_calendar(place=await a_place(latitude=47.75, longitude=7.33, accessible=False))
    far = await a_calendar(place=await a_place(latitude=48.58, longitude=7.75))
    await index()
    day = {"since": near.day, "until": near.day}
    assert len(await starts(deposits(**day))) == 18
    assert len(await starts(deposits(**day, near=MULHOUSE, within_m=5000))) == 9
    assert len(await starts(deposits(**day, accessible=True))) == 9
    assert len(await starts(deposits(**day, places=frozenset({far.place})))) == 9
    assert len(await starts(deposits(**day, emitters=frozenset({near.emitter})))) == 9
    assert len(await starts(deposits(**day, half_day="afternoon"))) == 0
    assert len(await starts(deposits(**day, half_day="morning"))) == 18
    assert len(await starts(deposits(**day, weekdays=frozenset({near.day.isoweekday()})))) == 18
    assert len(await starts(deposits(**day, weekdays=frozenset({near.day.isoweekday() % 7 + 1})))) == 0
    assert await starts(deposits(people=9)) == []
    assert await starts(Wanted(service="idcard", kind="wedding")) == []
    assert await starts(Wanted(service="nursery", kind="deposit")) == []


async def test_nothing_before_now_is_found(index):
    calendar = await a_calendar(weekly=every_day(time(0), time(23, 55)))
    await index()
    now = clock.now()
    found = await starts(deposits(until=now.date()), limit=200)
    assert all(start > now for start in found)
    assert calendar.id


@pytest.mark.parametrize("order", ["time", "distance"])
async def test_pages_join_without_gap_or_overlap(index, order):
    for latitude in (47.75, 47.75, 47.9):
        await a_calendar(place=await a_place(latitude=latitude), horizon_days=4)
    await index()
    wanted = deposits(near=MULHOUSE)
    everything = (await search.search(wanted, order=order, limit=1000)).items
    paged, cursor = [], None
    while True:
        page = await search.search(wanted, order=order, limit=7, cursor=cursor)
        paged += page.items
        if (cursor := page.next) is None:
            break
    assert paged == list(everything)
    key = (lambda s: s.start) if order == "time" else (lambda s: s.distance_m)
    assert [key(slot) for slot in paged] == sorted(key(slot) for slot in paged)


@pytest.mark.parametrize("cursor", ["x", "é", "AAAA", "A" * 500])
async def test_a_strange_cursor_is_refused(database, cursor):
    with pytest.raises(Invalid):
        await search.search(deposits(), cursor=cursor)


async def test_places_with_their_first_hours(index):
    near = await a_calendar(place=await a_place(latitude=47.75))
    full = await a_calendar(place=await a_place(latitude=47.76), weekly=[])
    far = await a_calendar(place=await a_place(latitude=48.5))
    await index()
    found = await search.by_place(deposits(near=MULHOUSE, since=near.day), each=2)
    assert [place.place for place in found] == [near.place, far.place, full.place]
    assert [slot.start for slot in found[0].slots] == [near.at(9), near.at(9, 20)]
    assert found[2].slots == []


async def test_days_are_counted(index):
    calendar = await a_calendar(desks=2)
    await actions.hold(calendar.id, "deposit", calendar.at(9))
    await index()
    counts = await search.per_day(deposits(since=calendar.day, until=calendar.day + timedelta(days=1)))
    assert counts == {calendar.day: 17, calendar.day + timedelta(days=1): 18}


async def test_not_everybody_is_offered_the_same_hour(index):
    await a_calendar()
    await index()
    offered = {(await search.suggestions(deposits(), 1, random.Random(seed)))[0].start for seed in range(20)}
    good = (await search.search(deposits(), limit=8)).items
    assert len(offered) > 3
    assert offered <= {slot.start for slot in good}


async def test_the_index_follows_what_happens(database):
    calendar = await a_calendar(desks=2)
    index = Index()
    await refill(index)
    held = await actions.hold(calendar.id, "deposit", calendar.at(9))
    booked = await actions.confirm(held.id, held.secret)
    await actions.move(booked.id, calendar.id, calendar.at(10))
    await planning.add_exception(calendar.id, Exceptional("closed", calendar.day, calendar.day))
    await grids.open_days(calendar.id)
    await planning.add_desk(calendar.id, "Another", every_day())
    await grids.open_days(calendar.id)
    await planning.offer(calendar.id, "collection", 10)
    await numbered()
    assert await catch_up(index) > 0
    await assert_same(index)
    await planning.close_desk(calendar.desks[0])
    await numbered()
    await catch_up(index)
    await assert_same(index)
    await numbered()
    assert await catch_up(index) == 0


async def test_a_new_epoch_makes_the_index_start_anew(database):
    calendar = await a_calendar()
    index = Index()
    await refill(index)
    await actions.hold(calendar.id, "deposit", calendar.at(9))
    await feed.begin_anew()
    await actions.hold(calendar.id, "deposit", calendar.at(10))
    await numbered()
    await catch_up(index)
    await assert_same(index)


async def test_an_index_that_fell_behind_starts_anew(database):
    calendar = await a_calendar()
    index = Index()
    await refill(index)
    await actions.hold(calendar.id, "deposit", calendar.at(9))
    await numbered()
    await numbered()
    assert await feed.forget(clock.now() + timedelta(days=8)) > 0
    await numbered()
    await catch_up(index)
    await assert_same(index)


async def assert_same(index: Index) -> None:
    """The index says what the tables say."""
    fresh = Index()
    await refill(fresh)
    assert index.entries.keys() == fresh.entries.keys()
    async with connection() as c:
        days = await c.fetch("SELECT desk, day FROM parvis.desk_day")
    assert days
    assert [index.free(*row) for row in days] == [fresh.free(*row) for row in days]
    for calendar, entry in fresh.entries.items():
        assert index.entries[calendar].kinds == entry.kinds
        assert index.entries[calendar].desks.keys() == entry.desks.keys()
