"""A calendar lent: what the other body's staff can do with it, while it is lent and never otherwise."""

import asyncio
import re
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from parvis import clock
from parvis.audit import queries as audit
from parvis.calendars import lending, queries
from parvis.calendars.lending import AlreadyLent
from parvis.contract.values import Role
from parvis.db import connection
from parvis.errors import NotFound
from parvis.territory.actions import add_emitter
from parvis.testing.calendars import a_calendar
from parvis.testing.visits import a_visit, put_clock

ROLES = ("reader", "agent", "manager", "accountant")


class At:
    """An emitter for which somebody works."""

    def __init__(self, emitter):
        self.emitter = emitter


@pytest.fixture
async def whole(office):
    return await add_emitter("whole", "Whole", "agglomeration", latitude=47.7, longitude=7.3)


async def lent(office, whole, **more):
    manager = await office.agent("manager")
    await manager.post("lending", calendar=str(office.calendar.id), delegate="whole", **more)
    assert manager.status == 200, manager.text
    return manager


async def test_it_is_lent_worked_with_and_taken_back_at_once(office, whole):
    visit, _ = await a_visit(office.calendar, office.calendar.at(9), "Léa Martin")
    put_clock(office.calendar.at(8))
    theirs = await office.agent("manager", At(whole))
    assert "Léa Martin" not in (await theirs.get("today")).text
    manager = await lent(office, whole)
    assert "Whole" in manager.text
    assert "Léa Martin" in (await theirs.get("today")).text
    assert (await theirs.get(f"visits/{visit}")).status == 200
    assert "/requests/" not in re.findall(r"<main.*</main>", theirs.page.text, re.DOTALL)[0]
    assert (await theirs.get(f"calendars/{office.calendar.id}")).status == 200
    assert "Lent to us" in (await theirs.get("lending")).text

    [loan] = await lending.loans_of(whole)
    await manager.post(f"lending/{loan.id}/end")
    assert "The loan has ended" in manager.text
    assert "Léa Martin" not in (await theirs.get("today")).text
    assert (await theirs.get(f"visits/{visit}")).status == 404
    assert (await theirs.get(f"calendars/{office.calendar.id}")).status == 404
    acts = [act.action for act in await audit.trail("calendar", office.calendar.id)]
    assert acts == ["lend", "end-loan"]


@pytest.mark.parametrize("state", ["never", "lent", "taken back", "over", "another calendar"])
async def test_the_other_body_acts_with_what_is_lent_and_never_otherwise(office, whole, state):
    """Every role × every address of a calendar and its visits, for what is lent and what is not."""
    visit, dossier = await a_visit(office.calendar, office.calendar.at(9))
    until = clock.now() + timedelta(days=2) if state == "over" else None
    if state != "never":
        calendar = await a_calendar() if state == "another calendar" else office.calendar
        loan = await lending.lend(calendar.id, calendar.emitter, whole, until, None)
        if state == "taken back":
            await lending.end(loan, calendar.emitter, None)
        elif state == "over":
            clock.move(timedelta(days=3))
    owed = {
        f"calendars/{office.calendar.id}": {"reader", "agent", "manager"},
        f"calendars/{office.calendar.id}/changes": {"reader", "agent", "manager"},
        f"calendars/{office.calendar.id}/closures/new": {"agent", "manager"},
        f"visits/{visit}": {"reader", "agent", "manager"},
        f"requests/{dossier}": set(),
    }
    for role in ROLES:
        agent = await office.agent(role, At(whole))
        for path, let in owed.items():
            await agent.get(path)
            allowed = state == "lent" and role in let
            assert (agent.status == 200) is allowed, (state, role, path, agent.status)


async def test_who_was_lent_a_calendar_cannot_lend_it_on(office, whole):
    await lent(office, whole)
    other = await a_calendar()
    theirs = await office.agent("manager", At(whole))
    slug = re.findall(r'<option value="(town-[^"]+)"', (await theirs.get("lending")).page.text)
    await theirs.post("lending", calendar=str(office.calendar.id), delegate=(slug or ["town"])[0])
    assert theirs.status == 422
    with pytest.raises(NotFound):
        await lending.lend(office.calendar.id, whole, other.emitter, None, None)
    assert [loan.delegate for loan in await lending.loans_of(office.calendar.emitter)] == [whole]


async def test_a_stranger_ends_no_loan(office, whole):
    await lent(office, whole)
    [loan] = await lending.loans_of(whole)
    other = await office.agent("manager", await a_calendar())
    assert (await other.post(f"lending/{loan.id}/end")).status == 404
    assert (await other.post(f"lending/{uuid4()}/end")).status == 404
    assert (await lending.loans_of(whole))[0].ended_at is None


async def test_it_ends_by_itself_and_can_be_lent_again(office, whole):
    until = clock.now() + timedelta(days=1)
    await lending.lend(office.calendar.id, office.calendar.emitter, whole, until, None)
    with pytest.raises(AlreadyLent):
        await lending.lend(office.calendar.id, office.calendar.emitter, whole, None, None)
    clock.move(timedelta(days=1, seconds=1))
    assert await queries.calendars_of(whole) == []
    assert [loan.ended_at for loan in await lending.loans_of(whole)] == [until]
    await lending.lend(office.calendar.id, office.calendar.emitter, whole, None, None)
    assert len(await queries.calendars_of(whole)) == 1


async def test_of_many_who_lend_the_same_at_once_one_does(office, whole):
    made = await asyncio.gather(
        *(lending.lend(office.calendar.id, office.calendar.emitter, whole, None, None) for _ in range(6)),
        return_exceptions=True,
    )
    assert sum(isinstance(one, UUID) for one in made) == 1
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM parvis.calendar_loan") == 1


async def test_only_managers_lend(office, whole):
    for role in ("reader", "agent", "accountant"):
        agent = await office.agent(role)
        await agent.post("lending", calendar=str(office.calendar.id), delegate="whole")
        assert agent.status == 403
    assert Role.MANAGER.value == "manager"


async def test_what_is_refused_keeps_what_was_typed(office, whole):
    manager = await office.agent("manager")
    await manager.post("lending", calendar="", delegate="whole", until="1/1/2001")
    assert manager.status == 422
    assert 'value="1/1/2001"' in manager.page.text
    assert '<option value="whole" selected' in manager.page.text
