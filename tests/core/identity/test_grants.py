import asyncio
from datetime import timedelta

import pytest

from parvis import clock
from parvis.contract.values import Role
from parvis.db import new_id
from parvis.errors import Invalid, NotFound, Refused
from parvis.identity import actions, endings, members, queries
from parvis.territory import actions as territory
from parvis.testing.people import ISSUER, a_person


async def illzach():
    return await territory.add_emitter("illzach", "Illzach", "municipality", latitude=47.77, longitude=7.35)


async def test_a_role_is_given_once_and_shown_with_the_emitters_staff(database):
    emitter, person = await illzach(), await a_person(name="Claire Muller")
    given = await actions.grant(person, Role.AGENT, emitter)
    assert await actions.grant(person, Role.AGENT, emitter) == given
    [member] = await members.members_of(emitter)
    assert (member.name, [held.role for held in member.roles]) == ("Claire Muller", [Role.AGENT])
    assert await queries.is_staff(person)


async def test_a_role_that_was_taken_can_be_given_again(database):
    emitter, person = await illzach(), await a_person()
    first = await actions.grant(person, Role.MANAGER, emitter)
    await actions.end_grant(first)
    assert await members.members_of(emitter) == []
    assert await actions.grant(person, Role.MANAGER, emitter) != first
    with pytest.raises(NotFound):
        await actions.end_grant(first)


@pytest.mark.parametrize("role", [Role.HELPER, Role.OPERATOR])
async def test_helpers_and_operators_have_no_emitter_and_the_others_have_one(database, role):
    emitter, person = await illzach(), await a_person()
    assert await actions.grant(person, role) == await actions.grant(person, role)
    with pytest.raises(Invalid):
        await actions.grant(person, role, emitter)
    with pytest.raises(Invalid):
        await actions.grant(person, Role.READER)


async def test_nobody_and_nowhere_get_no_role(database):
    with pytest.raises(NotFound):
        await actions.grant(new_id(), Role.HELPER)
    with pytest.raises(NotFound):
        await actions.grant(await a_person(), Role.READER, new_id())


async def test_an_address_that_the_provider_did_not_verify_is_not_kept(database):
    claims = {"iss": ISSUER, "sub": "s-9", "name": "X", "email": "victim@example.org", "email_verified": "true"}
    person = await queries.person(await actions.arrive(claims))
    assert person.email == ""
    person = await queries.person(await actions.arrive(claims | {"email_verified": True}))
    assert person.email == "victim@example.org"


async def test_nobody_takes_the_role_of_the_last_manager(database):
    emitter, person = await illzach(), await a_person()
    own = await actions.grant(person, Role.MANAGER, emitter)
    with pytest.raises(Refused):
        await actions.end_grant(own, by=person)
    with pytest.raises(Refused):
        await actions.set_end(own, clock.now() + timedelta(days=1))
    soon = clock.now() + timedelta(days=30)
    await actions.grant(await a_person(), Role.MANAGER, emitter, until=soon)
    with pytest.raises(Refused):
        await actions.end_grant(own, by=person)
    await actions.grant(await a_person(), Role.MANAGER, emitter)
    await actions.end_grant(own, by=person)


async def test_two_managers_who_take_each_others_role_at_once_leave_one(database):
    emitter = await illzach()
    people = [await a_person(), await a_person()]
    grants = [await actions.grant(person, Role.MANAGER, emitter) for person in people]
    ended = await asyncio.gather(
        actions.end_grant(grants[0], by=people[1]), actions.end_grant(grants[1], by=people[0]), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in ended) == ["NoneType", "Refused"]
    assert len(await members.members_of(emitter)) == 1


async def test_a_role_with_an_end_stops_by_itself_and_can_be_given_again(database):
    emitter, person = await illzach(), await a_person()
    first = await actions.grant(person, Role.AGENT, emitter, until=clock.now() + timedelta(days=2))
    assert await queries.has_grant(person, Role.AGENT, emitter)
    clock.move(timedelta(days=2))
    assert not await queries.has_grant(person, Role.AGENT, emitter)
    assert not await queries.is_staff(person)
    assert await members.members_of(emitter) == []
    assert await actions.grant(person, Role.AGENT, emitter) != first
    former = (await members.roles_of(emitter, person))[1]
    assert former.ended_at == former.ends_at


async def test_a_role_given_again_lasts_longer_and_never_less(database):
    emitter, person, now = await illzach(), await a_person(), clock.now()
    for until, lasts in ((now + timedelta(days=2), 2), (now + timedelta(days=9), 9), (now + timedelta(days=1), 9)):
        await actions.grant(person, Role.AGENT, emitter, until=until)
        [member] = await members.members_of(emitter)
        assert member.roles[0].ends_at == now + timedelta(days=lasts)
    await actions.grant(person, Role.AGENT, emitter)
    [member] = await members.members_of(emitter)
    assert member.roles[0].ends_at is None


async def test_the_sweep_writes_down_that_a_role_ended(database):
    emitter, person = await illzach(), await a_person()
    await actions.grant(person, Role.AGENT, emitter, until=clock.now() + timedelta(hours=1))
    clock.move(timedelta(hours=2))
    await endings.sweep()
    [former] = await members.roles_of(emitter, person)
    assert (former.ended_at, former.ended_by) == (former.ends_at, "")
    assert [held.id for held in await members.changes(emitter, clock.now(), 5)] == [former.id]


async def test_an_end_can_be_moved_and_taken_back_but_not_of_what_is_over(database):
    emitter, person = await illzach(), await a_person()
    given = await actions.grant(person, Role.AGENT, emitter)
    for until in (clock.now() + timedelta(days=3), None):
        await actions.set_end(given, until)
        [member] = await members.members_of(emitter)
        assert member.roles[0].ends_at == until
    await actions.end_grant(given)
    with pytest.raises(NotFound):
        await actions.set_end(given, None)
