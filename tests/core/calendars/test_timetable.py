"""Whole calendars at once, in wall-clock time: what a search finds one by one, on both sides of the clock changes."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis import clock
from parvis.calendars import actions, following, planning, search
from parvis.calendars.bitmaps import WIDTH, cells_of
from parvis.calendars.following import refill
from parvis.calendars.index import Index
from parvis.calendars.rules import instant_of
from parvis.calendars.search import Wanted
from parvis.calendars.wallclock import wall_times
from parvis.testing.calendars import a_calendar, a_place, every_day, numbered

PARIS = ZoneInfo("Europe/Paris")
CHANGES = (date(2027, 3, 28), date(2027, 10, 31))


@given(
    day=st.sampled_from(CHANGES).flatmap(lambda change: st.integers(-2, 2).map(lambda n: change + timedelta(days=n))),
    starts=st.integers(0, (1 << WIDTH) - 1),
)
def test_a_wall_time_is_what_the_clock_shows_at_that_instant(day, starts):
    midnight, following_midnight = (datetime.combine(day + timedelta(days=n), time(), PARIS) for n in (0, 1))
    there = [cell for cell in cells_of(starts) if instant_of(day, cell, PARIS) < following_midnight]
    bits = sum(1 << (WIDTH - 1 - cell) for cell in there)
    shown = [instant_of(day, cell, PARIS).astimezone(PARIS).strftime("%H:%M") for cell in there]
    assert list(wall_times(bits, day.toordinal(), PARIS)) == sorted(set(shown))
    assert midnight.date() == day


@pytest.fixture(params=["cold", "warm"])
async def index(request, database):
    """The index, warm or cold; a test makes its data, then calls it."""

    async def caught_up() -> None:
        await numbered()
        if request.param == "warm":
            fresh = Index()
            await refill(fresh)
            following._warm[:] = [fresh]

    yield caught_up
    following._warm.clear()


def wanted(calendar, days=0, **rest) -> Wanted:
    return Wanted(
        service="idcard", kind="deposit", since=calendar.day, until=calendar.day + timedelta(days=days), **rest
    )


async def times(asked: Wanted) -> list[tuple[date, tuple[str, ...]]]:
    return (await search.timetable(asked))[0].days


async def test_it_has_what_a_search_finds_once_however_many_desks_are_free(index):
    calendar = await a_calendar(desks=3)
    for desk in range(3):
        await actions.hold(calendar.id, "deposit", calendar.at(10))
        if desk < 2:
            await actions.hold(calendar.id, "deposit", calendar.at(11, days=1))
    await index()
    for people in (1, 2, 5):
        asked = wanted(calendar, days=3, people=people)
        found = (await search.search(asked, limit=200)).items
        one_by_one = [slot.start.astimezone(PARIS) for slot in found]
        at_once = [
            datetime.combine(day, time.fromisoformat(at), PARIS) for day, ats in await times(asked) for at in ats
        ]
        assert at_once == one_by_one
        assert len(at_once) == len(set(at_once)) > 0


async def test_only_what_fits_whole_and_is_not_the_counters(index):
    public, counter = every_day(time(9), time(9, 40)), every_day(time(9, 40), time(10), counter=True)
    calendar = await a_calendar(weekly=public + counter)
    await index()
    assert [ats for _, ats in await times(wanted(calendar))] == [("09:00", "09:20")]
    assert await times(wanted(calendar, people=3)) == []


async def test_an_hour_that_has_begun_is_over(index):
    calendar = await a_calendar()
    now = clock.now()
    clock.move(calendar.at(10, 5) - now)
    await index()
    assert [ats for _, ats in await times(wanted(calendar))] == [("10:20", "10:40", "11:00", "11:20", "11:40")]


async def test_nothing_before_today_nor_beyond_what_is_open(index):
    calendar = await a_calendar()
    await index()
    asked = Wanted(service="idcard", kind="deposit", since=date(2000, 1, 1), until=date(2200, 1, 1))
    days = [day for day, _ in await times(asked)]
    today = clock.now().astimezone(PARIS).date()
    assert min(days) >= today
    assert max(days) == calendar.day + timedelta(days=5)


async def test_places_with_hours_are_opened_even_if_all_are_taken(index):
    full, shut = await a_calendar(weekly=every_day(time(9), time(9, 20)), horizon_days=0), await a_calendar(weekly=[])
    other = await a_calendar(weekly=every_day(), place=await a_place())
    await planning.offer(other.id, "deposit", 20, 15, online=False)
    if (start := full.at(9, days=-5)) > clock.now():
        await actions.hold(full.id, "deposit", start)
    await index()
    assert await search.opened(Wanted(service="idcard", kind="deposit")) == {full.place}
    assert shut.place != full.place
