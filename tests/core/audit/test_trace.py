from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest

from parvis import clock, settings
from parvis.app.parts import every_timer
from parvis.app.portal_process import create
from parvis.audit import actions, queries
from parvis.db import connection, new_id, transaction
from parvis.errors import ConfigurationError
from parvis.identity.actors import Actor
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
    # The control: the role that owns the table could.
    owner = await asyncpg.connect(settings.current().database_owner_url)
    await owner.execute(sql)
    await owner.close()


async def test_an_erased_account_leaves_an_act_without_a_name(database):
    person, dossier = await a_person(), new_id()
    emitter = await territory.add_emitter("illzach", "Illzach", "municipality", latitude=47.7, longitude=7.3)
    await actions.saw(Actor(person=person), dossier, emitter)
    async with transaction() as c:
        await c.execute("DELETE FROM parvis.person WHERE id = $1", person)
    assert [one.name for one in await queries.readers_of(dossier)] == [""]


async def traced(times, every):
    """The subjects of traces left one after the other, the oldest first; the clock ends at the last one."""
    subjects = []
    for _ in range(times):
        clock.move(every)
        subjects.append(new_id())
        await actions.trace(Actor(), "open", "dossier", subjects[-1])
    return subjects


async def left():
    async with connection() as c:
        return {row["subject_id"] for row in await c.fetch("SELECT subject_id FROM parvis.audit_trace")}


async def test_a_trace_is_kept_for_twelve_months_and_then_forgotten(database):
    _, young, newest = await traced(3, timedelta(days=200))
    assert await actions.forget_old() == 1
    assert await left() == {young, newest}
    assert await actions.forget_old() == 0


async def test_how_long_is_a_setting(database):
    settings.use(replace(settings.current(), audit_kept=timedelta(days=190)))
    _, middle, newest = await traced(3, timedelta(days=100))
    assert await actions.forget_old() == 1
    assert await left() == {middle, newest}


async def test_many_old_traces_go_in_batches(database, monkeypatch):
    monkeypatch.setattr(actions, "_BATCH", 2)
    await traced(5, timedelta(seconds=1))
    clock.move(timedelta(days=400))
    kept = await traced(1, timedelta(0))
    assert await actions.forget_old() == 5
    assert await left() == set(kept)


async def test_nobody_makes_the_last_half_year_be_forgotten(database):
    old, *young = await traced(3, timedelta(days=90))
    clock.move(timedelta(days=1000))
    await actions.trace(Actor(), "open", "dossier", young[0])
    recent = await traced(2, timedelta(days=60))
    async with connection() as c:
        assert await c.fetchval("SELECT parvis.forget_audit_traces('infinity', 1000000)") == 3
    assert await left() == {young[0], *recent}
    assert old not in await left()


def test_less_than_half_a_year_is_refused():
    with pytest.raises(ConfigurationError):
        Settings(env="test", audit_kept=timedelta(days=179))


async def test_the_worker_forgets_by_itself(database):
    create(settings.current())
    assert "audit.forget" in {timer.key for timer in every_timer()}
