"""What the pages of desks show, preview, keep and refuse."""

import re
from datetime import time, timedelta

import pytest
from tests.core.office.openings.working import filled

from parvis.audit import queries as audit
from parvis.calendars import actions as calendars
from parvis.calendars import history, proofs


async def test_the_calendar_is_seen_at_a_glance(office):
    entered = await office.http.get(f"/office/{office.slug}/calendars")
    assert (entered.status_code, entered.headers["location"]) == (303, office.base)
    page = await office.get()
    assert page.status_code == 200
    for said in (
        "Desk 1",
        "Desk 2",
        "appointments a year",
        "Nothing is kept for the counter",
        "Nothing was changed yet",
    ):
        assert said in page.text
    assert page.text.count('<svg class="strip"') == 7
    assert (await office.get(week="2030-01-09")).text.count("not open yet") == 7


async def test_every_page_opens_with_what_is_kept(office):
    day, desk = office.calendar.day, office.calendar.desks[0]
    for path in ("/ahead", "/kinds/deposit", "/kinds/certification", "/desks/new", f"/desks/{desk}", "/closures/new",
                 f"/desks/{desk}/days/{day}", "/changes"):  # fmt: skip
        assert (await office.get(path)).status_code == 200, path
    page = await office.get(f"/desks/{desk}")
    typed = filled(page.text)
    assert (typed["name"], typed["lines-0-opens"], typed["lines-0-days"]) == (["Desk 1"], ["09:00"], list("1234567"))
    assert typed["lines-1-opens"] == [""]


async def test_what_is_sent_back_unchanged_changes_nothing(office):
    desk = office.calendar.desks[0]
    before = await office.kept
    for path in ("/ahead", "/kinds/deposit", f"/desks/{desk}"):
        answer = await office.change(path)
        assert (answer.status_code, "This changes nothing" in answer.text) == (422, True), path
    assert await office.kept == before


async def test_a_desk_gets_another_week_and_the_history_says_so(office):
    desk = office.calendar.desks[0]
    answer = await office.change(
        f"/desks/{desk}", name="Accueil", lines__0__days=list("12345"), lines__0__closes="12h40"
    )
    assert answer.status_code == 303
    rules = (await office.kept).timetable.desks[desk]
    assert (rules.name, {line.weekday for line in rules.weekly}) == ("Accueil", {1, 2, 3, 4, 5})
    assert {line.closes for line in rules.weekly} == {time(12, 40)}
    page = await office.http.get(answer.headers["location"])
    assert "Desk 1 is now called Accueil" in page.text
    changes = await office.get("/changes")
    assert "Nathalie Weber" in changes.text
    assert "Undo" in changes.text
    assert await proofs.unlike_rules(office.calendar.id) == []
    trail = await audit.trail("calendar", office.calendar.id)
    assert [(act.action, act.details["sort"]) for act in trail] == [("change-rules", "desk")]


async def test_a_preview_shows_the_result_and_saves_nothing(office):
    desk = office.calendar.desks[0]
    page = await office.get(f"/desks/{desk}")
    answer = await office.post(f"/desks/{desk}", page, step="preview", lines__0__closes="10:00")
    assert answer.status_code == 200
    assert "instead of" in answer.text
    assert 'class="gone"' in answer.text
    assert filled(answer.text)["lines-0-closes"] == ["10:00"]
    assert await history.changes(office.calendar.id) == []


async def test_a_line_can_be_added_without_script(office):
    page = await office.get("/desks/new")
    answer = await office.post(
        "/desks/new", page, step="more", name="Mobile", lines__0__days=["1"], lines__0__opens="8h30"
    )
    assert answer.status_code == 200
    assert "Something needs your attention" not in answer.text
    typed = filled(answer.text)
    assert (typed["name"], typed["lines-0-opens"], typed["lines-1-opens"]) == (["Mobile"], ["8h30"], [""])


async def test_a_temporary_desk_is_added(office):
    first, last = office.calendar.day, office.calendar.day + timedelta(days=2)
    answer = await office.change(
        "/desks/new",
        name="Station mobile",
        first_day=first.isoformat(),
        last_day=last.isoformat(),
        lines__0__days=list("1234567"),
        lines__0__opens="14:00",
        lines__0__closes="16:00",
    )
    assert answer.status_code == 303
    await calendars.hold(office.calendar.id, "deposit", office.calendar.at(14))
    with pytest.raises(calendars.SlotFull):
        await calendars.hold(office.calendar.id, "deposit", office.calendar.at(14, days=3))


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"lines__0__closes": "8:00"}, "lines-0-closes", "must come after"),
        ({"lines__0__closes": "9:00"}, "lines-0-closes", "must come after"),
        ({"lines__0__closes": "midday"}, "lines-0-closes", "Write the hour"),
        ({"lines__0__closes": ""}, "lines-0-closes", "Write from when"),
        ({"lines__0__opens": "9:02"}, "lines-0-opens", "in steps of 5"),
        ({"lines__1__days": ["1"], "lines__1__opens": "11", "lines__1__closes": "13"}, "lines-1-opens", "overlaps"),
        ({"lines__1__opens": "14", "lines__1__closes": "16"}, "lines-1-days", "Choose the weekdays"),
        ({"lines__1__days": ["1"]}, "lines-1-opens", "Write the hours"),
        ({"kinds": []}, "kinds", "at least one"),
        ({"name": ""}, "name", "Give the desk a name"),
        ({"name": "desk 2"}, "name", "Another desk"),
        ({"first_day": "2027-03-01", "last_day": "2027-02-01"}, "last_day", "must not come before"),
    ],
)
async def test_bad_input_is_told_at_its_field_and_everything_is_kept(office, changed, field, said):
    desk = office.calendar.desks[0]
    before = await office.kept
    answer = await office.change(f"/desks/{desk}", **changed)
    assert answer.status_code == 422
    error = re.search(rf'id="{re.escape(field)}-error">(.*?)</p>', answer.text, re.S)
    assert error, field
    assert said in error[1]
    for name, value in changed.items():
        assert filled(answer.text).get(name.replace("__", "-"), []) == (value if isinstance(value, list) else [value])
    assert await office.kept == before
