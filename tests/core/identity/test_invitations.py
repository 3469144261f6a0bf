"""Invitations: one link, one role, once, by whatever account is signed in, while who invited still manages."""

import asyncio
from datetime import timedelta

import pytest

from parvis import clock
from parvis.contract.values import Role
from parvis.db import connection
from parvis.errors import NotFound
from parvis.identity import actions, endings, invitations, queries
from parvis.identity.invitations import InvitationOver
from parvis.territory import actions as territory
from parvis.testing.people import a_person

ADDRESS = "nora.schmitt@example.org"


@pytest.fixture
async def town(database):
    return await territory.add_emitter("illzach", "Illzach", "municipality", latitude=47.77, longitude=7.35)


@pytest.fixture
async def manager(town):
    return await a_person(Role.MANAGER, town)


async def token_of(invitation):
    return (await invitations.link(invitation)).removeprefix("/invitation/")


async def invited(town, manager, role=Role.AGENT, until=None):
    return await token_of(await invitations.invite(town, role, ADDRESS, manager, until))


async def refused(token, person=None):
    with pytest.raises(InvitationOver):
        await invitations.accept(token, person or await a_person())


async def test_whoever_accepts_has_the_role_and_nobody_after_them(town, manager):
    token, person = await invited(town, manager), await a_person()
    found, _ = await invitations.accept(token, person)
    assert (found.role, found.address) == (Role.AGENT, ADDRESS)
    assert await queries.has_grant(person, Role.AGENT, town)
    await refused(token)
    await refused(token, person)
    assert await invitations.accepted_by(token, person) == town
    assert await invitations.accepted_by(token, manager) is None


async def test_ten_who_accept_at_once_are_one(town, manager):
    token = await invited(town, manager)
    people = [await a_person() for _ in range(10)]
    tried = await asyncio.gather(*(invitations.accept(token, one) for one in people), return_exceptions=True)
    assert sum(isinstance(one, InvitationOver) for one in tried) == 9
    assert [await queries.has_grant(one, Role.AGENT, town) for one in people].count(True) == 1


async def test_it_is_over_after_seven_days(town, manager):
    token = await invited(town, manager)
    clock.move(invitations.LASTS - timedelta(minutes=1))
    assert (await invitations.of_link(token)).stands
    clock.move(timedelta(minutes=2))
    await refused(token)
    [seen] = await invitations.pending(town)
    assert not seen.stands


async def test_only_the_latest_link_counts(town, manager):
    first = await invited(town, manager)
    second = await invited(town, manager)
    await refused(first)
    [pending] = await invitations.pending(town)
    await invitations.again(pending.id, town, manager)
    await refused(second)
    await invitations.accept(await token_of(pending.id), await a_person())


async def test_what_is_revoked_is_over_and_its_address_forgotten(town, manager):
    token = await invited(town, manager)
    [pending] = await invitations.pending(town)
    with pytest.raises(NotFound):
        await invitations.revoke(pending.id, await a_town("thann"), manager)
    await invitations.revoke(pending.id, town, manager)
    await refused(token)
    assert await invitations.pending(town) == []
    async with connection() as c:
        assert await c.fetchval("SELECT address FROM parvis.invitation") is None


async def test_what_is_altered_is_nothing(town, manager):
    token = await invited(town, manager)
    other = await invited(town, manager, Role.READER)
    halves = (token.rpartition(".")[0], other.rpartition(".")[2])
    for altered in (token[:-2], token + "x", ".".join(halves), "", "a.b.c.d"):
        await refused(altered)


async def test_who_no_longer_manages_has_invited_nobody(town, manager):
    token = await invited(town, manager)
    await actions.grant(await a_person(), Role.MANAGER, town)
    async with connection() as c:
        grant = await c.fetchval("SELECT id FROM parvis.role_grant WHERE person = $1", manager)
    await actions.end_grant(grant)
    await refused(token)


async def test_a_role_with_an_end_ends_however_late_it_is_accepted(town, manager):
    until = clock.now() + timedelta(days=3)
    token, person = await invited(town, manager, until=until), await a_person()
    clock.move(timedelta(days=2))
    await invitations.accept(token, person)
    clock.move(timedelta(days=1))
    assert not await queries.has_grant(person, Role.AGENT, town)
    late = await invited(town, manager, until=clock.now() + timedelta(days=1))
    clock.move(timedelta(days=1))
    await refused(late)


async def test_nobody_answered_for_a_month_and_it_is_forgotten(town, manager):
    await invited(town, manager)
    clock.move(invitations.LASTS + timedelta(days=31))
    await endings.sweep()
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM parvis.invitation") == 0


async def a_town(slug):
    return await territory.add_emitter(slug, slug, "municipality", latitude=47.77, longitude=7.35)
