"""Who may not change what, forms made up, and nothing to change."""

import pytest
from tests.core.office.openings.working import Office, an_office

from parvis.calendars import history
from parvis.territory import queries as territory
from parvis.testing.calendars import a_calendar, every_day


async def test_agents_close_and_change_single_days_but_not_the_rules(office, app):
    agent = await an_office(app, office.calendar, role="agent")
    desk = office.calendar.desks[0]
    assert (await agent.get()).status_code == 200
    assert (await agent.get("/closures/new")).status_code == 200
    assert (await agent.get(f"/desks/{desk}/days/{office.calendar.day}")).status_code == 200
    for path in ("/ahead", "/kinds/deposit", f"/desks/{desk}", "/desks/new"):
        assert (await agent.get(path)).status_code == 403, path
    saved = await office.change(f"/desks/{desk}", name="Accueil")
    version = saved.headers["location"].partition("saved=")[2]
    assert (await agent.get(f"/changes/{version}")).status_code == 403
    assert f"/changes/{version}" not in (await agent.get("/changes")).text
    assert "/ahead" not in (await agent.get()).text
    reader = await an_office(app, office.calendar, role="reader")
    assert (await reader.get()).status_code == 200
    assert (await reader.get("/closures/new")).status_code == 403


async def test_another_town_halls_calendar_is_not_there(office, app):
    foreign = await a_calendar()
    desk = foreign.desks[0]
    away = Office(office.http, foreign, office.slug)
    for path in ("", "/ahead", "/kinds/deposit", "/desks/new", f"/desks/{desk}", "/closures/new", "/changes",
                 "/changes/1", f"/desks/{desk}/days/{foreign.day}", f"/closures/{desk}"):  # fmt: skip
        assert (await away.get(path)).status_code == 404, path
        if path and path != "/changes":
            assert (await away.post(path, step="save")).status_code == 404, path
    own = Office(office.http, foreign, (await territory.emitter(foreign.emitter)).slug)
    assert (await own.get()).status_code == 404
    assert (await office.get(f"/desks/{desk}")).status_code == 404
    assert (await office.post(f"/desks/{desk}", step="save", name="x")).status_code == 404


@pytest.mark.parametrize(
    "typed",
    [
        {},
        {"version": "x", "week": "never"},
        {"version": "99999999999", "seen": "-1"},
        {"lines-0-days": "9", "lines-999999-opens": "1"},
        {"step": "save", "resolve": "?"},
    ],
)
async def test_made_up_forms_are_refused_and_nothing_breaks(office, typed):
    desk = office.calendar.desks[0]
    for path in (
        f"/desks/{desk}",
        "/kinds/deposit",
        "/ahead",
        "/closures/new",
        f"/desks/{desk}/days/{office.calendar.day}",
    ):
        assert (await office.post(path, **typed)).status_code in (200, 422), path
    assert await history.changes(office.calendar.id) == []


async def test_without_a_calendar_the_page_says_so(app, database):
    calendar = await a_calendar()
    office = await an_office(app, calendar)
    other = await a_calendar(place=(calendar.place, calendar.emitter), service="nursery", weekly=every_day())
    page = await office.http.get(f"/office/{office.slug}/calendars")
    assert page.status_code == 200
    assert str(other.id) in page.text
