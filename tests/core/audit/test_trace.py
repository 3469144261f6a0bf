from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest

from parvis import clock, settings
from parvis.app.parts import every_timer
from parvis.app.portal_process import create
from parvis.audit import actions, queries
from parvis.audit.chaining import chain
from parvis.audit.heads import kept
from parvis.audit.verifying import verify
from parvis.contract.values import Role
from parvis.db import connection, new_id, transaction
from parvis.errors import ConfigurationError
from parvis.identity.actors import Actor, Grant
from parvis.settings import Settings
from parvis.territory import actions as territory
from parvis.testing.people import a_person


async def test_a_resident_sees_who_read_their_dossier(database):
    emitter = await territory.add_emitter("illzach", "Illzach", "municipality", latitude=47.7, longitude=7.3)
    claire, karim = await a_person(name="Claire Muller"), await a_person(name="Karim Benali")
    dossier = new_id()
    await actions.saw(Actor(person=claire), dossier, emitter)
    clock.move(timedelta(hours=1))
    await actions.saw(Actor(person=karim), dossier, emitter)
    await actions.saw(Actor(person=karim), new_id(), emitter)
    await actions.trace(Actor(person=karim), "cancel", "dossier", dossier, emitter=emitter)
    read = await queries.readers_of(dossier)
    assert [(one.name, one.emitter) for one in read] == [("Karim Benali", "Illzach"), ("Claire Muller", "Illzach")]
    assert read[0].at - read[1].at >= timedelta(hours=1)


async def test_acting_for_somebody_else_names_both(database):
    helper, resident, dossier = await a_person(), await a_person(), new_id()
    await actions.trace(Actor(person=helper), "open", "dossier", dossier, behalf=resident, reason="no-internet")
    (act,) = await queries.trail("dossier", dossier)
    assert (act.person, act.behalf, act.details) == (helper, resident, {"reason": "no-internet"})


async def test_the_trace_goes_with_what_it_traces(database):
    dossier = new_id()
    with pytest.raises(ZeroDivisionError):
        async with transaction():
            await actions.trace(Actor(), "open", "dossier", dossier)
            raise ZeroDivisionError
    assert await queries.trail("dossier", dossier) == []


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE parvis.audit_trace SET person = NULL",
        "DELETE FROM parvis.audit_trace",
        "TRUNCATE parvis.audit_trace",
    ],
)
async def test_the_serving_role_cannot_change_the_trace(database, sql):
    await actions.trace(Actor(), "open", "dossier", new_id())
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with connection() as c:
            await c.execute(sql)
    # Nor does who owns the table, by mistake; the control: what the trigger keeps.
    owner = await asyncpg.connect(settings.current().database_owner_url)
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="only ever added to"):
        await owner.execute(sql)
    await owner.execute("SET session_replication_role = replica")
    await owner.execute(sql)
    await owner.close()


async def test_an_erased_account_leaves_an_act_without_a_name(database):
    person, dossier = await a_person(), new_id()
    emitter = await territory.add_emitter("illzach", "Illzach", "municipality", latitude=47.7, longitude=7.3)
    await actions.saw(Actor(person=person), dossier, emitter)
    async with transaction() as c:
        await c.execute("DELETE FROM parvis.person WHERE id = $1", person)
    assert [one.name for one in await queries.readers_of(dossier)] == [""]


async def test_a_reading_says_in_which_role(database):
    emitter = await territory.add_emitter("illzach", "Illzach", "municipality", latitude=47.7, longitude=7.3)
    grants = (Grant(Role.READER, emitter, "illzach"), Grant(Role.AGENT, emitter, "illzach"), Grant(Role.HELPER))
    actor, dossier = Actor(person=await a_person(), grants=grants), new_id()
    await actions.saw(actor, dossier, emitter)
    await actions.saw_several(actor, [dossier], None)
    assert [one.role for one in await queries.readers_of(dossier)] == [Role.HELPER, Role.AGENT]
    assert (await verify(None)).faults == ()


async def traced(times, every):
    """The subjects of traces left and chained one after the other, the oldest first; the clock ends at the last one."""
    subjects = []
    for _ in range(times):
        clock.move(every)
        subjects.append(new_id())
        await actions.trace(Actor(), "open", "dossier", subjects[-1])
        await chain()
    return subjects


async def left():
    async with connection() as c:
        rows = await c.fetch("SELECT subject_id FROM parvis.audit_trace WHERE subject_id IS NOT NULL")
    return {row["subject_id"] for row in rows}


async def sound():
    return (await verify(kept())).faults == ()


async def test_a_month_is_kept_for_its_term_and_then_forgotten_whole(database):
    _, young, newest = await traced(3, timedelta(days=210))
    assert await actions.forget_old() == 1
    assert await left() == {young, newest}
    assert await actions.forget_old() == 0
    assert await sound()
    await chain()
    assert await sound()


async def test_how_long_is_a_setting(database):
    settings.use(replace(settings.current(), audit_kept=timedelta(days=181)))
    _, middle, newest = await traced(3, timedelta(days=125))
    assert await actions.forget_old() == 1
    assert await left() == {middle, newest}


async def test_month_after_month_is_forgotten_and_what_is_left_verifies(database):
    for _ in range(20):
        await traced(2, timedelta(days=15))
        await actions.forget_old()
        assert await sound()
    async with connection() as c:
        assert await c.fetchval("SELECT min(number) FROM parvis.audit_link") > 10
        assert await c.fetchval("SELECT min(at) FROM parvis.audit_trace") > clock.now() - timedelta(days=400)


async def test_what_is_not_chained_is_not_forgotten(database):
    await actions.trace(Actor(), "open", "dossier", late := new_id())
    clock.move(timedelta(days=800))
    assert await actions.forget_old() == 0
    await traced(1, timedelta())
    assert late in await left()


async def test_nobody_makes_the_last_half_year_be_forgotten(database):
    _, *young = await traced(4, timedelta(days=90))
    async with connection() as c:
        assert await c.fetchval("SELECT gone FROM parvis.forget_audit_months('infinity')") == 1
        assert await c.fetchval("SELECT gone FROM parvis.forget_audit_months('infinity')") == 0
    assert await left() == set(young)


def test_less_than_half_a_year_is_refused():
    with pytest.raises(ConfigurationError):
        Settings(env="test", audit_kept=timedelta(days=179))


async def test_the_worker_chains_and_forgets_by_itself(database):
    create(settings.current())
    assert {"audit.forget", "audit.chain", "audit.chain-late"} <= {timer.key for timer in every_timer()}
