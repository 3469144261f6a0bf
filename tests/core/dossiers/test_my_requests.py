from datetime import timedelta

import httpx
import pytest

from parvis import clock, settings
from parvis.app.portal_process import create
from parvis.audit import queries as audit
from parvis.calendars import actions as calendars
from parvis.contract.values import Channel
from parvis.dossiers import actions, queries, reading
from parvis.dossiers.actions import By, NewDossier
from parvis.errors import NotFound
from parvis.identity.actors import Actor
from parvis.identity.contacts import Contact
from parvis.territory.actions import add_emitter
from parvis.testing.calendars import a_calendar, a_place
from parvis.testing.people import a_person, a_session


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
    app = create(settings.current())
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
