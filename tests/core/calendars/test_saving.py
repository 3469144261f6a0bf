"""Changed rules: what is saved, what it leaves out, who decides, what comes back."""

from datetime import date, time, timedelta

import msgspec
import pytest

from parvis import clock
from parvis.calendars import actions, grids, history, proofs, saving, timetable_rows
from parvis.calendars.openings import Exceptional, Weekly
from parvis.calendars.orphaned import Decision, orphans, proposals
from parvis.calendars.queries import booking
from parvis.calendars.timetables import DeskRules, KindRules, Special, Timetable
from parvis.db import connection, new_id, transaction
from parvis.errors import Refused
from parvis.testing.calendars import SomeCalendar, a_calendar, every_day
from parvis.testing.people import a_person

pytestmark = pytest.mark.usefixtures("database")
changed = msgspec.structs.replace


async def a_booking(calendar: SomeCalendar, hour: int = 9, minute: int = 0, *, days: int = 0):
    held = await actions.hold(calendar.id, "deposit", calendar.at(hour, minute, days=days))
    return await actions.confirm(held.id, held.secret)


async def timetable(calendar: SomeCalendar) -> Timetable:
    return (await timetable_rows.read(calendar.id)).timetable


async def save(calendar: SomeCalendar, proposed: Timetable, decisions=None, sort: str = "closure", **rest):
    base = (await timetable_rows.read(calendar.id)).version
    edit = saving.Edit(calendar=calendar.id, base=base, proposed=proposed, sort=sort, by=None, **rest)
    return await saving.save(edit, decisions or {})


def closed(now: Timetable, day: date, opens: time | None = None, closes: time | None = None, desks=()) -> Timetable:
    special = Special(rule=Exceptional("closed", day, day, opens, closes), desks=tuple(desks), reason="Panne")
    return changed(now, specials={**now.specials, new_id(): special})


async def proved(calendar: SomeCalendar) -> None:
    assert await proofs.unlike_rules(calendar.id) == []
    assert await proofs.unlike_bookings() == []
    assert await proofs.outside_undecided(calendar.id) == []


async def test_a_timetable_comes_back_as_it_was_saved():
    calendar = await a_calendar(desks=2)
    now = await timetable(calendar)
    desk = calendar.desks[0]
    line = Weekly(2, time(8), time(12), date(2026, 1, 1), date(2030, 1, 1), "term", True)
    after = changed(
        now,
        frame=changed(
            now.frame, opens_weekday=4, opens_at=time(17, 30), last_day=date(2030, 6, 30), counter_percent=15
        ),
        kinds={
            **now.kinds,
            "certification": KindRules(minutes_first=10, step_minutes=10, bring={"fr": "Un téléphone"}),
        },
        desks={
            **now.desks,
            desk: changed(now.desks[desk], name="Accueil", kinds=("certification",), weekly=(line,)),
            new_id(): DeskRules(name="Station mobile", first_day=calendar.day, weekly=tuple(every_day())),
        },
    )
    await save(calendar, closed(after, calendar.day))
    kept = await timetable_rows.read(calendar.id)
    assert (kept.timetable.frame, kept.timetable.kinds, kept.timetable.desks) == (after.frame, after.kinds, after.desks)
    assert [special.reason for special in kept.timetable.specials.values()] == ["Panne"]
    await proved(calendar)


async def test_a_closure_is_not_saved_before_somebody_decides_about_each_appointment():
    calendar = await a_calendar()
    booked, other = await a_booking(calendar), await a_booking(calendar, days=1)
    after = closed(await timetable(calendar), calendar.day)
    assert [orphan.booking.id for orphan in await orphans(await timetable(calendar), after)] == [booked.id]
    with pytest.raises(saving.Undecided) as undecided:
        await save(calendar, after)
    assert undecided.value.bookings == [booked.id]
    assert not (await timetable(calendar)).specials
    saved = await save(calendar, after, {booked.id: Decision("keep")})
    assert saved.settled == {booked.id}
    assert (await booking(booked.id)).start == booked.start
    assert (await booking(other.id)).state == "confirmed"
    await proved(calendar)


async def test_what_was_kept_once_is_not_asked_again_but_is_once_it_has_moved():
    calendar = await a_calendar(desks=2)
    booked = await a_booking(calendar)
    day = calendar.day
    await save(calendar, closed(await timetable(calendar), day), {booked.id: Decision("keep")})
    await save(calendar, closed(await timetable(calendar), day + timedelta(days=3)))
    await actions.move(booked.id, calendar.id, calendar.at(10, days=1))
    with pytest.raises(saving.Undecided):
        await save(calendar, closed(await timetable(calendar), day + timedelta(days=1)))


async def test_an_hour_that_is_closed_is_free_for_nobody_and_comes_back_with_undo():
    calendar = await a_calendar()
    before = await timetable(calendar)
    saved = await save(calendar, closed(before, calendar.day, time(9), time(10)))
    with pytest.raises(actions.SlotFull):
        await actions.hold(calendar.id, "deposit", calendar.at(9))
    await save(calendar, before, undoes=saved.version, sort="undo")
    await actions.hold(calendar.id, "deposit", calendar.at(9))
    assert [change.undoes for change in await history.changes(calendar.id)] == [saved.version, None]
    await proved(calendar)


async def test_holds_on_hours_that_close_are_given_back():
    calendar = await a_calendar()
    held = await actions.hold(calendar.id, "deposit", calendar.at(9))
    await save(calendar, closed(await timetable(calendar), calendar.day))
    with pytest.raises(actions.HoldGone):
        await actions.confirm(held.id, held.secret)
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM parvis.event WHERE type = 'hold.lapsed'") == 1
    await proved(calendar)


async def test_a_desk_that_no_longer_serves_a_kind_leaves_its_appointments_out():
    calendar = await a_calendar()
    booked = await a_booking(calendar)
    now = await timetable(calendar)
    desk = calendar.desks[0]
    kinds = {**now.kinds, "collection": KindRules(minutes_first=10, step_minutes=10)}
    after = changed(now, kinds=kinds, desks={desk: changed(now.desks[desk], kinds=("collection",))})
    assert [(orphan.booking.id, orphan.why) for orphan in await orphans(now, after)] == [(booked.id, "kind")]
    await save(calendar, after, {booked.id: Decision("keep")})
    await proved(calendar)


async def test_a_kind_with_appointments_to_come_cannot_be_dropped():
    calendar = await a_calendar()
    await a_booking(calendar)
    with pytest.raises(Refused) as refused:
        await save(calendar, changed(await timetable(calendar), kinds={}))
    assert "kind-awaited" in [refusal.code for refusal in refused.value.refusals]


async def test_a_desk_that_is_no_longer_in_the_rules_is_out_of_use():
    calendar = await a_calendar(desks=2)
    now = await timetable(calendar)
    await save(calendar, changed(now, desks={calendar.desks[0]: now.desks[calendar.desks[0]]}))
    assert not (await timetable(calendar)).desks[calendar.desks[1]].active
    await proved(calendar)


async def test_who_saves_second_is_told_that_something_changed():
    calendar = await a_calendar()
    now = await timetable_rows.read(calendar.id)
    await save(calendar, closed(now.timetable, calendar.day))
    edit = saving.Edit(calendar=calendar.id, base=now.version, proposed=now.timetable, sort="desk", by=None)
    with pytest.raises(saving.RulesChanged):
        await saving.save(edit, {})


async def test_the_history_says_who_and_has_every_version():
    calendar = await a_calendar()
    first = await timetable_rows.read(calendar.id)
    person = await a_person(name="Karim Benali")
    edit = saving.Edit(
        calendar=calendar.id,
        base=first.version,
        proposed=closed(first.timetable, calendar.day),
        sort="closure",
        by=person,
    )
    saved = await saving.save(edit, {})
    [change] = await history.changes(calendar.id)
    assert (change.name, change.sort, change.version) == ("Karim Benali", "closure", saved.version)
    assert change.before == first.timetable
    assert await history.timetable_at(calendar.id, first.version) == first.timetable
    assert await history.timetable_at(calendar.id, saved.version) == await timetable(calendar)
    assert await history.timetable_at(calendar.id, saved.version + 5) is None
    assert await history.change(calendar.id, saved.version) == change
    assert await history.since(calendar.id, first.version) == [change]


async def test_saving_what_is_there_already_changes_nothing():
    calendar = await a_calendar()
    saved = await save(calendar, await timetable(calendar))
    assert await history.changes(calendar.id) == []
    assert saved.version == (await timetable_rows.read(calendar.id)).version


async def test_proposals_are_the_nearest_free_hours_under_the_rules_to_come():
    calendar = await a_calendar(desks=2)
    one, two = await a_booking(calendar, 9, 20), await a_booking(calendar, 9, 20)
    after = closed(await timetable(calendar), calendar.day, time(9), time(11), desks=[one.desk])
    left = [orphan.booking for orphan in await orphans(await timetable(calendar), after)]
    assert [found.id for found in left] == [one.id]
    found = (await proposals(after, left))[one.id]
    assert found == [calendar.at(9), calendar.at(9, 40), calendar.at(9, 20, days=1)]
    whole = closed(await timetable(calendar), calendar.day)
    both = await proposals(whole, [one, two])
    assert both[one.id][0] == both[two.id][0] == calendar.at(9, 20, days=1)
    single = changed(whole, desks={desk: rules for desk, rules in whole.desks.items() if desk == one.desk})
    firsts = [starts[0] for starts in (await proposals(single, [one, two])).values()]
    assert len(set(firsts)) == 2


async def test_moving_all_to_their_first_proposal_leaves_nobody_out():
    calendar = await a_calendar(desks=2)
    booked = [await a_booking(calendar, 9, 20 * n) for n in (0, 0, 1, 1)]
    after = closed(await timetable(calendar), calendar.day)
    offered = await proposals(after, booked)
    decisions = {found.id: Decision("move", offered[found.id][0]) for found in booked}
    async with transaction():
        saved = await save(calendar, after, decisions)
        for found in saved.settled:
            await actions.move(found, calendar.id, decisions[found].start, counter=True)
    assert len({(await booking(found.id)).start for found in booked}) >= 2
    await proved(calendar)


async def test_days_beyond_a_shorter_horizon_stay_as_they_are():
    calendar = await a_calendar(horizon_days=20)
    booked = await a_booking(calendar, days=10)
    now = await timetable(calendar)
    await save(calendar, changed(now, frame=changed(now.frame, horizon_days=3)))
    assert (await booking(booked.id)).state == "confirmed"
    await proved(calendar)


async def test_a_place_with_a_last_day_is_closed_after_it():
    calendar = await a_calendar()
    booked = await a_booking(calendar, days=2)
    now = await timetable(calendar)
    after = changed(now, frame=changed(now.frame, last_day=calendar.day))
    with pytest.raises(saving.Undecided):
        await save(calendar, after)
    await save(calendar, after, {booked.id: Decision("keep")})
    with pytest.raises(actions.SlotFull):
        await actions.hold(calendar.id, "deposit", calendar.at(9, days=1))
    await proved(calendar)


async def test_everything_up_to_a_day_can_be_open_at_once():
    calendar = await a_calendar(horizon_days=1)
    with pytest.raises(actions.SlotFull):
        await actions.hold(calendar.id, "deposit", calendar.at(9))
    now = await timetable(calendar)
    await save(calendar, changed(now, frame=changed(now.frame, open_until=calendar.day)))
    await actions.hold(calendar.id, "deposit", calendar.at(9))
    clock.move(timedelta(days=1))
    await grids.open_days(calendar.id)
    with pytest.raises(actions.SlotFull):
        await actions.hold(calendar.id, "deposit", calendar.at(9, days=1))
