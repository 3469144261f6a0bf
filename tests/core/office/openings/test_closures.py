"""Single days and closures, and the appointments they would leave outside."""

import re
from datetime import timedelta

import pytest
from tests.core.office.openings.working import an_appointment, an_office, closing, field_of, filled

from parvis import clock
from parvis.calendars import proofs
from parvis.calendars.queries import booking
from parvis.contract.values import Channel
from parvis.dossiers import queries as dossier_queries
from parvis.identity.contacts import Contact


async def test_one_day_of_one_desk_is_changed_alone_and_back_again(office):
    day, desk = office.calendar.day, office.calendar.desks[0]
    path = f"/desks/{desk}/days/{day}"
    assert (
        await office.change(path, mode="hours", lines__0__opens="10:00", lines__0__closes="11:00")
    ).status_code == 303
    page = await office.get(path)
    assert filled(page.text)["lines-0-opens"] == ["10:00"]
    assert (await office.change(path, lines__0__opens="", lines__0__closes="")).status_code == 422
    assert (await office.change(path, mode="closed")).status_code == 303
    [special] = (await office.kept).timetable.specials.values()
    assert special.rule.sort == "closed"
    assert (await office.change(path, mode="usual")).status_code == 303
    assert (await office.kept).timetable.specials == {}
    assert (await office.get(f"/desks/{desk}/days/2020-01-01")).status_code == 404


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"first_day": ""}, "first_day"),
        ({"first_day": "2020-01-01"}, "first_day"),
        ({"last_day": "2020-01-01"}, "last_day"),
        ({"opens": "12:00", "closes": "9:00"}, "closes"),
        ({"opens": "12:00"}, "closes"),
        ({"what": "extra"}, "opens"),
    ],
)
async def test_an_impossible_closure_is_told_at_its_field(office, changed, field):
    day = {"first_day": office.calendar.day.isoformat()}
    answer = await office.change("/closures/new", **(day | changed))
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text


async def test_a_closure_over_appointments_asks_about_each_of_them(office):
    one, dossier = await an_appointment(office.calendar)
    two, other = await an_appointment(office.calendar, 9, 20)
    three, _ = await an_appointment(office.calendar, 9, 40)
    answer = await closing(office, step="save", reason="Panne")
    assert answer.status_code == 422
    assert answer.text.count("Decide what becomes of this appointment.") == 6
    assert "3 appointments fall outside" in answer.text
    move = re.search(rf'name="{field_of(one)}".*?<option value="(move [^"]*)"', answer.text, re.S)[1]
    decided = {field_of(one): move, field_of(two): "cancel", field_of(three): "keep"}
    answer = await office.post("/closures/new", answer, step="save", message="La station est en panne.", **decided)
    assert answer.status_code == 303
    assert (await booking(one)).start.isoformat() in move
    assert (await booking(two)).state == "cancelled"
    assert (await booking(three)).start == office.calendar.at(9, 40)
    assert await dossier_queries.reason_of(dossier, "booking.moved") == "La station est en panne."
    assert await dossier_queries.reason_of(other, "booking.cancelled") == "La station est en panne."
    assert await proofs.outside_undecided(office.calendar.id) == []


async def test_forty_appointments_are_decided_about_alike(office):
    calendar = office.calendar
    for days in range(-4, 1):
        for n in range(8):
            await an_appointment(
                calendar, 9 + n // 3, 20 * (n % 3), days, Contact(Channel.MAIL, f"p{days}{n}@example.org")
            )
    first = calendar.day - timedelta(days=4)
    page = await office.get("/closures/new", day=first.isoformat())
    answer = await office.post("/closures/new", page, step="preview", last_day=calendar.day.isoformat())
    assert "40 appointments fall outside" in answer.text
    answer = await office.post("/closures/new", answer, step="alike", alike="move")
    assert answer.text.count('<option value="move ') >= 80
    moved = [value for name, value in filled(answer.text).items() if name.startswith("decision-")]
    assert all(value.startswith("move ") for value in moved)
    answer = await office.post("/closures/new", answer, step="save")
    assert answer.status_code == 303
    assert await proofs.outside_undecided(calendar.id) == []
    assert await proofs.unlike_bookings() == []


async def test_an_hour_that_was_taken_meanwhile_is_asked_about_again(office):
    one, _ = await an_appointment(office.calendar)
    answer = await closing(office, step="preview")
    decided = {field_of(one): f"move {office.calendar.at(9, days=1).isoformat()}"}
    for _ in range(2):
        await an_appointment(office.calendar, 9, days=1)
    answer = await office.post("/closures/new", answer, step="save", **decided)
    assert answer.status_code == 422
    assert "no longer free" in answer.text
    assert (await booking(one)).start == office.calendar.at(9)


async def test_a_closure_is_changed_and_removed(office):
    await closing(office, step="save")
    [key] = (await office.kept).timetable.specials
    assert (await office.change(f"/closures/{key}", reason="Formation")).status_code == 303
    assert [special.reason for special in (await office.kept).timetable.specials.values()] == ["Formation"]
    assert (await office.change(f"/closures/{key}", remove="yes")).status_code == 303
    assert (await office.kept).timetable.specials == {}
    assert (await office.get(f"/closures/{key}")).status_code == 404


async def test_an_appointment_that_has_begun_can_only_be_kept(office, app):
    begun, _ = await an_appointment(office.calendar)
    clock.move(office.calendar.at(9, 5) - clock.now())
    office = await an_office(app, office.calendar)
    seen = await closing(office, step="preview")
    assert "has begun" in seen.text
    assert 'value="cancel"' not in seen.text.partition(f'id="{field_of(begun)}"')[2].partition("</select>")[0]
    alike = await office.post("/closures/new", seen, step="alike", alike="cancel")
    assert (await office.post("/closures/new", alike, step="save")).status_code == 303
    assert (await booking(begun)).state == "confirmed"
