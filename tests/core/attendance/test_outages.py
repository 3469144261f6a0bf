"""A desk falls out and comes back: who is concerned keeps the hour until they choose, and nothing is sold twice."""

import asyncio
from datetime import timedelta

import pytest

from parvis import clock
from parvis.attendance import outages
from parvis.calendars import actions as calendars
from parvis.calendars import proofs
from parvis.calendars.actions import SlotFull
from parvis.db import connection
from parvis.dossiers import actions as dossiers
from parvis.dossiers import queries
from parvis.dossiers.actions import By
from parvis.errors import NotFound, Refused
from parvis.testing.calendars import a_calendar
from parvis.testing.visits import a_visit, put_clock


@pytest.fixture
async def town(database):
    town = await a_calendar(desks=2)
    put_clock(town.at(8, 7))
    return town


async def sound(town):
    assert await proofs.unlike_bookings() == []
    assert await proofs.unlike_rules(town.id) == []
    assert await proofs.outside_undecided(town.id) == []


async def messages():
    async with connection() as c:
        rows = await c.fetch("SELECT template FROM parvis.message ORDER BY queued_at, id")
    return [row["template"] for row in rows]


async def desk_of(booking):
    async with connection() as c:
        return await c.fetchval("SELECT desk FROM parvis.booking WHERE id = $1", booking)


async def chosen(town, dossier, start):
    return await dossiers.move_visit(dossier, town.id, start, "Town hall", By("resident"))


async def test_a_desk_is_closed_from_now_and_only_its_people_are_written_to(town):
    mine, _ = await a_visit(town, town.at(9))
    theirs, _ = await a_visit(town, town.at(9))
    await a_visit(town, town.at(9) + timedelta(days=1), "Zoé Roth")
    out = await outages.declare(town.id, [await desk_of(mine)], town.at(12), "Out of order", None)
    [found] = await outages.visits(out)
    assert (found.booking.id, found.standing, found.told) == (mine, "waiting", True)
    assert await messages() == ["attendance/out"]
    assert await outages.of_booking(theirs) is None
    with pytest.raises(SlotFull):
        for _ in range(2):
            await calendars.hold(town.id, "deposit", town.at(9, 20))
    await sound(town)


async def test_two_who_choose_the_same_hour_do_not_both_get_it(town):
    one, first = await a_visit(town, town.at(9))
    two, second = await a_visit(town, town.at(9))
    out = await outages.declare(town.id, [], town.at(12), "", None)
    [hour, *_] = await outages.proposals((await outages.visits(out))[0].booking)
    await calendars.hold(town.id, "deposit", hour)
    got = await asyncio.gather(chosen(town, first, hour), chosen(town, second, hour), return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in got) == ["BookingInfo", "SlotFull"]
    standings = {visit.booking.id: visit.standing for visit in await outages.visits(out)}
    assert sorted(standings.values()) == ["moved", "waiting"]
    assert {one, two} == set(standings)
    await sound(town)


async def test_when_it_is_back_who_waits_keeps_the_hour_and_is_told(town):
    mine, dossier = await a_visit(town, town.at(9))
    _, moved = await a_visit(town, town.at(9, 20))
    gone, cancelled = await a_visit(town, town.at(9, 40))
    out = await outages.declare(town.id, [], town.at(12) + timedelta(days=2), "", None)
    [hour, *_] = await outages.proposals((await outages.visits(out))[1].booking)
    assert hour > town.at(12) + timedelta(days=2)
    await chosen(town, moved, hour)
    await dossiers.cancel_visit(cancelled, By("resident"))
    for _ in range(2):
        await outages.end(out, None)
    assert (await messages()).count("attendance/back") == 1
    assert (await queries.dossier(dossier)).visit.start == town.at(9)
    assert await outages.running(town.id) == []
    await calendars.hold(town.id, "deposit", town.at(9))
    async with connection() as c:
        assert await c.fetchval("SELECT outside FROM parvis.booking WHERE id = $1", mine) is False
        assert await c.fetchval("SELECT state FROM parvis.booking WHERE id = $1", gone) == "cancelled"
    await sound(town)


async def test_who_is_still_outside_for_another_reason_is_not_told_that_the_hour_stands(town):
    mine, _ = await a_visit(town, town.at(9))
    short = await outages.declare(town.id, [await desk_of(mine)], town.at(12), "", None)
    whole = await outages.declare(town.id, [], town.at(12) + timedelta(days=1), "", None)
    await outages.end(short, None)
    assert "attendance/back" not in await messages()
    await sound(town)
    await outages.end(whole, None)
    assert (await messages()).count("attendance/back") == 1
    await sound(town)


async def test_who_was_asked_already_is_not_asked_again(town):
    mine, dossier = await a_visit(town, town.at(9))
    await outages.declare(town.id, [await desk_of(mine)], town.at(12), "", None)
    whole = await outages.declare(town.id, [], town.at(12) + timedelta(days=1), "", None)
    assert await messages() == ["attendance/out"]
    [found] = await outages.visits(whole)
    assert (found.standing, found.told) == ("waiting", True)
    [hour, *_] = await outages.proposals(found.booking)
    await chosen(town, dossier, hour)
    # The hour they chose instead falls out too: that is another question.
    await outages.declare(town.id, [], hour + timedelta(hours=2), "", None)
    assert (await messages()).count("attendance/out") == 2
    await sound(town)


async def test_whose_hour_is_over_is_not_told_that_it_stands(town):
    await a_visit(town, town.at(9))
    out = await outages.declare(town.id, [], town.at(12), "", None)
    put_clock(town.at(10))
    await outages.end(out, None)
    assert await messages() == ["attendance/out"]


async def test_two_agents_close_and_open_two_desks_at_once(town):
    made = await asyncio.gather(*(outages.declare(town.id, [desk], town.at(12), "", None) for desk in town.desks))
    assert {out.id for out in await outages.running(town.id)} == set(made)
    with pytest.raises(SlotFull):
        await calendars.hold(town.id, "deposit", town.at(9))
    await asyncio.gather(*(outages.end(out, None) for out in made))
    for _ in town.desks:
        await calendars.hold(town.id, "deposit", town.at(9))
    await sound(town)


async def test_somebody_books_while_the_place_is_closed(town):
    held = [await calendars.hold(town.id, "deposit", town.at(9, minute)) for minute in (0, 20, 40)]
    out, *booked = await asyncio.gather(
        outages.declare(town.id, [], town.at(12), "", None),
        *(calendars.confirm(hold.id, hold.secret) for hold in held),
        return_exceptions=True,
    )
    sure = {answer.id for answer in booked if not isinstance(answer, Exception)}
    assert {visit.booking.id for visit in await outages.visits(out)} == sure
    await sound(town)


async def test_who_cannot_be_written_to_is_called(town):
    booking, _ = await a_visit(town, town.at(9), contact=None)
    out = await outages.declare(town.id, [], town.at(12), "", None)
    assert [(found.told, found.standing) for found in await outages.visits(out)] == [(False, "waiting")]
    await outages.call(out, booking, called=True)
    assert [found.standing for found in await outages.visits(out)] == ["called"]
    with pytest.raises(NotFound):
        await outages.call(out, out, called=True)


async def test_a_time_that_is_over_is_refused_and_who_is_being_served_is_left_alone(town):
    with pytest.raises(Refused, match="over"):
        await outages.declare(town.id, [], clock.now(), "", None)
    await a_visit(town, town.at(9))
    put_clock(town.at(9, 5))
    out = await outages.declare(town.id, [], town.at(12), "", None)
    assert await outages.visits(out) == []
    await sound(town)


async def test_declaring_twice_is_once(town):
    await a_visit(town, town.at(9))
    one, two = await asyncio.gather(*(outages.declare(town.id, [], town.at(12), "", None) for _ in range(2)))
    assert one == two == await outages.declare(town.id, [], town.at(12), "again", None)
    assert await messages() == ["attendance/out"]
    await sound(town)
