"""The agents' list of what is not declared: its reasons, trying again, overriding; and who sees it."""

import re

import httpx
import pytest

from parvis import settings
from parvis.audit import queries as audit
from parvis.contract.values import Role
from parvis.db import connection
from parvis.dossiers.actions import By
from parvis.territory.actions import add_emitter, enable_plugin, publish
from parvis.territory.queries import emitter
from parvis.testing.applications import application
from parvis.testing.calendars import a_calendar
from parvis.testing.people import a_person, a_session
from parvis_idcard import actions
from parvis_idcard.ants.coordination import client, queries
from parvis_idcard.ants.simulator import faults


@pytest.fixture
async def agent(app, town, worker):
    """An agent of the town hall, at the list."""
    found = await emitter(town.calendar.emitter)
    person = await a_person(Role.AGENT, town.calendar.emitter, name="Karim Benali")
    base = settings.current().base_url
    # The worker of these tests delivers what the pages record; making an application must not change that.
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url=base,
        cookies=await a_session(person),
        headers={"accept": "text/html", "accept-language": "en", "origin": base},
        follow_redirects=True,
    ) as http:
        http.list = f"/office/{found.slug}/idcard/declarations"
        yield http


async def test_nothing_to_do_is_said(agent):
    page = await agent.get(agent.list)
    assert page.status_code == 200
    assert "Everything is declared" in page.text


@pytest.mark.parametrize(
    ("fault", "why"), [(faults.DOWN, "The service does not answer"), (faults.TOKEN, "refuses our token")]
)
async def test_what_is_not_declared_is_listed_with_its_reason_and_counted(agent, service, worker, book, fault, why):
    service.faults.add(fault)
    dossier = await book()
    await worker()
    page = await agent.get(agent.list)
    for told in (why, "A123456789", "Léa Martin", dossier.reference, "1 attempt"):
        assert told in page.text
    assert re.search(r'Declarations to the ANTS.*?class="count"[^>]*>\s*1', page.text, re.S)
    assert await audit.readers_of(dossier.id)
    service.faults.clear()


async def test_a_request_says_how_its_declaration_stands(agent, service, worker, book):
    service.faults.add(faults.DOWN)
    dossier = await book()
    await worker()
    request = agent.list.replace("idcard/declarations", f"requests/{dossier.id}")
    assert "Not declared to the ANTS yet" in (await agent.get(request)).text
    service.faults.clear()
    client.outages.forget()
    await agent.post(f"{agent.list}/replay", data={"declaration": "all"})
    await worker()
    assert "Declared to the ANTS" in (await agent.get(request)).text


async def test_one_is_tried_again_by_hand(agent, service, worker, book, wanted):
    service.faults.add(faults.TOKEN)
    await book()
    await worker()
    service.faults.clear()
    client.outages.forget()
    page = await agent.get(agent.list)
    chosen = re.search(r'name="declaration" value="([0-9a-f-]{36})"', page.text)[1]
    await agent.post(f"{agent.list}/replay", data={"declaration": chosen})
    await worker()
    assert service.ours() == await wanted() != set()
    assert "Everything is declared" in (await agent.get(agent.list)).text


async def test_all_are_tried_again_and_nonsense_changes_nothing(agent, service, worker, book, wanted):
    service.faults.add(faults.DOWN)
    await book()
    await book(["B123456789"], hour=10, email="paul@example.org")
    await worker()
    service.faults.clear()
    client.outages.forget()
    for nonsense in ("", "x", "00000000-0000-0000-0000-000000000000"):
        await agent.post(f"{agent.list}/replay", data={"declaration": nonsense})
        await worker()
    assert service.ours() == set()
    await agent.post(f"{agent.list}/replay", data={"declaration": "all"})
    await worker()
    assert len(service.ours()) == 2
    assert service.ours() == await wanted()


async def refused(service, worker, book, monkeypatch, status):
    dossier = await book()
    monkeypatch.setattr(service.registry, "status", lambda _: status)
    await worker()
    return (await queries.of_dossier(dossier.id))[0]


async def test_a_status_is_overridden_with_a_reason(agent, service, worker, book, monkeypatch):
    row = await refused(service, worker, book, monkeypatch, "unknown")
    assert "does not know the number" in (await agent.get(agent.list)).text
    url = f"{agent.list}/{row.id}/override"
    for typed in ("", "why"):
        page = await agent.post(url, data={"reason": typed})
        assert page.status_code == 422
        assert 'class="error"' in page.text
    page = await agent.post(url, data={"reason": "The summary is in front of me."})
    assert page.status_code == 200
    kept = await queries.declaration(row.id)
    assert kept.reason == "The summary is in front of me."
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM parvis.audit_trace WHERE action = 'override'") == 1
    assert "A123456789" not in (await agent.get(agent.list)).text


async def test_another_town_hall_sees_none_of_it(app, service, worker, book, monkeypatch):
    row = await refused(service, worker, book, monkeypatch, "unknown")
    other = await add_emitter("illzach", "Illzach", "municipality", latitude=47.78, longitude=7.35)
    await enable_plugin(other, "idcard")
    base = settings.current().base_url
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(application()),
        base_url=base,
        cookies=await a_session(await a_person(Role.AGENT, other)),
        headers={"accept": "text/html", "origin": base},
    ) as http:
        mine = await http.get("/office/illzach/idcard/declarations")
        assert mine.status_code == 200
        assert "A123456789" not in mine.text
        url = f"/office/illzach/idcard/declarations/{row.id}/override"
        assert (await http.post(url, data={"reason": "Not my business."})).status_code == 404
        await http.post("/office/illzach/idcard/declarations/replay", data={"declaration": str(row.id)})
        theirs = (await emitter(row.emitter)).slug
        assert (await http.get(f"/office/{theirs}/idcard/declarations")).status_code == 404
    kept = await queries.declaration(row.id)
    assert (kept.reason, kept.state) == (None, row.state)


async def test_a_moved_appointment_is_listed_where_it_is_now(service, worker, book, town, monkeypatch):
    dossier = await book()
    await worker()
    other = await a_calendar()
    await enable_plugin(other.emitter, "idcard")
    await publish(other.emitter, "idcard")
    service.faults.add(faults.DOWN)
    await actions.move(dossier, other.id, other.at(10), By("resident"))
    await worker()
    assert await queries.count_not_declared(town.calendar.emitter) == 0
    assert await queries.count_not_declared(other.emitter) == 1
    service.faults.clear()
