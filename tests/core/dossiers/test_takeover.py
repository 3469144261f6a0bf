"""Codes with which somebody takes into their account what was booked for them: once, in time, by one of them."""

import asyncio
from datetime import timedelta

import pytest

from parvis import clock, settings
from parvis.audit import queries as audit
from parvis.calendars import actions as calendars
from parvis.db import connection
from parvis.dossiers import actions, erasing, queries, takeover
from parvis.dossiers.actions import By, NewDossier
from parvis.errors import Invalid, NotFound, NotSignedIn, TooMany
from parvis.identity import actions as identity
from parvis.identity.actors import Actor
from parvis.testing.calendars import a_calendar
from parvis.testing.people import a_person
from parvis.testing.visits import a_visit


@pytest.fixture
async def agent(database):
    calendar = await a_calendar()
    return By("staff", await a_person("agent", calendar.emitter), calendar.emitter), calendar


async def booked(agent, hour=9, contact=None):
    by, calendar = agent
    held = await calendars.hold(calendar.id, "deposit", calendar.at(hour), 1)
    new = NewDossier(
        service="idcard", emitter=calendar.emitter, contact=contact, names=("Yvonne",), language="fr", kept_days=30
    )
    return (await actions.book(new, held.id, held.secret, "Town hall", by)).id


async def somebody(**told):
    return Actor(person=await identity.ensure_person("https://sign-on.example", f"s-{len(told)}-{clock.now()}", **told))


async def refused(code, actor):
    with pytest.raises(Invalid) as error:
        await takeover.take(code, actor)
    return str(error.value.refusals[0].text)


async def test_whoever_has_the_code_has_the_request_and_its_seat_has_it_no_more(agent):
    dossier, person = await booked(agent), await somebody(email="yvonne@example.org")
    code = await takeover.make(dossier, "slip", agent[0])
    assert await takeover.take(f" {code.lower().replace('-', ' ')} ", person) == dossier
    found = await queries.dossier(dossier)
    assert (found.person, found.contact.address) == (person.person, "yvonne@example.org")
    assert [one.id for one in await queries.of_actor(person)] == [dossier]
    assert await queries.opened_by(agent[0], "idcard", 10) == []
    with pytest.raises(NotFound):
        await queries.one_opened_by(dossier, agent[0])
    events = [(row.event, row.by) for row in await queries.timeline(dossier)]
    assert events[:2] == [("dossier.taken-over", "resident"), ("code.printed", "staff")]
    acts = [(act.action, act.person) for act in await audit.trail("dossier", dossier)]
    assert acts == [("make-code", agent[0].person), ("take-over", person.person)]


async def test_a_code_works_once_and_again_for_the_same_account(agent):
    dossier, person = await booked(agent), await somebody()
    code = await takeover.make(dossier, "slip", agent[0])
    assert await takeover.take(code, person) == await takeover.take(code, person) == dossier
    assert "already" in await refused(code, await somebody(name="Karim"))
    assert (await queries.dossier(dossier)).person == person.person


async def test_a_new_slip_replaces_the_slip_before_and_leaves_the_mail(agent):
    dossier, person = await booked(agent), await somebody()
    first, mailed = await takeover.make(dossier, "slip", agent[0]), await takeover.make(dossier, "mail", By())
    second = await takeover.make(dossier, "slip", agent[0])
    assert "newer" in await refused(first, person)
    await takeover.take(mailed, person)
    assert "newer" in await refused(second, await somebody(name="Karim"))


async def test_it_lapses_with_the_visit_and_is_refused_in_plain_words(agent):
    dossier, person = await booked(agent), await somebody()
    code = await takeover.make(dossier, "slip", agent[0])
    assert "Nobody gave out" in await refused("AAAAA-AAAAA", person)
    clock.move((await queries.dossier(dossier)).visit.end + timedelta(days=8) - clock.now())
    assert "too old" in await refused(code, person)
    assert (await queries.dossier(dossier)).person is None


async def test_what_a_resident_opened_or_has_already_gets_no_code(agent):
    by, calendar = agent
    _, online = await a_visit(calendar, calendar.at(10))
    theirs = await booked(agent)
    await takeover.take(await takeover.make(theirs, "slip", by), await somebody())
    for dossier in (online, theirs):
        with pytest.raises(NotFound):
            await takeover.make(dossier, "slip", by)
    with pytest.raises(NotSignedIn):
        await takeover.take("AAAAA-AAAAA", Actor())


async def test_erased_requests_leave_no_code_behind(agent):
    dossier = await booked(agent)
    await takeover.make(dossier, "slip", agent[0])
    await actions.cancel_visit(dossier, agent[0])
    await erasing.erase_asked([dossier], [])
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM parvis.takeover_code") == 0


async def test_of_ten_who_come_with_one_code_one_has_it(agent):
    dossier = await booked(agent)
    code = await takeover.make(dossier, "slip", agent[0])
    people = [await somebody(name=f"n{n}") for n in range(10)]
    tried = await asyncio.gather(*(takeover.take(code, one) for one in people), return_exceptions=True)
    assert sum(isinstance(one, Invalid) for one in tried) == 9
    assert (await queries.dossier(dossier)).person in {one.person for one in people}


async def test_without_the_lock_several_would_have_it(agent, monkeypatch):
    """The control: what the test above sees is the lock's doing."""
    dossier = await booked(agent)
    code = await takeover.make(dossier, "slip", agent[0])
    people = [await somebody(name=f"n{n}") for n in range(10)]
    everybody = asyncio.Barrier(10)
    once, read = takeover.can_be, asyncio.Event()

    async def unlocked(*_):
        return None

    async def all_at_once(dossier):
        found = await once(dossier)
        if not read.is_set():
            await everybody.wait()
            read.set()
        return found

    monkeypatch.setattr(takeover, "_lock", unlocked)
    monkeypatch.setattr(takeover, "can_be", all_at_once)
    tried = await asyncio.gather(*(takeover.take(code, one) for one in people), return_exceptions=True)
    assert sum(one == dossier for one in tried) > 1


async def test_guessing_is_counted_by_account(agent):
    person, most = await somebody(), settings.current().limit_finds
    for _ in range(most):
        await refused("AAAAA-AAAAA", person)
    with pytest.raises(TooMany):
        await takeover.take("AAAAA-AAAAA", person)
    await refused("AAAAA-AAAAA", await somebody(name="Karim"))


async def test_what_is_kept_is_not_the_code(agent):
    dossier = await booked(agent)
    code = (await takeover.make(dossier, "slip", agent[0])).replace("-", "")
    async with connection() as c:
        row = await c.fetchrow("SELECT * FROM parvis.takeover_code")
        said = await c.fetchval("SELECT string_agg(data::text, '') FROM parvis.timeline")
    assert code not in repr(dict(row)) + said
    assert len(row["digest"]) == 32
