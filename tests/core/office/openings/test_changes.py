"""Changes undone, and two agents at the same rules."""

from datetime import time

import pytest
from tests.core.office.openings.working import an_appointment, an_office, field_of

from parvis.calendars import history


async def test_a_change_is_undone_as_a_change_of_its_own_with_the_same_question(office):
    desk = office.calendar.desks[0]
    saved = await office.change(f"/desks/{desk}", lines__0__closes="14:00")
    version = saved.headers["location"].partition("saved=")[2]
    one, _ = await an_appointment(office.calendar, 13)
    page = await office.get(f"/changes/{version}")
    assert "1 appointment falls outside" in page.text
    assert (await office.post(f"/changes/{version}", page, step="save")).status_code == 422
    answer = await office.post(f"/changes/{version}", page, step="save", **{field_of(one): "keep"})
    assert answer.status_code == 303
    latest = (await history.changes(office.calendar.id))[0]
    assert (latest.sort, latest.undoes) == ("undo", int(version))
    assert {line.closes for line in (await office.kept).timetable.desks[desk].weekly} == {time(12)}


async def test_the_second_of_two_agents_sees_what_changed_and_may_keep_both(office, app):
    one, two = office.calendar.desks
    theirs = await an_office(app, office.calendar, name="Karim Benali")
    page = await office.get(f"/desks/{one}")
    assert (await theirs.change(f"/desks/{two}", name="Théâtre")).status_code == 303
    answer = await office.post(f"/desks/{one}", page, step="save", name="Accueil")
    assert answer.status_code == 422
    assert "Karim Benali" in answer.text
    assert "Desk 2 is now called Théâtre" in answer.text
    assert (await office.post(f"/desks/{one}", answer, step="save", resolve="both")).status_code == 303
    names = [desk.name for desk in (await office.kept).timetable.desks.values()]
    assert names == ["Accueil", "Théâtre"]


@pytest.mark.parametrize(("resolve", "name"), [("mine", "Accueil"), ("both", "Accueil"), ("theirs", "Théâtre")])
async def test_where_both_changed_the_same_thing_the_second_chooses(office, app, resolve, name):
    desk = office.calendar.desks[0]
    theirs = await an_office(app, office.calendar)
    page = await office.get(f"/desks/{desk}")
    await theirs.change(f"/desks/{desk}", name="Théâtre")
    answer = await office.post(f"/desks/{desk}", page, step="save", name="Accueil")
    assert "You both changed" in answer.text
    assert (await office.post(f"/desks/{desk}", answer, step="save", resolve=resolve)).status_code == 303
    assert (await office.kept).timetable.desks[desk].name == name


async def test_what_changed_again_after_one_chose_is_shown_again(office, app):
    one, two = office.calendar.desks
    theirs = await an_office(app, office.calendar)
    page = await office.get(f"/desks/{one}")
    await theirs.change(f"/desks/{two}", name="Théâtre")
    answer = await office.post(f"/desks/{one}", page, step="save", name="Accueil")
    await theirs.change(f"/desks/{two}", name="Opéra")
    answer = await office.post(f"/desks/{one}", answer, step="save", resolve="both")
    assert answer.status_code == 422
    assert "Opéra" in answer.text
