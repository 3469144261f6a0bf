import pytest

from parvis.contract.values import Role
from parvis.db import new_id
from parvis.errors import Invalid, NotFound
from parvis.identity import actions, queries
from parvis.territory import actions as territory
from parvis.testing.people import ISSUER, a_person


async def illzach():
    return await territory.add_emitter("illzach", "Illzach", "municipality", latitude=47.77, longitude=7.35)


async def test_a_role_is_given_once_and_shown_with_the_emitters_staff(database):
    emitter, person = await illzach(), await a_person(name="Claire Muller")
    given = await actions.grant(person, Role.AGENT, emitter)
    assert await actions.grant(person, Role.AGENT, emitter) == given
    assert [(member.name, member.role) for member in await queries.staff_of(emitter)] == [("Claire Muller", Role.AGENT)]
    assert await queries.is_staff(person)


async def test_a_role_that_was_taken_can_be_given_again(database):
    emitter, person = await illzach(), await a_person()
    first = await actions.grant(person, Role.MANAGER, emitter)
    await actions.end_grant(first, by=person)
    assert await queries.staff_of(emitter) == []
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
