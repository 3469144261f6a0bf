"""The second factor of a back office: led to it and back, by a mailed code, remembered on a station, taken back."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit
from uuid import UUID, uuid4

import httpx
import pytest

from parvis import clock, settings
from parvis.app import create
from parvis.contract.values import Role
from parvis.db import connection, transaction
from parvis.errors import Invalid
from parvis.identity import actions, contacts, endings, factors, invitations, sessions, stations
from parvis.testing.people import a_person, a_session
from parvis.testing.sign_on import free_socket, portal, sign_in, sign_on

ADDRESS = "claire.muller@illzach.example"


async def reached(acr):
    async with transaction() as c:
        await c.execute("UPDATE parvis.session SET acr = $1", acr)


@pytest.fixture
async def agent(office):
    """An agent who signed in with a password alone."""
    found = await office.agent()
    await reached("1fa")
    return found


@pytest.fixture
async def mailing(office, agent):
    """The same, where a code is mailed to their work address."""
    await factors.choose(office.calendar.emitter, True, None)
    await factors.give_address(office.calendar.emitter, agent.person, ADDRESS, None)
    return agent


def led(page):
    return urlsplit(page.headers["location"]).path, dict(parse_qsl(urlsplit(page.headers["location"]).query))


async def asked(agent):
    """A code is asked for on the page; its id, and what the mail says."""
    await agent.post("/second-factor", follow=False, emitter=agent.slug, after=f"/office/{agent.slug}/today")
    proof = UUID(led(agent.page)[1]["proof"])
    return proof, (await contacts.code_to_send(proof)).code


async def give(agent, proof, code, **more):
    more = {"emitter": agent.slug, "after": f"/office/{agent.slug}/today", **more}
    await agent.post("/second-factor/code", follow=False, proof=str(proof), code=code, **more)
    return agent.status


async def opens(agent):
    return (await agent.get("today", follow=False)).status == 200


async def again(office, agent):
    """The same person in the same browser, signed in anew by a password alone."""
    acr = sessions.cookie_name(settings.current())
    agent.http.cookies.set(acr, (await a_session(agent.person, "1fa"))[acr], domain="localhost.local")
    return agent


async def traced(action):
    async with connection() as c:
        return await c.fetchval("SELECT count(*) FROM parvis.audit_trace WHERE action = $1", action)


@pytest.mark.parametrize("acr", ["1fa", None, "3fa", "2FA", "", "0", "2fa "])
async def test_only_the_level_that_is_demanded_counts(office, agent, acr):
    await reached(acr)
    await agent.get("today?day=2027-01-04", follow=False)
    assert agent.status == 303
    assert led(agent.page) == (
        "/second-factor",
        {"emitter": agent.slug, "next": f"/office/{agent.slug}/today?day=2027-01-04"},
    )
    await agent.get(agent.page.headers["location"], follow=False)
    assert led(agent.page) == ("/login/second-factor", {"next": f"/office/{agent.slug}/today?day=2027-01-04"})
    await reached("2fa")
    assert await opens(agent)


async def test_whoever_confirmed_is_led_on(office, agent):
    await reached("2fa")
    await agent.get("/second-factor", follow=False, emitter=agent.slug, next="/office?a=b")
    assert agent.page.headers["location"] == "/office?a=b"
    await agent.get("/second-factor", follow=False, emitter=agent.slug, next="//evil.example")
    assert agent.page.headers["location"] == "/"


async def test_a_form_that_was_sent_is_kept_and_can_be_sent_again(office, agent):
    typed = {"q": "Jean “<b>” & Zoé", "form": "yes"}
    await agent.post("requests", **typed)
    assert agent.status == 401
    assert 'name="q" value="Jean “<b>” & Zoé"' in agent.text
    assert "&lt;b&gt;" in agent.page.text
    assert "nothing was changed" in agent.text.lower()
    assert f'action="/office/{agent.slug}/requests"' in agent.text
    files = {"file": ("a.csv", b"x")}
    upload = await agent.http.post(agent.url("requests"), files=files)
    assert (upload.status_code, "has to be chosen anew" in upload.text) == (401, True)


async def test_programs_and_scripts_are_told_the_problem(office, agent):
    for headers in ({"accept": "application/json"}, {"accept": "*/*", "hx-request": "true"}):
        answer = await agent.http.get(agent.url("today"), headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "second-factor-missing")


async def test_an_instance_may_demand_none(office, agent):
    off = replace(settings.current(), second_factor="")
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(create(off)), base_url=off.base_url, cookies=agent.http.cookies
    ) as http:
        assert (await http.get(agent.url("today"), headers={"accept": "text/html"})).status_code == 200


async def test_the_operator_is_asked_and_a_helper_is_not(office):
    app = {"transport": httpx.ASGITransport(office.app), "base_url": settings.current().base_url}
    for role, page, status in ((Role.OPERATOR, "/operator", 303), (Role.HELPER, "/help", 404), (None, "/account", 200)):
        cookies = await a_session(await a_person(role), "1fa")
        async with httpx.AsyncClient(**app, cookies=cookies, headers={"accept": "text/html"}) as http:
            assert (await http.get(page)).status_code == status, page


async def test_a_stranger_learns_nothing_of_a_second_factor(office, mailing):
    stranger = await office.agent()
    async with transaction() as c:
        await c.execute("UPDATE parvis.role_grant SET ended_at = given_at WHERE person = $1", stranger.person)
    assert (await stranger.get("today", follow=False)).status == 404
    await stranger.get("/second-factor", follow=False, emitter=mailing.slug)
    assert "Claire" not in stranger.text
    assert led(stranger.page)[0] == "/office"
    assert (await stranger.post("/second-factor", emitter=mailing.slug)).status == 404


async def test_a_mailed_code_opens_the_page_that_was_wanted(office, mailing):
    await mailing.get("today")
    assert "c…@illzach.example" in mailing.text
    assert ADDRESS not in mailing.text
    proof, code = await asked(mailing)
    assert await give(mailing, proof, "000000" if code != "000000" else "111111") == 422
    assert "Attempts left" in mailing.text
    assert await give(mailing, proof, f" {code[:3]} {code[3:]}") == 303
    assert mailing.page.headers["location"] == f"/office/{mailing.slug}/today"
    assert await opens(mailing)


async def test_a_code_is_good_once_in_its_own_session_and_for_its_own_address(office, mailing):
    proof, code = await asked(mailing)
    thief = replace(mailing, http=(await office.agent()).http)
    thief.http.cookies = httpx.Cookies(await a_session(mailing.person, "1fa"))
    assert await give(thief, proof, code) == 404
    assert await give(mailing, proof, code) == 303
    assert await give(mailing, proof, code) == 422
    other = await contacts.ask(await contacts_of("thief@example.org"), "fr")
    assert await give(mailing, other, (await contacts.code_to_send(other)).code) == 404
    assert await give(mailing, uuid4(), "123456") == 404


async def contacts_of(address):
    return contacts.Contact(contacts.Channel.MAIL, address)


async def test_the_same_code_sent_twice_at_once_counts_once(office, mailing):
    proof, _ = await asked(mailing)
    async with connection() as c:
        session = await c.fetchval("SELECT id FROM parvis.session WHERE person = $1", mailing.person)
    done = await asyncio.gather(
        *(factors.confirm(office.calendar.emitter, session, proof, None) for _ in range(4)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in done) == ["Invalid", "Invalid", "Invalid", "NoneType"]
    assert [one for one in done if one and not isinstance(one, Invalid)] == []


async def test_codes_are_limited(office, mailing):
    await asked(mailing)
    await mailing.post("/second-factor", emitter=mailing.slug)
    assert (mailing.status, "after a minute" in mailing.text) == (429, True)


async def test_a_mailed_code_counts_only_where_it_is_taken(office, mailing):
    proof, code = await asked(mailing)
    await give(mailing, proof, code, remember="yes", station="Counter 2")
    assert await opens(mailing)
    await factors.choose(office.calendar.emitter, False, None)
    assert not await opens(mailing)
    await factors.choose(office.calendar.emitter, True, None)
    assert not await opens(mailing)


async def test_a_new_address_ends_what_the_old_one_confirmed(office, mailing):
    proof, code = await asked(mailing)
    await give(mailing, proof, code, remember="yes", station="Counter 2")
    await factors.give_address(office.calendar.emitter, mailing.person, "other@illzach.example", None)
    assert not await opens(mailing)


async def test_a_station_is_remembered_for_the_day_for_its_person_and_browser(office, mailing):
    proof, code = await asked(mailing)
    assert await give(mailing, proof, code, remember="yes") == 422
    assert "Give the station a name" in mailing.text
    assert f'value="{code}"' in mailing.text
    assert await give(mailing, proof, code, remember="yes", station="Counter 2") == 303
    assert await traced("remember-station") == 1
    assert await opens(await again(office, mailing))
    colleague = replace(mailing, person=await a_person("agent", office.calendar.emitter))
    assert not await opens(await again(office, colleague))
    elsewhere = replace(mailing, http=(await office.agent()).http)
    assert not await opens(await again(office, elsewhere))
    clock.move(timedelta(hours=25))
    assert not await opens(await again(office, mailing))
    assert await stations.remembered(office.calendar.emitter) == []


@pytest.mark.parametrize("altered", [lambda value: value[:-2] + "xx", lambda value: "", lambda value: "a.b.c.d"])
async def test_a_station_that_nobody_signed_is_none(office, mailing, altered):
    proof, code = await asked(mailing)
    await give(mailing, proof, code, remember="yes", station="Counter 2")
    name = stations.cookie_name(settings.current())
    value = mailing.http.cookies[name]
    mailing.http.cookies.delete(name)
    mailing.http.cookies.set(name, altered(value), domain="localhost.local")
    assert not await opens(await again(office, mailing))


async def test_a_manager_sees_stations_and_takes_one_back(office, mailing):
    manager = await office.agent(role="manager")
    proof, code = await asked(mailing)
    await give(mailing, proof, code, remember="yes", station="Counter 2")
    (one,) = await stations.remembered(office.calendar.emitter)
    await manager.get("people/second-factor")
    assert "Counter 2" in manager.text
    stranger = uuid4()
    for _ in range(2):
        await manager.post(f"people/stations/{one.id}/forget")
        assert "taken back" in manager.text
    await manager.post(f"people/stations/{stranger}/forget")
    assert await traced("forget-station") == 1
    assert not await opens(mailing)
    assert not await opens(await again(office, mailing))
    assert await stations.forget(one.id, office.calendar.emitter) is None


async def test_a_manager_chooses_what_counts_and_where_codes_go(office, agent):
    manager = await office.agent(role="manager")
    await manager.post("people/second-factor", kind="smoke")
    assert manager.status == 422
    for _ in range(2):
        await manager.post("people/second-factor", kind="mail")
        assert manager.status == 200
    assert await traced("choose-second-factor") == 1
    assert "Without a work address" in manager.text
    await agent.get("today")
    assert "No work address is known" in agent.text
    await manager.post(f"people/{agent.person}/address", address="nobody")
    assert (manager.status, 'value="nobody"' in manager.text) == (422, True)
    await manager.post(f"people/{agent.person}/address", address=ADDRESS)
    assert await traced("change-work-address") == 1
    await agent.get("today")
    assert "c…@illzach.example" in agent.text
    await manager.post("people/second-factor", kind="key")
    await agent.get("today", follow=False)
    await agent.get(agent.page.headers["location"], follow=False)
    assert led(agent.page)[0] == "/login/second-factor"
    assert (await manager.get(f"people/{uuid4()}/address")).status == 404


async def test_an_accepted_invitation_says_where_codes_go_until_one_leaves(office):
    emitter, person = office.calendar.emitter, await a_person()
    boss = await a_person("manager", emitter)
    made = await invitations.invite(emitter, Role.AGENT, ADDRESS, boss)
    _, grant = await invitations.accept((await invitations.link(made)).rpartition("/")[2], person)
    assert await factors.address_of(emitter, person) == ADDRESS
    await endings.sweep()
    assert await factors.address_of(emitter, person) == ADDRESS
    await actions.end_grant(grant)
    await endings.sweep()
    assert await factors.address_of(emitter, person) is None


async def test_with_a_real_sign_on_one_steps_up_and_comes_back(office):
    listening, address = free_socket()
    given = replace(settings.current(), port=urlsplit(address).port, oidc_client_secret="s")
    async with sign_on(given) as issuing:
        given = replace(given, oidc_issuer=issuing.issuer)
        app = create(given)
        person = await actions.ensure_person(issuing.issuer, "agent-illzach", name="Claire Muller")
        await actions.grant(person, Role.AGENT, office.calendar.emitter)
        headers = {"Accept": "text/html", "Origin": given.base_url, "Accept-Language": "fr"}
        async with portal(app, listening), httpx.AsyncClient(base_url=given.base_url, headers=headers) as http:

            async def choose(page, **typed):
                there = await http.post(page.headers["location"], data={"sub": "agent-illzach", **typed})
                return await http.get(there.headers["location"])

            today = f"/office/{office.slug}/today"
            assert (await sign_in(http, "agent-illzach")).headers["location"] == "/office"
            assert (await http.get(today)).status_code == 200
            await choose(await http.get("/login"), factor="one")
            there = await http.get((await http.get(today)).headers["location"])
            asked = await http.get(there.headers["location"])
            assert "acr_values=2fa" in asked.headers["location"]
            assert "Confirmez que c’est vous" in (await http.get(asked.headers["location"])).text
            refused = await choose(asked, factor="one")
            assert (refused.status_code, f"next={today}" in refused.text) == (403, True)
            assert (await http.get(today)).status_code == 303
            asked = await http.get("/login/second-factor", params={"next": today})
            assert (await choose(asked)).headers["location"] == today
            assert (await http.get(today)).status_code == 200
