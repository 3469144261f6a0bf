from datetime import timedelta

import asyncpg
import pytest

from parvis import clock, settings
from parvis.audit import actions, queries
from parvis.db import connection, new_id, transaction
from parvis.identity.actors import Actor
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
