import asyncio
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from parvis import clock, settings
from parvis.audit import queries as audit
from parvis.calendars import actions as calendars
from parvis.contract.values import Channel
from parvis.db import connection
from parvis.dossiers import actions, finding, queries, reading
from parvis.dossiers.actions import By, NewDossier
from parvis.errors import NotFound
from parvis.identity.actors import Actor
from parvis.identity.contacts import Contact
from parvis.territory.actions import add_emitter
from parvis.testing.applications import application
from parvis.testing.calendars import a_calendar, a_place
from parvis.testing.people import a_person, a_session
from parvis.web import attempts


async def a_request(person=None):
    calendar = await a_calendar()
    hold = await calendars.hold(calendar.id, "deposit", calendar.at(9), 1)
    new = NewDossier(
        service="gone",
        emitter=calendar.emitter,
        contact=Contact(Channel.MAIL, "lea@example.org"),
        names=("Léa Martin",),
        language="fr",
        kept_days=30,
        person=person,
    )
    return await actions.book(new, hold.id, hold.secret, "Town hall", By("resident", person)), calendar


@pytest.fixture
async def http(database):
    await add_emitter("m2a", "m2A", "agglomeration", latitude=47.75, longitude=7.33)
    app = application()
    transport = httpx.ASGITransport(app=app)
    headers = {"accept": "text/html", "accept-language": "en"}
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000", headers=headers) as client:
        yield client


async def test_reference_and_name_lead_to_the_request(http):
    opened, _ = await a_request()
    found = await http.post(
        "/my/requests", data={"reference": opened.reference.lower(), "name": "martin"}, follow_redirects=True
    )
    assert found.status_code == 200
    assert opened.reference in found.text


@pytest.mark.parametrize(
    ("reference", "name", "status"),
    [("", "", 422), ("A1", "Martin", 422), ("22222222", "Martin", 404), ("😀" * 5000, "x" * 10_000, 422)],
)
async def test_what_leads_nowhere_is_told_and_kept(http, reference, name, status):
    found = await http.post("/my/requests", data={"reference": reference, "name": name})
    assert found.status_code == status
    assert 'class="errors"' in found.text
    assert name in found.text


async def test_a_wrong_name_and_a_wrong_reference_are_told_alike(http):
    opened, _ = await a_request()
    wrong_name = await http.post("/my/requests", data={"reference": opened.reference, "name": "Durand"})
    unknown = await http.post("/my/requests", data={"reference": "22222222", "name": "Durand"})
    assert wrong_name.status_code == unknown.status_code == 404


async def test_signed_in_i_see_mine_and_nobody_elses(http):
    person = await a_person()
    opened, _ = await a_request(person)
    other, _ = await a_request()
    mine = await http.get("/my/requests", cookies=await a_session(person))
    assert opened.reference in mine.text
    assert other.reference not in mine.text
    assert (await http.get(f"/my/requests/{other.id}", cookies=await a_session(person))).status_code == 404
    assert opened.reference not in (await http.get("/my/requests")).text


async def test_an_old_link_says_so(http):
    opened, _ = await a_request()
    key = queries.link_key(opened.id, clock.now() + timedelta(hours=1))
    assert (await http.get(f"/my/requests/{opened.id}?key={key}")).status_code == 200
    clock.move(timedelta(hours=2))
    assert (await http.get(f"/my/requests/{opened.id}?key={key}")).status_code == 403


async def test_a_reading_by_staff_is_traced_and_shown_to_the_resident(http):
    opened, calendar = await a_request()
    agent = Actor(person=await a_person("agent", calendar.emitter))
    await reading.read(opened.id, agent, calendar.emitter)
    assert [row.person for row in await audit.readers_of(opened.id)] == [agent.person]
    _, elsewhere = await a_place()
    with pytest.raises(NotFound):
        await reading.read(opened.id, agent, elsewhere)
    key = queries.link_key(opened.id, clock.now() + timedelta(hours=1))
    assert "Who read this request" in (await http.get(f"/my/requests/{opened.id}?key={key}")).text


async def test_names_cannot_be_tried_one_after_the_other(http):
    settings.use(replace(settings.current(), limit_finds=3))
    opened, _ = await a_request()
    other, _ = await a_request()
    right = {"reference": opened.reference, "name": "Martin"}
    for name in ("Durand", "Muller", "Klein"):
        assert (await http.post("/my/requests", data=right | {"name": name})).status_code == 404
    # Even the right one, and from anywhere: it is the reference that is guarded.
    refused = await http.post("/my/requests", data=right, headers={"user-agent": "another"})
    assert refused.status_code == 429
    assert "Please try again at" in refused.text
    assert 'value="Martin"' in refused.text
    assert (await http.post("/my/requests", data=right | {"reference": other.reference})).status_code == 303
    clock.move(timedelta(hours=1, seconds=1))
    assert (await http.post("/my/requests", data=right)).status_code == 303


async def test_whoever_knows_the_name_is_not_counted(http):
    settings.use(replace(settings.current(), limit_finds=2))
    opened, _ = await a_request()
    for _ in range(5):
        await finding.find(opened.reference, "Martin")


async def test_attempts_at_the_same_instant_are_counted_one_by_one(database):
    settings.use(replace(settings.current(), limit_finds=3))
    opened, _ = await a_request()
    tried = await asyncio.gather(*(finding.find(opened.reference, "Durand") for _ in range(10)), return_exceptions=True)
    assert sorted(type(one).__name__ for one in tried) == ["NotFound"] * 3 + ["TooMany"] * 7


async def test_load_tests_lift_the_limit_on_names(database):
    settings.use(replace(settings.current(), limit_finds=1, limits=False))
    opened, _ = await a_request()
    for _ in range(3):
        with pytest.raises(NotFound):
            await finding.find(opened.reference, "Durand")


async def test_attempts_are_forgotten_after_a_day_and_hold_no_reference(database):
    opened, _ = await a_request()
    with pytest.raises(NotFound):
        await finding.find(opened.reference, "Durand")
    async with connection() as c:
        kept = await c.fetchval("SELECT string_agg(t::text, ' ') FROM parvis.attempt t")
    assert opened.reference not in kept
    assert opened.reference.encode().hex() not in kept
    assert await attempts.forget_old() == 0
    clock.move(timedelta(days=1, seconds=1))
    assert await attempts.forget_old() == 1
