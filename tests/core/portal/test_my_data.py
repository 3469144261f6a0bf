"""Everything of one person, to take away or to have erased; what stays is named with its reason."""

import json
from dataclasses import replace
from datetime import timedelta
from html import unescape

import httpx
import pytest

from parvis import clock, plugins, settings
from parvis.audit import actions as audit
from parvis.audit import queries as trail
from parvis.contract.values import PersonalData, Role
from parvis.db import connection, transaction
from parvis.dossiers import actions as dossiers
from parvis.dossiers import queries
from parvis.dossiers.actions import By
from parvis.errors import NotFound, Text
from parvis.identity import actions as identity
from parvis.identity import queries as people
from parvis.identity.actors import Actor, Grant
from parvis.plugins.registry import Plugins
from parvis.territory.actions import add_emitter
from parvis.testing.applications import application
from parvis.testing.calendars import a_calendar
from parvis.testing.people import a_person, a_session
from parvis.testing.plugins import a_plugin
from parvis.testing.visits import a_visit

erased, must_keep = [], set()


async def export(dossier):
    if dossier in erased:
        raise NotFound
    return {"dish": "couscous", "empty": "", "guests": [{"family": "Martin"}, {"family": "Klein"}]}


async def erase(ids):
    erased.extend(ids)
    return len(ids)


async def keeps(dossier):
    return Text("The cook still has to know.") if dossier in must_keep else None


@pytest.fixture
async def app(database):
    erased.clear()
    must_keep.clear()
    await add_emitter("m2a", "m2A", "agglomeration", latitude=47.75, longitude=7.33)
    made = application()
    (plugin,) = a_plugin(key="canteen")
    data = PersonalData(key="canteen.rows", export=export, erase=erase, words={"dish": Text("Paper")}, keeps=keeps)
    plugins.use(Plugins({"canteen": replace(plugin, personal_data=(data,))}))
    return made


@pytest.fixture
async def claire():
    return await a_person(name="Claire Martin")


@pytest.fixture
async def http(app, claire):
    headers = {"accept": "text/html", "accept-language": "en", "origin": settings.current().base_url}
    transport, base, cookies = httpx.ASGITransport(app), settings.current().base_url, await a_session(claire)
    async with httpx.AsyncClient(transport=transport, base_url=base, headers=headers, cookies=cookies) as client:
        yield client


async def a_request(person, *, closed=False):
    calendar = await a_calendar()
    _, dossier = await a_visit(calendar, calendar.at(9), "Claire Martin")
    async with transaction() as c:
        await c.execute("UPDATE parvis.dossier SET person = $2 WHERE id = $1", dossier, person)
    if closed:
        await dossiers.cancel_visit(dossier, By("resident", person))
    return dossier, calendar


async def test_the_file_has_everything_and_nothing_of_anybody_else(http, claire):
    dossier, calendar = await a_request(claire)
    other, _ = await a_request(await a_person(name="Karim Benali"))
    agent = Actor(person=await a_person(name="Sophie Keller"), grants=(Grant(Role.AGENT, calendar.emitter),))
    await audit.saw(agent, dossier, calendar.emitter)
    answer = await http.get("/my/data/export.json")
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.headers["cache-control"] == "no-store"
    told = json.loads(answer.text)
    assert told["account"]["name"] == "Claire Martin"
    assert len(told["account"]["sessions"]) == 1
    (request,) = told["requests"]
    assert request["names"] == ["Claire Martin"]
    assert request["contact"] == "lea@example.org"
    assert request["plugins"]["canteen.rows"]["dish"] == "couscous"
    assert request["earlier"] is None
    assert [(one["role"], bool(one["at"])) for one in request["readings"]] == [("agent", True)]
    assert {row["event"] for row in request["timeline"]} == {"dossier.opened", "booking.confirmed"}
    assert told["acts"][0]["action"] == "export"
    for foreign in ("Karim", "Keller", (await queries.dossier(other)).reference):
        assert foreign not in answer.text


async def test_the_page_says_it_in_words(http, claire):
    await a_request(claire)
    page = unescape((await http.get("/my/data/print")).text)
    for said in ("Claire Martin", "couscous", "<strong>Paper</strong>", "Klein", "Appointment booked", "Who you are"):
        assert (said in page) == (said != "Who you are"), said
    assert str(claire) not in page


async def test_erasing_asks_first_and_takes_what_is_closed(http, claire):
    closed, _ = await a_request(claire, closed=True)
    going = (await queries.dossier(closed)).reference
    page = unescape((await http.get("/my/data")).text)
    assert going in page
    assert "deliberation 2021-122" in page
    assert (await http.post("/my/data/erase", data={})).status_code == 422
    assert (await queries.dossier(closed)).state == "closed"
    done = await http.post("/my/data/erase", data={"sure": "yes"})
    assert done.status_code == 200
    assert going in done.text
    assert erased == [closed]
    assert (await queries.dossier(closed)).state == "erased"
    with pytest.raises(NotFound):
        await people.person(claire)
    assert (await http.get("/my/data")).status_code in (303, 401)
    (act,) = await trail.trail("person", claire) or [None]
    assert act is None or act.action == "erase"
    async with connection() as c:
        for table in ("session", "role_grant"):
            assert await c.fetchval(f"SELECT count(*) FROM parvis.{table} WHERE person = $1", claire) == 0


async def test_what_has_to_stay_stays_and_is_named(http, claire):
    ahead, _ = await a_request(claire)
    cooked, _ = await a_request(claire, closed=True)
    gone, _ = await a_request(claire, closed=True)
    must_keep.add(cooked)
    done = unescape((await http.post("/my/data/erase", data={"sure": "yes"})).text)
    assert "The cook still has to know." in done
    assert "Its appointment is not over" in done
    assert "It stays while one of your requests does." in done
    states = [(await queries.dossier(one)).state for one in (ahead, cooked, gone)]
    assert states == ["open", "closed", "erased"]
    assert (await people.person(claire)).name == "Claire Martin"


async def test_who_works_here_keeps_the_account_for_the_traces_time(http, claire):
    calendar = await a_calendar()
    given = await identity.grant(claire, Role.AGENT, calendar.emitter)
    assert "You work here" in (await http.get("/my/data")).text
    await http.post("/my/data/erase", data={"sure": "yes"})
    assert await people.person(claire)
    await identity.end_grant(given)
    clock.move(timedelta(days=366))
    http.cookies.update(await a_session(claire))
    await http.post("/my/data/erase", data={"sure": "yes"})
    with pytest.raises(NotFound):
        await people.person(claire)


@pytest.mark.parametrize("path", ["", "/export.json", "/export.pdf", "/print"])
async def test_it_is_for_somebody_signed_in(app, path):
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=settings.current().base_url) as nobody:
        assert (await nobody.get(f"/my/data{path}", headers={"accept": "text/html"})).status_code in (303, 401)
