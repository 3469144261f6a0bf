"""Booking for somebody in front of one, from a town hall without a station or as a helper; who sees what of it."""

import re
from datetime import timedelta

import pytest

from parvis import clock
from parvis.audit import queries as audit
from parvis.db import connection
from parvis.dossiers import actions as dossier_actions
from parvis.dossiers import erasing
from parvis.dossiers import queries as dossiers
from parvis.identity import actions as identity
from parvis.identity.actors import Actor
from parvis.territory import queries as territory
from parvis.territory.actions import add_emitter
from parvis.testing.people import a_person, a_session
from parvis_idcard import booked
from parvis_idcard.booked import State
from parvis_idcard.seats import HELPING, Seat

SLIP = {
    "channel": "none",
    "phone": "03 89 00 00 01",
    "applicants-0-given": "Léa",
    "applicants-0-family": "Martin",
    "applicants-0-age": "adult",
}
OFFICE = "/office/riedisheim/idcard/solidarity"


@pytest.fixture
async def riedisheim(database):
    return await add_emitter("riedisheim", "Riedisheim", "municipality", latitude=47.74, longitude=7.36)


@pytest.fixture
async def agent(browser, riedisheim):
    """An agent of a town hall without a station, at their counter."""
    return await sits(browser, await a_person("agent", riedisheim))


@pytest.fixture
async def helper(browser):
    return await sits(browser, await a_person("helper"))


async def sits(browser, person):
    browser.http.cookies.clear()
    browser.http.cookies.update(await a_session(person))
    browser.person = person
    return browser


async def books(browser, acting="riedisheim", hour=9, **told):
    search = f"what=CNI&people=1&acting={acting}"
    await browser.post("/e/m2a/idcard/hold", slot=browser.slot(hour), search=search, page=f"page-{hour}")
    assert "pour quelqu’un d’autre" in browser.text
    await browser.post(browser.path, **SLIP | told)
    assert browser.path.endswith("/check"), browser.text
    await browser.post(browser.path)
    return re.search(r"/visit/([0-9a-f-]{36})", browser.path)[1]


async def by(dossier):
    return {(row.by, row.office) for row in await dossiers.timeline(dossier)}


async def test_a_town_hall_without_a_station_books_anywhere(agent):
    await agent.get(OFFICE)
    assert "Réserver pour quelqu’un" in agent.text
    dossier = await books(agent)
    assert agent.path == f"{OFFICE}/visit/{dossier}"
    assert await by(dossier) == {("staff", "Riedisheim")}
    found = await dossiers.dossier(dossier)
    assert (found.contact, found.phone, found.person) == (None, "+33389000001", None)
    await agent.get(OFFICE)
    assert "Léa Martin" in agent.text


async def test_the_search_begins_at_the_own_municipality_and_says_for_whom(agent):
    await agent.get(OFFICE)
    [begin] = re.findall(r'href="(/e/m2a/idcard\?[^"]+)"', agent.text)
    await agent.get(begin)
    assert 'value="Riedisheim"' in agent.text
    assert 'name="acting" value="riedisheim"' in agent.text
    await agent.get("/e/m2a/idcard/hours?what=CNI&acting=riedisheim&weekday=1")
    assert agent.text.count("acting=riedisheim") > 3


async def test_a_helper_sees_what_they_booked_and_nothing_once_the_grant_ends(helper):
    dossier = await books(helper, HELPING)
    assert helper.path == f"/helping/visit/{dossier}"
    assert await by(dossier) == {("helper", "")}
    await helper.get("/helping")
    assert "Léa Martin" in helper.text
    async with connection() as c:
        grant = await c.fetchval("SELECT id FROM parvis.role_grant WHERE person = $1", helper.person)
    await identity.end_grant(grant)
    for person, owed in ((helper.person, 403), (await a_person("helper"), 404)):
        await sits(helper, person)
        assert (await helper.get(f"/helping/visit/{dossier}")).page.status_code == owed


async def test_nobody_else_finds_it(agent, riedisheim, town):
    dossier = await books(agent)
    elsewhere = await add_emitter("pfastatt", "Pfastatt", "municipality", latitude=47.77, longitude=7.3)
    for person, base in (
        (await a_person("agent", elsewhere), "/office/pfastatt/idcard/solidarity"),
        (await a_person("agent", elsewhere), OFFICE),
        (await a_person("helper"), "/helping"),
        (await a_person("agent", town.calendar.emitter), OFFICE),
    ):
        await sits(agent, person)
        for page in ("", "/slip", "/move", "/cancel"):
            assert (await agent.get(f"{base}/visit/{dossier}{page}")).page.status_code == 404
        assert (await agent.post(f"{base}/visit/{dossier}/cancel")).page.status_code == 404
        assert (await agent.post(f"{base}/visit/{dossier}/restore")).page.status_code == 404
    await sits(agent, await a_person("helper"))
    assert "Léa Martin" not in (await agent.get("/helping")).text
    assert (await dossiers.dossier(dossier)).visit.live


async def test_a_colleague_goes_on_with_it_the_next_day(agent, riedisheim):
    dossier = await books(agent)
    await sits(agent, await a_person("agent", riedisheim))
    await agent.post(f"{OFFICE}/visit/{dossier}/move", slot=agent.slot(10))
    assert agent.path == f"{OFFICE}/visit/{dossier}"
    await agent.get(OFFICE)
    assert "déplacé" in agent.text


@pytest.mark.parametrize("said", ["riedisheim", HELPING])
async def test_nobody_takes_a_seat_that_is_not_theirs(browser, riedisheim, said):
    search = f"what=CNI&people=1&acting={said}"
    await browser.post("/e/m2a/idcard/hold", slot=browser.slot(), search=search, page="page")
    assert browser.path != "/e/m2a/idcard/hold"
    await sits(browser, await a_person())
    for url in (f"/e/m2a/idcard?acting={said}", f"/e/m2a/idcard/hours?{search}"):
        assert (await browser.get(url)).page.status_code in {403, 404}


async def test_a_draft_of_a_seat_is_for_that_seat_alone(agent):
    search = "what=CNI&people=1&acting=riedisheim"
    await agent.post("/e/m2a/idcard/hold", slot=agent.slot(), search=search, page="page")
    draft = agent.path
    await sits(agent, await a_person("helper"))
    assert (await agent.get(draft)).page.status_code == 404
    assert (await agent.post(draft, **SLIP)).page.status_code == 404


async def test_cancelling_and_undoing_it(agent):
    dossier = await books(agent)
    await agent.post(f"{OFFICE}/visit/{dossier}/cancel")
    assert "Rétablir le rendez-vous" in agent.text
    await agent.post(f"{OFFICE}/visit/{dossier}/restore")
    assert (await dossiers.dossier(dossier)).visit.live
    trail = [act.action for act in await audit.trail("dossier", dossier) if act.action != "read"]
    assert trail == ["book", "cancel", "restore"]


async def test_once_it_would_have_begun_nothing_is_undone_and_that_is_said(agent):
    dossier = await books(agent)
    await agent.post(f"{OFFICE}/visit/{dossier}/cancel")
    clock.move(timedelta(days=6))
    await sits(agent, agent.person)
    await agent.post(f"{OFFICE}/visit/{dossier}/restore")
    assert agent.page.status_code == 409
    assert 'role="alert"' in agent.text
    assert not (await dossiers.dossier(dossier)).visit.live


async def test_reading_is_traced_for_the_office_and_for_a_helper(agent, riedisheim):
    dossier = await books(agent)
    await agent.get(OFFICE)
    await agent.get(OFFICE)
    readers = await audit.readers_of(dossier)
    assert {(one.person, one.emitter) for one in readers} == {(agent.person, "Riedisheim")}
    helper = await sits(agent, await a_person("helper"))
    theirs = await books(helper, HELPING, hour=10)
    seen = len(await audit.readers_of(theirs))
    await helper.get("/helping")
    await helper.get("/helping")
    assert len(await audit.readers_of(theirs)) == seen


async def test_a_message_goes_where_it_was_said_or_nowhere(agent):
    mailed = await books(agent, channel="mail", email="voisine@example.org")
    silent = await books(agent, hour=10, email="voisine@example.org")
    assert (await dossiers.dossier(mailed)).contact.address == "voisine@example.org"
    assert (await dossiers.dossier(silent)).contact is None


async def test_whoever_is_to_be_told_needs_an_address(agent):
    search = "what=CNI&people=1&acting=riedisheim"
    await agent.post("/e/m2a/idcard/hold", slot=agent.slot(), search=search, page="page")
    await agent.post(agent.path, **SLIP | {"channel": "mail"})
    assert agent.page.status_code == 422
    assert 'href="#email"' in agent.text


async def test_a_resident_cannot_do_without_a_contact(browser):
    await browser.hold()
    await browser.post(browser.path, **SLIP | {"applicants-0-number": "A123456789"})
    assert browser.page.status_code == 422
    assert 'href="#email"' in browser.text


async def test_limits_are_for_residents(agent, town):
    for hour in (9, 10, 11):
        await books(agent, hour=hour, channel="mail", email="foyer@example.org")
    await agent.get(OFFICE)
    assert agent.text.count("Léa Martin") == 3


async def test_a_name_or_a_reference_is_found_however_spelt_and_never_in_an_address(agent):
    dossier = await books(agent)
    reference = (await dossiers.dossier(dossier)).reference
    for sought in ("marten", "LEA", reference.lower()):
        await agent.post(OFFICE, name=sought)
        assert "Léa Martin" in agent.text, sought
        assert "?" not in str(agent.page.url)
    await agent.post(OFFICE, name="Zimmermann")
    assert "Léa Martin" not in agent.text


async def test_the_slip_says_everything_and_opens_nothing(agent, town):
    dossier = await books(agent)
    await agent.get(f"{OFFICE}/visit/{dossier}/slip")
    found = await dossiers.dossier(dossier)
    for said in (found.reference, "Léa Martin", "1 rue de la Mairie", "/my/requests", "Riedisheim", "photo"):
        assert said in agent.text
    assert "key=" not in agent.text


async def test_what_was_booked_for_others_is_erased_in_its_time(agent):
    dossier = await books(agent)
    clock.move(timedelta(days=60))
    await dossier_actions.close_past_visits()
    await erasing.erase_kept_long_enough([])
    await sits(agent, agent.person)
    assert "Léa Martin" not in (await agent.get(f"{OFFICE}?show=past")).text
    assert (await agent.get(f"{OFFICE}/visit/{dossier}")).page.status_code == 404


async def test_what_was_ticked_by_hand_is_in_the_list_too(agent, town):
    await agent.to_check(for_others="yes")
    await agent.post(agent.path)
    assert agent.path.startswith(OFFICE)


async def test_states_and_their_order(agent, town):
    await books(agent, hour=10)
    await books(agent, hour=9)
    cancelled = await books(agent, hour=11)
    await agent.post(f"{OFFICE}/visit/{cancelled}/cancel")
    office = await territory.emitter_by_slug("riedisheim")
    seat = Seat(Actor(agent.person), office)
    rows = await booked.rows(seat)
    assert [(row.state, row.visit.start) for row in rows] == [
        (State.COMING, town.calendar.at(9)),
        (State.COMING, town.calendar.at(10)),
        (State.CANCELLED, town.calendar.at(11)),
    ]
    clock.move(timedelta(days=30))
    assert {row.state for row in await booked.rows(seat)} == {State.OVER, State.CANCELLED}
