import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from parvis import clock, settings
from parvis.contract.values import Permission, Role
from parvis.db import connection
from parvis.errors import Text
from parvis.identity import actions, endings, sessions, tokens
from parvis.identity.actors import ANONYMOUS, powers_of
from parvis.identity.oidc.protocol import LogoutOrder
from parvis.identity.recognition import recognise
from parvis.territory import actions as territory
from parvis.testing.people import ISSUER, a_person

POWERS = powers_of([Permission(key="office.enter", name=Text("Enter"), roles=frozenset({Role.AGENT, Role.MANAGER}))])


async def arrived(provider, sub="agent-illzach"):
    """Somebody signed in: their person and their token."""
    found = await provider.sign_in(sub)
    person = await actions.arrive(found.claims)
    return person, await sessions.begin(None, person, found), found


async def known(provider, token):
    return await recognise(token, provider.ours, POWERS)


async def illzach():
    return await territory.add_emitter(
        "illzach", "Illzach", "municipality", latitude=47.77, longitude=7.35, insee="68154"
    )


async def test_roles_are_those_of_the_database_now(stored_provider):
    person, token, _ = await arrived(stored_provider)
    assert (await known(stored_provider, token)).grants == ()
    given = await actions.grant(person, Role.AGENT, await illzach())
    actor = await known(stored_provider, token)
    assert actor.may("office.enter", "illzach")
    assert not actor.may("office.enter", "mulhouse")
    assert [desk.slug for desk in actor.desks] == ["illzach"]
    await actions.end_grant(given)
    assert await known(stored_provider, token) is ANONYMOUS


async def test_a_claim_narrows_and_never_adds(stored_provider):
    stored_provider.issuing.faults.claims = lambda claims: (
        claims | {"parvis_roles": ["/emitters/illzach/reader", "/operator"]}
    )
    person, token, _ = await arrived(stored_provider)
    emitter = await illzach()
    await actions.grant(person, Role.AGENT, emitter)
    assert (await known(stored_provider, token)).grants == ()
    await actions.grant(person, Role.READER, emitter)
    assert [grant.role for grant in (await known(stored_provider, token)).grants] == [Role.READER]


async def test_no_role_of_a_claim_is_older_than_a_refresh(stored_provider):
    faults = stored_provider.issuing.faults
    person, token, _ = await arrived(stored_provider)
    await actions.grant(person, Role.AGENT, await illzach())
    assert (await known(stored_provider, token)).has(Role.AGENT)
    faults.claims = lambda claims: claims | {"parvis_roles": []}
    clock.move(timedelta(minutes=5, seconds=1))
    assert not (await known(stored_provider, token)).has(Role.AGENT)


async def test_how_soon_it_is_noticed_is_a_setting(stored_provider):
    settings.use(replace(settings.current(), session_refresh=timedelta(minutes=1)))
    faults = stored_provider.issuing.faults
    person, token, _ = await arrived(stored_provider)
    await actions.grant(person, Role.AGENT, await illzach())
    faults.claims = lambda claims: claims | {"parvis_roles": []}
    clock.move(timedelta(seconds=59))
    assert (await known(stored_provider, token)).has(Role.AGENT)
    clock.move(timedelta(seconds=2))
    assert not (await known(stored_provider, token)).has(Role.AGENT)


async def test_a_session_ends_when_nobody_clicks(stored_provider):
    _, token, _ = await arrived(stored_provider)
    idle = settings.current().session_idle
    clock.move(idle - timedelta(minutes=1))
    assert (await known(stored_provider, token)).person
    clock.move(idle - timedelta(minutes=1))
    assert (await known(stored_provider, token)).person
    clock.move(idle + timedelta(minutes=1))
    assert await known(stored_provider, token) is ANONYMOUS


async def test_a_busy_session_ends_too(stored_provider):
    _, token, _ = await arrived(stored_provider)
    hours = int(settings.current().session_max.total_seconds() // 3600)
    for _ in range(hours - 1):
        clock.move(timedelta(hours=1))
        assert (await known(stored_provider, token)).person
    clock.move(timedelta(hours=1, seconds=1))
    assert await known(stored_provider, token) is ANONYMOUS


async def test_parallel_requests_refresh_once(stored_provider):
    _, token, _ = await arrived(stored_provider)
    clock.move(timedelta(minutes=6))
    actors = await asyncio.gather(*(known(stored_provider, token) for _ in range(8)))
    assert all(actor.person for actor in actors)
    # Had the refresh token been used twice, the provider would have ended the session.
    clock.move(timedelta(minutes=6))
    assert (await known(stored_provider, token)).person


async def test_a_session_that_is_over_at_the_provider_ends_here(stored_provider):
    _, token, found = await arrived(stored_provider)
    stored_provider.issuing.end(found.claims["sid"])
    assert (await known(stored_provider, token)).person
    clock.move(timedelta(minutes=6))
    assert await known(stored_provider, token) is ANONYMOUS


async def test_a_refresh_that_answers_for_somebody_else_ends_the_session(stored_provider):
    _, token, _ = await arrived(stored_provider)
    stored_provider.issuing.faults.claims = lambda claims: claims | {"sub": "operator"}
    clock.move(timedelta(minutes=6))
    assert await known(stored_provider, token) is ANONYMOUS


async def test_a_silent_provider_ends_nothing_for_a_quarter_of_an_hour(stored_provider):
    _, token, _ = await arrived(stored_provider)
    stored_provider.issuing.faults.down = True
    clock.move(timedelta(minutes=7))
    actor = await known(stored_provider, token)
    assert actor.person
    assert actor.sign_on_silent
    clock.move(timedelta(minutes=2))
    stored_provider.issuing.faults.down = False
    actor = await known(stored_provider, token)
    assert actor.person
    assert not actor.sign_on_silent
    stored_provider.issuing.faults.down = True
    clock.move(timedelta(minutes=16))
    assert await known(stored_provider, token) is ANONYMOUS


async def test_tokens_rest_encrypted_and_the_cookie_is_not_in_the_database(stored_provider):
    _, token, found = await arrived(stored_provider)
    async with connection() as c:
        row = await c.fetchrow("SELECT * FROM parvis.session")
    everything = b"".join(value if isinstance(value, bytes) else repr(value).encode() for value in row.values())
    for secret in (token, found.tokens.refresh_token, found.tokens.id_token, found.tokens.access_token):
        assert secret.encode() not in everything
    assert tokens.opened(row["tokens"]).refresh_token == found.tokens.refresh_token


async def test_a_new_session_kills_the_one_before(stored_provider):
    planted = await sessions.begin(None)
    person, _, found = await arrived(stored_provider)
    token = await sessions.begin(await sessions.session_of(planted), person, found)
    assert await known(stored_provider, planted) is ANONYMOUS
    assert (await known(stored_provider, token)).person == person


async def test_a_renewed_session_forgets_its_old_token(stored_provider):
    person, token, _ = await arrived(stored_provider)
    renewed = await sessions.renew(await sessions.session_of(token))
    assert await known(stored_provider, token) is ANONYMOUS
    assert (await known(stored_provider, renewed)).person == person


async def test_end_sessions_ends_all_of_one_person(stored_provider):
    person, token, _ = await arrived(stored_provider)
    _, other, _ = await arrived(stored_provider, "resident-1")
    await sessions.begin(None, person)
    assert len(await sessions.open_sessions(person)) == 2
    assert await endings.end_sessions(person) == 2
    assert await known(stored_provider, token) is ANONYMOUS
    assert (await known(stored_provider, other)).person


async def test_a_session_of_somebody_else_cannot_be_ended(stored_provider):
    person, token, _ = await arrived(stored_provider)
    session = await sessions.session_of(token)
    assert await endings.end(session, await a_person()) is None
    assert (await known(stored_provider, token)).person
    assert await endings.end(session, person)


@pytest.mark.parametrize("by", ["sid", "sub"])
async def test_a_back_channel_logout_is_obeyed_once_and_ends_what_it_names(stored_provider, by):
    _, token, found = await arrived(stored_provider)
    _, second, _ = await arrived(stored_provider)
    _, other, _ = await arrived(stored_provider, "resident-1")
    until = clock.now() + timedelta(minutes=2)
    sid = found.claims["sid"] if by == "sid" else None
    order = LogoutOrder(sid, "agent-illzach", "j-1", until)
    assert await endings.obey(order, "https://another.example") == 0
    assert await endings.obey(order, stored_provider.issuing.issuer) is None
    order = LogoutOrder(sid, "agent-illzach", "j-2", until)
    assert await endings.obey(order, stored_provider.issuing.issuer) == (1 if by == "sid" else 2)
    assert await known(stored_provider, token) is ANONYMOUS
    assert bool((await known(stored_provider, second)).person) is (by == "sid")
    assert (await known(stored_provider, other)).person


async def test_lapsed_rows_are_swept(stored_provider):
    await arrived(stored_provider)
    assert await endings.sweep() == 0
    clock.move(settings.current().session_max + timedelta(minutes=1))
    assert await endings.sweep() == 1


async def test_the_same_e_mail_at_two_accounts_is_two_people(database):
    one = await actions.ensure_person(ISSUER, "s-1", email="same@example.org")
    other = await actions.ensure_person(ISSUER, "s-2", email="same@example.org")
    elsewhere = await actions.ensure_person("https://another.example", "s-1", email="same@example.org")
    assert len({one, other, elsewhere}) == 3
    assert await actions.ensure_person(ISSUER, "s-1", email="new@example.org") == one
