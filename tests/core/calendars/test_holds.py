"""Holding, confirming, prolonging, releasing, cancelling and moving an hour."""

from dataclasses import replace
from datetime import time, timedelta

import pytest

from parvis import clock, settings
from parvis.calendars import actions, grids, planning, proofs, queries
from parvis.calendars.slots import UnknownSlot
from parvis.db import connection, new_id, transaction
from parvis.errors import NotFound, Refused
from parvis.testing.calendars import SomeCalendar, a_calendar, every_day

pytestmark = pytest.mark.usefixtures("database")


async def proved(calendar: SomeCalendar) -> None:
    assert await proofs.unlike_bookings() == []
    assert await proofs.unlike_rules(calendar.id) == []


async def facts() -> list[str]:
    async with connection() as c:
        return [row["type"] for row in await c.fetch("SELECT type FROM parvis.event ORDER BY recorded, id")]


async def test_a_held_hour_is_gone_until_it_is_released():
    calendar = await a_calendar()
    held = await actions.hold(calendar.id, "deposit", calendar.at(9))
    assert held.end - held.start == timedelta(minutes=20)
    with pytest.raises(actions.SlotFull):
        await actions.hold(calendar.id, "deposit", calendar.at(9))
    await proved(calendar)
    await actions.release(held.id, held.secret)
    await proved(calendar)
    await actions.hold(calendar.id, "deposit", calendar.at(9))


async def test_two_desks_take_two_and_a_group_takes_longer():
    calendar = await a_calendar(desks=2)
    for _ in range(2):
        held = await actions.hold(calendar.id, "deposit", calendar.at(9), people=2)
        assert held.end - held.start == timedelta(minutes=35)
    with pytest.raises(actions.SlotFull):
        await actions.hold(calendar.id, "deposit", calendar.at(9, 20))
    await actions.hold(calendar.id, "deposit", calendar.at(9, 40))
    await proved(calendar)


async def test_a_group_must_fit_before_closing():
    calendar = await a_calendar()
    with pytest.raises(actions.SlotFull):
        await actions.hold(calendar.id, "deposit", calendar.at(11, 40), people=2)
    await actions.hold(calendar.id, "deposit", calendar.at(11, 40))


@pytest.mark.parametrize(("hour", "minute"), [(9, 5), (8, 40), (12, 0), (3, 0)])
async def test_only_the_hours_on_offer_can_be_taken(hour: int, minute: int):
    calendar = await a_calendar()
    with pytest.raises(actions.SlotFull):
        await actions.hold(calendar.id, "deposit", calendar.at(hour, minute))


async def test_starts_count_from_each_opening():
    calendar = await a_calendar(weekly=[*every_day(), *every_day(time(13, 45), time(15))])
    await actions.hold(calendar.id, "deposit", calendar.at(14, 5))
    with pytest.raises(actions.SlotFull):
        await actions.hold(calendar.id, "deposit", calendar.at(14, 30))


async def test_what_nobody_offers_is_unknown():
    calendar = await a_calendar()
    for asked in (
        (new_id(), "deposit", calendar.at(9), 1),
        (calendar.id, "wedding", calendar.at(9), 1),
        (calendar.id, "deposit", calendar.at(9) + timedelta(minutes=2), 1),
        (calendar.id, "deposit", calendar.at(9), 9),
        (calendar.id, "deposit", calendar.at(9), 0),
        (calendar.id, "deposit", calendar.at(9) - timedelta(days=30), 1),
    ):
        with pytest.raises(UnknownSlot):
            await actions.hold(*asked)


async def test_the_counter_takes_any_free_start_and_its_own_share():
    calendar = await a_calendar(weekly=every_day(counter=True))
    await planning.offer(calendar.id, "certification", 30, online=False)
    with pytest.raises(actions.SlotFull):
        await actions.hold(calendar.id, "deposit", calendar.at(9))
    with pytest.raises(UnknownSlot):
        await actions.hold(calendar.id, "certification", calendar.at(9))
    await actions.hold(calendar.id, "deposit", calendar.at(9, 5), counter=True)
    await actions.hold(calendar.id, "certification", calendar.at(10), counter=True)
    await proved(calendar)


async def test_a_desk_serves_only_its_kinds():
    calendar = await a_calendar()
    await planning.offer(calendar.id, "collection", 10)
    await planning.add_desk(calendar.id, "Desk 1", every_day(), kinds=["deposit"])
    with pytest.raises(actions.SlotFull):
        await actions.hold(calendar.id, "collection", calendar.at(9))


async def test_a_hold_becomes_a_booking_once():
    calendar, dossier = await a_calendar(), new_id()
    held = await actions.hold(calendar.id, "deposit", calendar.at(9))
    booked = await actions.confirm(held.id, held.secret, dossier)
    again = await actions.confirm(held.id, held.secret, dossier)
    assert booked == again
    assert (booked.state, booked.dossier, booked.start) == ("confirmed", dossier, calendar.at(9))
    assert await facts() == ["booking.confirmed"]
    with pytest.raises(actions.HoldGone):
        await actions.confirm(held.id, held.secret, new_id())
    with pytest.raises(actions.HoldGone):
        await actions.release(held.id, held.secret)


async def test_only_the_holder_has_a_say():
    calendar = await a_calendar()
    held = await actions.hold(calendar.id, "deposit", calendar.at(9))
    for attempt in (actions.confirm, actions.release, actions.extend):
        with pytest.raises(actions.HoldGone):
            await attempt(held.id, "a guess")
    with pytest.raises(NotFound):
        await queries.held(held.id, "a guess")
    assert (await queries.held(held.id, held.secret)).hold_until == held.until


async def test_a_hold_lapses_and_the_sweeper_returns_it():
    calendar = await a_calendar()
    held = await actions.hold(calendar.id, "deposit", calendar.at(9))
    assert await actions.sweep() == 0
    clock.move(timedelta(minutes=11))
    with pytest.raises(actions.HoldGone):
        await actions.confirm(held.id, held.secret)
    assert await actions.sweep() == 1
    assert await facts() == ["hold.lapsed"]
    await proved(calendar)
    await actions.hold(calendar.id, "deposit", calendar.at(9))


async def test_a_hold_is_prolonged_once_to_thirty_minutes():
    calendar = await a_calendar()
    held = await actions.hold(calendar.id, "deposit", calendar.at(9))
    clock.move(timedelta(minutes=8))
    until = await actions.extend(held.id, held.secret)
    assert until == held.until + timedelta(minutes=20)
    with pytest.raises(Refused):
        await actions.extend(held.id, held.secret)
    clock.move(timedelta(minutes=15))
    await actions.confirm(held.id, held.secret)


async def a_booking(calendar: SomeCalendar, hour: int = 9, minute: int = 0, people: int = 1):
    held = await actions.hold(calendar.id, "deposit", calendar.at(hour, minute), people)
    return await actions.confirm(held.id, held.secret, new_id())


async def test_a_cancelled_hour_returns_late():
    calendar = await a_calendar()
    booked = await a_booking(calendar)
    cancelled = await actions.cancel(booked.id)
    assert cancelled.state == "cancelled"
    assert (await actions.cancel(booked.id)).state == "cancelled"
    assert await facts() == ["booking.confirmed", "booking.cancelled"]
    with pytest.raises(actions.SlotFull):
        await actions.hold(calendar.id, "deposit", calendar.at(9))
    await proved(calendar)
    clock.move(settings.current().freed_delay)
    assert await actions.sweep() == 1
    await actions.hold(calendar.id, "deposit", calendar.at(9))
    await proved(calendar)


async def test_an_hour_cancelled_under_48_hours_returns_at_once():
    calendar = await a_calendar()
    booked = await a_booking(calendar)
    clock.move(timedelta(days=4))
    await actions.cancel(booked.id)
    await actions.hold(calendar.id, "deposit", calendar.at(9))
    await proved(calendar)


async def test_what_has_begun_stays():
    calendar = await a_calendar()
    booked = await a_booking(calendar)
    clock.move(timedelta(days=6))
    with pytest.raises(Refused):
        await actions.cancel(booked.id)
    with pytest.raises(Refused):
        await actions.move(booked.id, calendar.id, calendar.at(9, days=3))


async def test_a_booking_moves_to_another_place():
    here, there = await a_calendar(), await a_calendar()
    booked = await a_booking(here)
    moved = await actions.move(booked.id, there.id, there.at(10))
    assert (moved.id, moved.calendar, moved.start, moved.sequence) == (booked.id, there.id, there.at(10), 1)
    assert (await facts())[-1] == "booking.moved"
    with pytest.raises(actions.SlotFull):
        await actions.hold(there.id, "deposit", there.at(10))
    with pytest.raises(actions.SlotFull):
        await actions.hold(here.id, "deposit", here.at(9))
    clock.move(settings.current().freed_delay)
    await actions.sweep()
    await actions.hold(here.id, "deposit", here.at(9))
    await proved(here)


async def test_a_move_that_fails_changes_nothing():
    calendar = await a_calendar()
    booked = await a_booking(calendar)
    other = await a_booking(calendar, 10)
    with pytest.raises(actions.SlotFull):
        await actions.move(booked.id, calendar.id, calendar.at(10))
    assert await queries.booking(booked.id) == booked
    assert await queries.booking(other.id) == other
    await proved(calendar)


async def test_a_booking_moves_into_its_own_hour():
    calendar = await a_calendar()
    booked = await a_booking(calendar, people=2)
    moved = await actions.move(booked.id, calendar.id, calendar.at(9, 20))
    assert moved.start == calendar.at(9, 20)
    await proved(calendar)
    await actions.hold(calendar.id, "deposit", calendar.at(9))
    await proved(calendar)


async def test_a_booking_moves_to_a_held_hour():
    calendar = await a_calendar()
    booked = await a_booking(calendar)
    held = await actions.hold(calendar.id, "deposit", calendar.at(10), people=2)
    moved = await actions.move_to_hold(booked.id, held.id, held.secret)
    assert (moved.id, moved.start, moved.people) == (booked.id, calendar.at(10), 2)
    with pytest.raises(actions.HoldGone):
        await actions.confirm(held.id, held.secret)
    await proved(calendar)


async def test_inside_a_transaction_all_or_nothing():
    calendar = await a_calendar()
    with pytest.raises(ZeroDivisionError):
        async with transaction():
            held = await actions.hold(calendar.id, "deposit", calendar.at(9))
            await actions.confirm(held.id, held.secret)
            raise ZeroDivisionError
    await actions.hold(calendar.id, "deposit", calendar.at(9))
    await proved(calendar)


async def test_a_share_is_kept_for_the_counter_until_it_is_near():
    calendar = await a_calendar(counter_percent=50, counter_days=2)
    hours = [(9, 0), (9, 20), (9, 40), (10, 0), (10, 20), (10, 40), (11, 0), (11, 20), (11, 40)]
    kept = []
    for hour in hours:
        try:
            await actions.hold(calendar.id, "deposit", calendar.at(*hour))
        except actions.SlotFull:
            kept.append(hour)
    # Which hours of the day are kept changes from day to day.
    assert len(kept) == 4
    clock.move(timedelta(days=3))
    await grids.open_days(calendar.id)
    for hour in kept:
        await actions.hold(calendar.id, "deposit", calendar.at(*hour))
    await proved(calendar)


async def test_settings_decide_how_long_an_hour_is_kept_back():
    calendar = await a_calendar()
    settings.use(replace(settings.current(), freed_at_once=timedelta(days=30)))
    booked = await a_booking(calendar)
    await actions.cancel(booked.id)
    await actions.hold(calendar.id, "deposit", calendar.at(9))
