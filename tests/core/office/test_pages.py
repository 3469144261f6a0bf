"""The agent's day and the operator's page, over the composed portal with real sessions."""

import re
from datetime import datetime, time, timedelta
from uuid import UUID, uuid4

import httpx
import pytest

from parvis import clock, messages, outbox, settings
from parvis.audit import queries as audit
from parvis.calendars import actions as calendars
from parvis.calendars import grids, planning
from parvis.calendars.openings import Weekly
from parvis.contract.values import Channel, Role
from parvis.db import transaction
from parvis.dossiers import actions as dossiers
from parvis.events import DossierOpened
from parvis.identity import rights
from parvis.identity.contacts import Contact
from parvis.identity.rules import Cell
from parvis.messages.actions import end
from parvis.messages.reactions import CONTACT_CODE
from parvis.office.permissions import TILLS
from parvis.outbox import queries as deliveries
from parvis.territory import actions as territory
from parvis.testing.applications import application
from parvis.testing.people import a_person, a_session

HTML = {"accept": "text/html"}
CONTACT = Contact(Channel.MAIL, "lea@example.org")


@pytest.fixture
def portal(database):
    app = application()
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app),
        base_url="http://localhost:8000",
        headers={**HTML, "accept-language": "en"},
    )


async def an_emitter(slug: str) -> UUID:
    return await territory.add_emitter(slug, slug.title(), "municipality", latitude=47.77, longitude=7.35)


async def an_appointment(emitter: UUID, name: str) -> tuple[UUID, datetime]:
    """Somebody's appointment the day after tomorrow at noon, at a town hall of the emitter's."""
    point = {"address": "1 rue", "postcode": "68110", "city": "Illzach", "latitude": 47.77, "longitude": 7.35}
    place = await territory.add_place(f"hall-{uuid4().hex[:6]}", emitter, "Town hall", **point)
    calendar = await planning.add_calendar(place, "idcard", public_holidays="", school_zone="", counter_percent=0)
    await planning.offer(calendar, "deposit", 20, 15)
    await planning.add_desk(calendar, "Desk A", [Weekly(day, time(8), time(18)) for day in range(1, 8)])
    await grids.open_days(calendar)
    zone = settings.current().zone
    start = datetime.combine(clock.now().astimezone(zone).date() + timedelta(days=2), time(12), zone)
    hold = await calendars.hold(calendar, "deposit", start)
    new = dossiers.NewDossier(
        service="idcard", emitter=emitter, contact=CONTACT, names=(name,), language="fr", kept_days=30
    )
    opened = await dossiers.book(new, hold.id, hold.secret, "Town hall", dossiers.By())
    return opened.id, start


async def test_an_agent_sees_the_day_and_the_resident_sees_that_it_was_seen(portal):
    illzach = await an_emitter("illzach")
    dossier, start = await an_appointment(illzach, "Léa Muller")
    agent = await a_person("agent", illzach, name="Agnès")
    page = await portal.get(f"/office/illzach/today?day={start.date()}", cookies=await a_session(agent))
    assert page.status_code == 200
    assert "Léa Muller" in page.text
    assert "Desk A" in page.text
    assert [reading.emitter for reading in await audit.readers_of(dossier)] == ["Illzach"]


async def test_an_agent_of_another_town_hall_sees_nothing(portal):
    illzach, mulhouse = await an_emitter("illzach"), await an_emitter("mulhouse")
    dossier, start = await an_appointment(illzach, "Léa Muller")
    cookies = await a_session(await a_person("agent", mulhouse))
    refused = await portal.get("/office/illzach/today", cookies=cookies)
    assert refused.status_code == 404
    assert "/office/illzach" not in refused.text.partition("<main")[0].partition("<nav")[2]
    own = await portal.get(f"/office/mulhouse/today?day={start.date()}", cookies=cookies)
    assert "Léa Muller" not in own.text
    assert await audit.readers_of(dossier) == []


@pytest.mark.parametrize("role", ["reader", "agent", "manager", "accountant", "operator"])
async def test_everybody_may_open_what_their_navigation_leads_to(portal, role):
    emitter, _ = await an_emitter("illzach"), await an_emitter(settings.current().territory)
    portal.cookies.update(await a_session(await a_person(role, None if role == "operator" else emitter)))
    page = await portal.get("/operator" if role == "operator" else "/office/illzach", follow_redirects=True)
    assert page.status_code == 200
    navigation = re.search(r'<nav class="side".*?</nav>', page.text, re.DOTALL)
    led_to = set(re.findall(r'href="(/(?:office|operator)[^"#]*)"', navigation[0]))
    assert led_to
    for address in led_to:
        answer = await portal.get(address, follow_redirects=True)
        assert (answer.status_code, address) == (200, address)


async def test_a_date_that_is_none_is_answered_with_today_and_a_sentence(portal):
    illzach = await an_emitter("illzach")
    cookies = await a_session(await a_person("agent", illzach))
    page = await portal.get("/office/illzach/today?day=31/02/2027", cookies=cookies)
    assert page.status_code == 422
    assert "31/02/2027" in page.text


async def test_the_operator_sees_what_was_given_up_and_tries_it_again(portal, monkeypatch):
    cookies = await a_session(await a_person("operator"))
    async with transaction() as c:
        await outbox.record(DossierOpened(dossier=uuid4(), service="idcard"))
        event = await c.fetchval("SELECT id FROM parvis.event")
        await c.execute(
            "INSERT INTO parvis.delivery (id, event, reaction, due, state, attempts, error, finished) "
            "VALUES ($1, $2, 'gone.reaction', $3, 'dead', 9, 'it broke', $3)",
            uuid4(),
            event,
            clock.now(),
        )
    page = await portal.get("/operator", cookies=cookies)
    assert page.status_code == 200
    assert "gone.reaction" in page.text
    assert "it broke" in page.text
    assert "No worker is at work" in page.text
    again = await portal.post(
        "/operator/deliveries/replay",
        data={"delivery": "all"},
        cookies=cookies,
        headers={"sec-fetch-site": "same-origin"},
    )
    assert again.status_code == 303
    assert await deliveries.dead() == []


async def test_replaying_nonsense_changes_nothing(portal):
    cookies = await a_session(await a_person("operator"))
    answer = await portal.post(
        "/operator/deliveries/replay",
        data={"delivery": "x\0y"},
        cookies=cookies,
        headers={"sec-fetch-site": "same-origin"},
    )
    assert answer.status_code in {303, 422}


async def test_everybody_with_a_role_has_a_first_page(portal):
    illzach = await an_emitter("illzach")
    agent, accountant = await a_person("agent", illzach), await a_person("accountant", illzach)
    entered = await portal.get("/office/illzach", cookies=await a_session(agent))
    assert entered.headers["location"] == "/office/illzach/today"
    entered = await portal.get("/office/illzach", cookies=await a_session(accountant))
    assert entered.headers["location"] == "/office/illzach/tills"
    manager = await a_person("manager", illzach)
    without = {Cell(TILLS, Role.ACCOUNTANT): False}
    await rights.change(illzach, without, base=0, by=manager)
    waits = await portal.get("/office/illzach", cookies=await a_session(accountant))
    assert (waits.status_code, "Nothing waits" in waits.text) == (200, True)


async def test_the_operator_sees_what_waits_and_what_was_dropped(portal):
    cookies = await a_session(await a_person("operator"))
    assert "Every message has arrived or is on its way." in (await portal.get("/operator", cookies=cookies)).text
    async with transaction():
        until = clock.now() + timedelta(hours=1)
        waits, dropped = [
            await messages.send(CONTACT_CODE, Channel.MAIL, address, "fr", None, {"code": "123456"}, until)
            for address in ("lea@example.org", "paul@example.org")
        ]
    await end(dropped, "stale", "too late")
    async with transaction() as c:
        await c.execute("UPDATE parvis.message SET attempts = 2, error = 'SMTP 451' WHERE id = $1", waits)
    page = (await portal.get("/operator", cookies=cookies)).text
    for told in ("1 message could not leave yet", "SMTP 451", "Dropped: of no use any more", "too late"):
        assert told in page
    assert "example.org" not in page
