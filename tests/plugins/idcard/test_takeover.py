"""A slip or a mail with a code, and the account it leads to."""

import re

import pytest
from tests.plugins.idcard.test_solidarity import OFFICE, books, sits

from parvis.db import connection
from parvis.dossiers import queries as dossiers
from parvis.identity import actions as identity
from parvis.messages.sealing import unseal
from parvis.territory.actions import add_emitter
from parvis.testing.people import a_person
from parvis_idcard import messages, reactions


@pytest.fixture
async def agent(browser):
    town = await add_emitter("riedisheim", "Riedisheim", "municipality", latitude=47.74, longitude=7.36)
    return await sits(browser, await a_person("agent", town))


def code_on(page):
    return re.search(r"[0-9A-Z]{5}-[0-9A-Z]{5}", page)[0]


async def told(template="idcard/confirmed"):
    async with connection() as c:
        rows = await c.fetch("SELECT sealed FROM parvis.message WHERE template = $1 ORDER BY id", template)
    return [unseal(row["sealed"]) for row in rows]


async def test_the_slip_has_a_code_and_the_resident_takes_it(agent):
    dossier = await books(agent)
    await agent.get(f"{OFFICE}/visit/{dossier}/slip")
    assert re.search(r"[0-9A-Z]{5}-[0-9A-Z]{5}", agent.text) is None
    await agent.post(f"{OFFICE}/visit/{dossier}/slip")
    code = code_on(agent.text)
    resident = await identity.ensure_person("https://sign-on.example", "yvonne", email="yvonne@example.org")
    await sits(agent, resident)
    await agent.post("/my/take-over", code="nothing")
    assert agent.page.status_code == 422
    assert "nothing" in agent.text
    assert "Personne n’a donné ce code" in agent.text
    await agent.post("/my/take-over", code=code)
    assert agent.path == f"/my/requests/{dossier}"
    assert "yvonne@example.org" in agent.text
    found = await dossiers.dossier(dossier)
    await agent.get(f"/e/{found.slug}/idcard/visit/{dossier}")
    assert "/cancel" in agent.text
    await agent.post(f"/e/{found.slug}/idcard/visit/{dossier}/cancel")
    latest = (await dossiers.timeline(dossier))[0]
    assert (latest.event, latest.by) == ("booking.cancelled", "resident")


async def test_whoever_is_reached_only_now_is_sent_the_confirmation_once(agent):
    dossier = await books(agent)
    await agent.post(f"{OFFICE}/visit/{dossier}/slip")
    code = code_on(agent.text)
    await sits(agent, await identity.ensure_person("https://sign-on.example", "yvonne", email="yvonne@example.org"))
    await agent.post("/my/take-over", code=code)
    event = reactions.DossierTakenOver(dossier=dossier, service="idcard", reached=True)
    await reactions.tell_taken_over(event)
    await reactions.tell_taken_over(event)
    [letter] = await told()
    assert letter.address == "yvonne@example.org"
    assert "code" not in letter.context


async def test_the_mail_has_a_code_of_its_own(agent):
    dossier = await books(agent, channel="mail", email="yvonne@example.org")
    await messages.tell(messages.CONFIRMED, dossier, "confirmed")
    [letter] = await told()
    await sits(agent, await a_person())
    await agent.post("/my/take-over", code=letter.context["code"])
    assert agent.path == f"/my/requests/{dossier}"


async def test_the_counter_prints_one_too_for_what_it_booked(agent, town):
    manager = await a_person("agent", town.calendar.emitter)
    found = await dossiers.dossier(await books(agent))
    await sits(agent, manager)
    base = f"/office/{found.slug}/requests/{found.id}/slip"
    await agent.get(base)
    assert "Bon avec un code" in agent.text or "code" in agent.text
    await agent.post(base)
    assert code_on(agent.text)
    await sits(agent, await a_person("reader", town.calendar.emitter))
    assert (await agent.post(base)).page.status_code == 403
