"""Grants pushed to the groups of a real Keycloak, as an account that can do nothing else."""

import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from tests.keycloak.browsing import OTP, a_user
from tests.keycloak.conftest import made
from tests.keycloak.realms import EMITTERS, GROUPS, admin_of, provision

from parvis import clock, settings
from parvis.contract.values import Role
from parvis.db import connection
from parvis.errors import ConfigurationError
from parvis.events import GrantsChanged
from parvis.identity import actions, factors, groups
from parvis.identity.keycloak.access import GroupsAccess
from parvis.identity.keycloak.files import KeycloakFile, RolesEntry
from parvis.identity.keycloak.memberships import Memberships
from parvis.outbox import Later
from parvis.territory import actions as territory
from parvis.territory import queries

pytestmark = [pytest.mark.keycloak, pytest.mark.xdist_group("keycloak")]
PUSHING = KeycloakFile(roles=RolesEntry(push=True))


@pytest.fixture(scope="session")
def pushing(keycloak, provisioned):
    """A portal at a realm whose groups it may fill."""
    return made(keycloak, provisioned, PUSHING)


@pytest.fixture
async def realm(pushing, database):
    settings.use(replace(settings.current(), oidc_issuer=pushing.oidc_issuer))
    settings.provide(GROUPS)
    for slug in EMITTERS:
        await territory.add_emitter(slug, slug.capitalize(), "municipality", latitude=47.7, longitude=7.3)
    yield settings.current()
    settings.provide(GroupsAccess())


@pytest.fixture
def admin(keycloak, realm):
    return admin_of(keycloak, realm)


async def account(user):
    return await actions.ensure_person(settings.current().oidc_issuer, user.id)


async def given(user, role, slug=None):
    emitter = (await queries.emitter_by_slug(slug)).id if slug else None
    return await actions.grant(await account(user), role, emitter)


async def pushed(user):
    await groups.push(GrantsChanged(person=await account(user)))


async def paths(admin, user):
    return sorted(group["path"] for group in await asyncio.to_thread(admin.get_user_groups, user.id))


async def test_a_role_joins_its_group_and_leaves_it_however_often_it_is_pushed(realm, admin):
    user = await asyncio.to_thread(a_user, admin, "/operator", otp=True)
    grant = await given(user, Role.AGENT, "illzach")
    await given(user, Role.MANAGER, "mulhouse")
    for _ in range(2):
        await pushed(user)
        assert await paths(admin, user) == ["/emitters/illzach/agent", "/emitters/mulhouse/manager", "/operator"]
    await actions.end_grant(grant)
    for _ in range(2):
        await pushed(user)
        assert await paths(admin, user) == ["/emitters/mulhouse/manager", "/operator"]


async def test_a_group_is_joined_once_there_is_a_second_factor_or_where_codes_are_mailed(realm, admin):
    user = await asyncio.to_thread(a_user, admin)
    await given(user, Role.AGENT, "illzach")
    await given(user, Role.READER, "mulhouse")
    await pushed(user)
    assert await paths(admin, user) == []
    await factors.choose((await queries.emitter_by_slug("mulhouse")).id, True, None)
    await pushed(user)
    assert await paths(admin, user) == ["/emitters/mulhouse/reader"]
    await asyncio.to_thread(admin.update_user, user.id, {"credentials": [OTP]})
    await pushed(user)
    assert await paths(admin, user) == ["/emitters/illzach/agent", "/emitters/mulhouse/reader"]


async def test_the_account_makes_nobody_an_operator_and_resets_no_password(realm, admin):
    user = await asyncio.to_thread(a_user, admin, otp=True)
    await given(user, Role.OPERATOR)
    await pushed(user)
    assert await paths(admin, user) == []
    operator = (await asyncio.to_thread(admin.get_group_by_path, "/operator"))["id"]
    async with httpx.AsyncClient() as http:
        there = Memberships(GROUPS, realm.oidc_issuer, http)
        with pytest.raises(ConfigurationError, match="403"):
            await there.join(user.id, "/operator")
        for method, where in (("PUT", f"groups/{operator}"), ("PUT", "reset-password"), ("POST", "logout")):
            assert (await there._ask(method, f"users/{user.id}/{where}")).status_code in {400, 403, 415}, where
    assert await paths(admin, user) == []


async def test_somebody_whom_keycloak_does_not_know_is_left_alone(realm):
    person = await actions.ensure_person(realm.oidc_issuer, "nobody-there")
    await actions.grant(person, Role.AGENT, (await queries.emitter_by_slug("illzach")).id)
    await groups.push(GrantsChanged(person=person))


async def test_what_was_changed_by_hand_is_put_right_once_a_day(realm, pushing, admin):
    user = await asyncio.to_thread(a_user, admin, "/emitters/mulhouse/manager", otp=True)
    await given(user, Role.AGENT, "illzach")
    # An emitter whose groups nobody made yet keeps no other waiting.
    await territory.add_emitter("new", "New", "municipality", latitude=47.7, longitude=7.3)
    other = await asyncio.to_thread(a_user, admin, otp=True)
    await given(other, Role.AGENT, "new")
    with pytest.raises(ConfigurationError, match="provision"):
        await pushed(other)
    assert await groups.compare() == 2
    assert await paths(admin, user) == ["/emitters/illzach/agent"]
    assert await groups.compare() == 0
    await asyncio.to_thread(provision, pushing, PUSHING, (*EMITTERS, "new"))
    assert await groups.compare() == 1
    assert await paths(admin, other) == ["/emitters/new/agent"]


async def test_a_role_that_ends_while_its_group_is_joined_leaves_it(realm, admin, monkeypatch):
    user = await asyncio.to_thread(a_user, admin, otp=True)
    grant, join = await given(user, Role.AGENT, "illzach"), Memberships.join

    async def late(self, subject, path):
        await actions.end_grant(grant)
        await join(self, subject, path)

    monkeypatch.setattr(Memberships, "join", late)
    await pushed(user)
    assert await paths(admin, user) == []


async def test_while_keycloak_is_down_a_push_waits_and_is_never_given_up(realm, admin):
    user = await asyncio.to_thread(a_user, admin, otp=True)
    await given(user, Role.AGENT, "illzach")
    settings.provide(replace(GROUPS, url="http://localhost:9"))
    with pytest.raises(Later) as waiting:
        await pushed(user)
    assert waiting.value.at > clock.now()
    settings.provide(replace(GROUPS, client_secret="another"))
    with pytest.raises(ConfigurationError, match="PARVIS_GROUPS_CLIENT_ID"):
        await pushed(user)
    settings.provide(GroupsAccess())
    await pushed(user)
    settings.provide(GROUPS)
    await pushed(user)
    assert await paths(admin, user) == ["/emitters/illzach/agent"]


async def sync(*words):
    now = settings.current()
    env = {
        "PARVIS_ENV": "test",
        "PARVIS_DATA": str(now.data),
        "PARVIS_DATABASE_URL": now.database_url,
        "PARVIS_OIDC_ISSUER": now.oidc_issuer,
        "PARVIS_GROUPS_CLIENT_ID": GROUPS.client_id,
        "PARVIS_GROUPS_CLIENT_SECRET": GROUPS.client_secret,
    }
    command = (str(Path(sys.executable).with_name("parvis")), "identity", "sync", *words)
    done = await asyncio.create_subprocess_exec(
        *command, env={**os.environ, **env}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await done.communicate()
    return await done.wait(), said.decode()


async def test_the_command_says_first_and_does_when_told(realm, admin):
    user = await asyncio.to_thread(a_user, admin, otp=True)
    await given(user, Role.AGENT, "illzach")
    line = f"{user.id}: join /emitters/illzach/agent\n"
    assert await sync() == (0, f"{line}1 move to make: --apply does it.\n")
    assert await paths(admin, user) == []
    assert await sync("--apply") == (0, f"{line}1 move made.\n")
    assert await sync() == (0, "The groups are as the grants say.\n")
    assert await paths(admin, user) == ["/emitters/illzach/agent"]


async def test_only_people_of_the_sign_on_are_told_of(realm):
    await actions.ensure_person("https://another.example", "s")
    known = await actions.ensure_person(realm.oidc_issuer, "s")
    other = await actions.ensure_person("https://another.example", "s")
    for person in (known, other):
        await actions.grant(person, Role.AGENT, (await queries.emitter_by_slug("illzach")).id)
    async with connection() as c:
        told = await c.fetch("SELECT payload FROM parvis.event WHERE type = 'grants.changed'")
    assert [row["payload"]["person"] for row in told] == [str(known)]
