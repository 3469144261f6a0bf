"""Freed hours go to who asked, then to the public; nobody is asked too often, too late, or at night."""

from datetime import time, timedelta

import pytest
from tests.core.earlier.conftest import ANSWER, RESIDENT

from parvis import clock
from parvis.calendars import actions as calendars
from parvis.calendars import counter, freeing, proofs
from parvis.calendars.actions import SlotFull
from parvis.db import connection
from parvis.dossiers import actions as dossier_actions
from parvis.dossiers import queries as dossiers
from parvis.dossiers.actions import By
from parvis.earlier import actions, offering, queries
from parvis.earlier.actions import OfferGone
from parvis.errors import Refused
from parvis.territory.actions import enable_plugin, publish
from parvis.testing.calendars import a_calendar
from parvis.testing.visits import put_clock


async def in_public(hall, **when):
    try:
        await calendars.hold(hall.calendar.id, "deposit", hall.calendar.at(9, **when))
    except SlotFull:
        return False
    return True


async def test_who_asked_first_is_asked_and_takes_it_in_one_step(hall):
    first, second = await hall.waits("léa"), await hall.waits("zoé", minute=20)
    hour = await hall.free()
    assert await hall.asked() == first
    assert await hall.told(first) == ["earlier/offer"]
    assert await hall.told(second) == []
    for _ in range(2):
        await hall.take(first)
    assert await hall.start(first) == hall.calendar.at(9)
    assert (await queries.asked(first)).ended == "accepted"
    with pytest.raises(dossiers.NotFound):
        await freeing.hour(hour)
    assert await proofs.unlike_bookings() == []


async def test_a_taken_hour_frees_another_for_the_next(hall):
    first = await hall.waits("léa", days=4)
    second = await hall.waits("zoé", days=6)
    await hall.free()
    assert await hall.asked() == first
    await hall.take(first)
    assert await hall.asked() == second
    await hall.take(second)
    assert await hall.start(second) == hall.calendar.at(9, days=4)


async def test_no_answer_and_no_pass_the_hour_on_then_the_public_has_it(hall):
    first, second = await hall.waits("léa"), await hall.waits("zoé", minute=20)
    hour = await hall.free()
    assert await hall.asked() == first
    assert not await in_public(hall)
    clock.move(ANSWER + timedelta(seconds=1))
    assert await hall.asked() == second
    assert (await queries.offer_to(first)).outcome == "lapsed"
    with pytest.raises(OfferGone):
        await hall.take(first)
    for _ in range(2):
        await actions.decline(second)
    assert await hall.pending() is None
    assert await hall.asked() is None
    assert not (await freeing.hour(hour)).promised
    assert not await in_public(hall)
    clock.move(timedelta(hours=4, minutes=1))
    await calendars.sweep()
    assert await in_public(hall)
    assert (await hall.start(first), await hall.start(second)) == (
        hall.calendar.at(9, days=4),
        hall.calendar.at(9, 20, days=4),
    )


async def test_three_times_and_no_more_over_several_askings(hall):
    asked = await hall.waits("léa")
    for minute in (0, 20, 40):
        await hall.free(minute=minute)
        assert await hall.asked() == asked
        await actions.decline(asked)
    await hall.free(hour=10)
    assert await hall.asked() is None
    assert (await queries.asked(asked)).ended == "used"
    with pytest.raises(Refused) as refused:
        await hall.ask(asked)
    assert [refusal.code for refusal in refused.value.refusals] == ["offers-used"]
    assert len(await hall.told(asked)) == 3


@pytest.mark.parametrize(
    ("wish", "fits"),
    [
        ({}, True),
        ({"not_after": time(10)}, True),
        ({"not_before": time(10)}, False),
        ({"not_after": time(9)}, False),
        ({"weekdays": (1, 2, 3, 4, 5, 6, 7)}, True),
    ],
)
async def test_only_hours_that_fit_are_proposed(hall, wish, fits):
    asked = await hall.waits("léa", **wish)
    await hall.free()
    assert await hall.asked() == (asked if fits else None)


async def test_weekdays_and_the_last_day_count(hall):
    day = hall.calendar.day
    other = await hall.waits("léa", weekdays=(day.isoweekday() % 7 + 1,))
    await hall.free()
    assert await hall.asked() is None
    await hall.free(days=1)
    assert await hall.asked() == other
    await hall.waits("zoé", minute=20, last_day=day)
    await hall.free(hour=10, days=1)
    assert (await hall.asked()) == other


async def test_a_family_needs_an_hour_that_is_long_enough_and_earlier(hall):
    await hall.waits("famille", people=2)
    await hall.free()
    assert await hall.asked() is None
    await hall.free(hour=10, days=5, people=2)
    assert await hall.asked() is None
    await hall.free(hour=10, people=2)
    assert await hall.asked() is not None


async def test_not_in_the_last_two_days_and_not_at_night(hall):
    asked = await hall.waits("léa")
    put_clock(hall.calendar.at(21, days=-3))
    hour = await hall.free()
    assert await hall.asked() is None
    put_clock(hall.calendar.at(7, 59, days=-2))
    await calendars.sweep()
    assert (await freeing.hour(hour)).promised is False
    put_clock(hall.calendar.at(8, days=-2))
    assert await hall.asked() == asked
    await actions.decline(asked)
    put_clock(hall.calendar.at(9, days=-1))
    await hall.free(hour=9, minute=20, days=1)
    clock.move(timedelta(minutes=21))
    assert await hall.asked() is None


async def test_what_the_counter_keeps_or_is_not_online_is_not_proposed(hall):
    await hall.waits("léa")
    await hall.free()
    async with connection() as c:
        await c.execute("UPDATE parvis.calendar_kind SET online = false")
    assert await hall.asked() is None
    async with connection() as c:
        await c.execute("UPDATE parvis.calendar_kind SET online = true")
        await c.execute("UPDATE parvis.desk_day SET kept = grid")
    assert await hall.asked() is None


async def test_an_emitter_that_asks_nobody_and_one_that_is_elsewhere(hall):
    asked = await hall.waits("léa")
    await hall.free()
    hall.answer = None
    assert await hall.asked() is None
    with pytest.raises(Refused):
        await hall.ask(asked)
    hall.answer = ANSWER
    assert await hall.asked() == asked


async def test_only_places_that_offer_the_same_online_can_be_chosen(hall):
    dossier = await hall.visit("léa")
    offered, other, counter_only = await a_calendar(), await a_calendar(), await a_calendar()
    for calendar in (offered, counter_only):
        await enable_plugin(calendar.emitter, "idcard")
        await publish(calendar.emitter, "idcard")
    async with connection() as c:
        await c.execute("UPDATE parvis.calendar_kind SET online = false WHERE calendar = $1", counter_only.id)
    choices = await queries.choices(hall.visits[dossier])
    assert [choice.calendar for choice in choices] == [hall.calendar.id, offered.id]
    with pytest.raises(Refused):
        await hall.ask(dossier, calendars=(other.id,))


async def test_stopping_is_one_step_and_gives_the_hour_to_the_next(hall):
    first, second = await hall.waits("léa"), await hall.waits("zoé", minute=20)
    await hall.free()
    assert await hall.asked() == first
    for _ in range(2):
        await actions.stop(first, RESIDENT)
    assert await hall.pending() == second
    assert (await queries.asked(first)).ended == "stopped"
    events = [row.event for row in await dossiers.timeline(first)]
    assert events.count("earlier.stopped") == 1
    assert await hall.start(first) == hall.calendar.at(9, days=4)


async def test_agents_see_freed_hours_at_once_but_not_promised_ones(hall):
    held = await hall.free()
    assert (await freeing.hour(held)).promised is False
    assert not await in_public(hall)
    taken = await calendars.hold(hall.calendar.id, "deposit", hall.calendar.at(9), counter=True)
    await calendars.release(taken.id, taken.secret)
    await hall.waits("léa")
    await hall.free(minute=20)
    await hall.asked()
    with pytest.raises(SlotFull):
        await calendars.hold(hall.calendar.id, "deposit", hall.calendar.at(9, 20), counter=True)
    assert await proofs.unlike_bookings() == []


async def test_a_cancellation_cannot_be_undone_while_its_hour_is_promised(hall):
    await hall.waits("léa")
    gone = await hall.visit("max", days=0)
    await dossier_actions.cancel_visit(gone, By("staff"))
    await hall.asked()
    with pytest.raises(counter.HourGone):
        await counter.restore(hall.visits[gone])
    assert await proofs.unlike_bookings() == []


async def test_a_cancelled_appointment_is_asked_nothing_any_more(hall):
    asked = await hall.waits("léa")
    await dossier_actions.cancel_visit(asked, RESIDENT)
    await hall.free()
    assert await hall.asked() is None
    assert await queries.asked(asked) is None


async def test_rules_that_close_the_hour_meanwhile_leave_the_appointment_as_it_was(hall):
    asked = await hall.waits("léa")
    await hall.free()
    await hall.asked()
    async with connection() as c:
        await c.execute(
            "UPDATE parvis.desk_day SET grid = grid & ~grid, free = free & ~free WHERE day = $1", hall.calendar.day
        )
    with pytest.raises(OfferGone):
        await hall.take(asked)
    assert await hall.start(asked) == hall.calendar.at(9, days=4)


async def test_asking_says_what_is_wrong_with_each_answer(hall):
    dossier = await hall.visit("léa")
    with pytest.raises(Refused) as refused:
        await hall.ask(
            dossier, calendars=(), not_before=time(12), not_after=time(9), last_day=hall.calendar.day.replace(year=2030)
        )
    assert {refusal.field for refusal in refused.value.refusals} == {"places", "not_after", "last_day"}
    near = await hall.visit("zoé", days=-4)
    with pytest.raises(Refused) as refused:
        await hall.ask(near)
    assert "too-near" in {refusal.code for refusal in refused.value.refusals}
    assert await queries.asked(dossier) is None


async def test_the_worker_may_die_between_any_two_steps(hall, monkeypatch):
    first = await hall.waits("léa")
    hour = await hall.free()

    async def dies(*_, **__):
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(offering.notices, "tell", dies)
        with pytest.raises(ConnectionError):
            await offering.run()
    assert (await hall.pending(), (await freeing.hour(hour)).promised) == (None, False)
    assert (await queries.asked(first)).offers == 0
    assert await hall.asked() == first
