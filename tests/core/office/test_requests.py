"""Requests as agents meet them: found however they are named, seen, moved, cancelled, restored; never another's."""

import re

import pytest

from parvis import plugins
from parvis.audit import queries as audit
from parvis.calendars import proofs
from parvis.calendars.actions import hold
from parvis.contract.values import Card, Counter, Item, Service, Visitor
from parvis.db import connection
from parvis.dossiers import actions as dossiers
from parvis.dossiers import queries
from parvis.dossiers.actions import By
from parvis.errors import Text
from parvis.testing.calendars import a_calendar
from parvis.testing.plugins import a_plugin
from parvis.testing.visits import a_visit

ACTS = ("move", "cancel", "restore")


async def card(dossier):
    visitor = Visitor(name="Léa Martin", about=(Text("adult"),), brings=(Item(key="0:0", text=Text("A photo")),))
    return Card(what=Text("Passport: application"), visitors=(visitor,), page="/e/x/idcard/visit/1?key=2")


async def restore(dossier, act):
    await dossiers.restore_visit(dossier, By("staff", act.person, act.emitter), tell=act.tell)


async def found_by_number(typed, emitter):
    async with connection() as c:
        rows = await c.fetch("SELECT id FROM parvis.dossier WHERE emitter = $1", emitter)
    return [row["id"] for row in rows] if typed == "A1B2C3D4E5" else []


@pytest.fixture
async def agent(office):
    counter = Counter(card=card, find=found_by_number, restore=restore)
    plugins.use(a_plugin(Service(key="idcard", name=Text("Papers"), summary=Text(""), kinds=(), details=type(None),
                                 first_page="/", kept=None, counter=counter)))  # fmt: skip
    return await office.agent()


@pytest.fixture
async def visit(office, agent):
    return await a_visit(office.calendar, office.calendar.at(9), "Léa Martin")


async def told(dossier):
    async with connection() as c:
        sql = "SELECT type, payload FROM parvis.event WHERE payload ->> 'dossier' = $1 ORDER BY id"
        rows = await c.fetch(sql, str(dossier))
    return [(row["type"], row["payload"].get("tell")) for row in rows]


@pytest.mark.parametrize("typed", ["martin", "MARTINS lea", "{reference}", "A1B2C3D4E5"])
async def test_a_request_is_found_as_it_is_heard(office, agent, visit, typed):
    reference = (await queries.dossier(visit[1])).reference
    await agent.post("requests", q=typed.format(reference=f" {reference[:4].lower()} {reference[4:]}"))
    assert agent.status == 200
    assert "Léa Martin" in agent.text
    assert f"requests/{visit[1]}" in agent.text
    assert [row.emitter for row in await audit.readers_of(visit[1])] == [office.slug]


@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [
        ("", 422, "Write a name"),
        ("a", 422, "at least two letters"),
        ("x" * 10_000, 422, "at most 200"),
        ("Nobody", 200, "Nothing fits"),
        ("🙂‮", 422, "at least two letters"),
    ],
)
async def test_what_cannot_be_found_says_what_to_do(agent, visit, typed, status, said):
    await agent.post("requests", q=typed)
    assert agent.status == status
    assert said in agent.text
    assert "Léa Martin" not in agent.text


async def test_another_town_halls_request_is_not_there(office, agent, visit):
    other = await a_calendar()
    _, theirs = await a_visit(other, other.at(9), "Paul Roth")
    foreign = await office.agent(at=other)
    for path in ("", "/slip", "/move"):
        assert (await foreign.get(f"/office/{foreign.slug}/requests/{visit[1]}{path}")).status == 404
    for act in ACTS:
        assert (await foreign.post(f"requests/{visit[1]}/{act}", slot="x")).status == 404
    await agent.post("requests", q="roth")
    assert "Paul Roth" not in agent.text
    await agent.post("requests", q=(await queries.dossier(theirs)).reference)
    assert "another town hall's" in agent.text
    assert (await queries.dossier(visit[1])).visit.live


async def test_the_request_says_all_and_is_printed(office, agent, visit):
    await agent.get(f"requests/{visit[1]}")
    for said in ("Léa Martin", "Passport: application", "A photo", "lea@example.org", "What happened", "Cancel this"):
        assert said in agent.text
    await agent.get(f"requests/{visit[1]}/slip")
    assert "To move or to cancel" in agent.text
    assert "key=" not in agent.text
    reader = await office.agent(role="reader")
    await reader.get(f"requests/{visit[1]}")
    assert "Cancel this" not in reader.text


async def test_it_is_moved_to_a_free_hour_and_the_person_told_or_not(office, agent, visit):
    await agent.get(f"requests/{visit[1]}/move")
    code = re.findall(r'name="slot" value="([^"]+)"', agent.text)[2]
    await agent.post(f"requests/{visit[1]}/move", slot=code, reason="A desk is out of order")
    assert (agent.status, "was moved" in agent.text) == (200, True)
    assert "A desk is out of order" in agent.text
    assert (await told(visit[1]))[-1] == ("booking.moved", False)
    assert await proofs.unlike_bookings() == []


async def test_an_hour_taken_meanwhile_or_elsewhere_leaves_it_where_it_is(office, agent, visit):
    await agent.get(f"requests/{visit[1]}/move")
    codes = re.findall(r'name="slot" value="([^"]+)"', agent.text)
    for _ in range(2):
        await hold(office.calendar.id, "deposit", office.calendar.at(9, 20))
    other = await a_calendar()
    await office.agent(at=other)
    for code in ("", "nonsense", codes[0][:-2] + "AA"):
        await agent.post(f"requests/{visit[1]}/move", slot=code, reason="kept")
        assert agent.status in {409, 422}
        assert "kept" in agent.text
    assert (await queries.dossier(visit[1])).visit.start == office.calendar.at(9)


async def test_a_cancellation_is_undone_while_the_hour_is_there(office, agent, visit):
    await agent.post(f"requests/{visit[1]}/cancel", tell="yes", reason="x" * 301)
    assert (agent.status, 'id="reason-error"' in agent.text) == (422, True)
    await agent.post(f"requests/{visit[1]}/cancel", tell="yes", reason="No longer needed")
    assert "was cancelled" in agent.text
    assert "Undo the cancellation" in agent.text
    await agent.post(f"requests/{visit[1]}/restore", tell="yes")
    assert "was undone" in agent.text
    assert (await queries.dossier(visit[1])).visit.live
    await agent.post(f"requests/{visit[1]}/cancel")
    async with connection() as c:
        await c.execute("DELETE FROM parvis.booking WHERE state = 'kept'")
        await c.execute("UPDATE parvis.desk_day SET free = grid")
    for _ in range(2):
        await hold(office.calendar.id, "deposit", office.calendar.at(9))
    await agent.post(f"requests/{visit[1]}/restore")
    assert (agent.status, "given to somebody else" in agent.text) == (409, True)
