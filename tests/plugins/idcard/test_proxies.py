"""A proxy on the pages: what they reach while they act for somebody, what they never do, and who sees what they did."""

import asyncio
import re
from datetime import timedelta

import pytest
from tests.plugins.idcard.browsing import FORM
from tests.plugins.idcard.test_solidarity import sits

from parvis import clock
from parvis.audit import queries as audit
from parvis.contract.values import Behalf
from parvis.db import connection, transaction
from parvis.dossiers import actions as dossier_actions
from parvis.dossiers import personal, questions
from parvis.dossiers import queries as dossiers
from parvis.dossiers.actions import By
from parvis.errors import Forbidden
from parvis.identity import mandates
from parvis.identity.actors import Actor
from parvis.identity.mandates import Bond, Wish
from parvis.identity.words import BONDS
from parvis.messages.sealing import unseal
from parvis.testing.people import a_person
from parvis.testing.visits import a_visit
from parvis.web.i18n import translate
from parvis_idcard import actions

HERS = re.compile(r"/visit/([0-9a-f-]{36})")
HER_PAGES = [f"{{base}}/visit/{{}}{part}" for part in ("", "/move", "/cancel", "/visit.ics")]


class Pair:
    """Yvonne, and Nora who may act for her."""

    def __init__(self, yvonne, nora, mandate):
        self.yvonne, self.nora, self.mandate = yvonne, nora, mandate


async def a_mandate(yvonne, nora, services=("idcard",)):
    ends = clock.now() + timedelta(days=30)
    wish = Wish(bond=Bond.ADVISER, services=services, ends_at=ends)
    resident = Actor(person=yvonne)
    begun = await mandates.begin(resident, wish, "nora@example.org", "fr", as_proxy=False)
    link = (await mandates.link(begun)).removeprefix("/mandate/")
    return (await mandates.accept(link, Actor(person=nora))).id


@pytest.fixture
async def pair(browser):
    yvonne, nora = await a_person(name="Yvonne Schmitt"), await a_person(name="Nora Keller")
    return Pair(yvonne, nora, await a_mandate(yvonne, nora))


@pytest.fixture
async def acting(browser, pair):
    """Nora's browser, acting for Yvonne."""
    await sits(browser, pair.nora)
    await browser.post(f"/account/proxies/{pair.mandate}/act")
    assert "Yvonne Schmitt" in browser.text
    return browser


async def of_account(town, person, hour, service="idcard"):
    _, dossier = await a_visit(town.calendar, town.calendar.at(hour))
    async with transaction() as c:
        await c.execute("UPDATE parvis.dossier SET person = $2, service = $3 WHERE id = $1", dossier, person, service)
    return dossier


async def an_appointment(town, person):
    """An appointment with its details, in somebody's account."""
    booked = await actions.book(await town.request(await town.hold(hour=10)))
    async with transaction() as c:
        await c.execute("UPDATE parvis.dossier SET person = $2 WHERE id = $1", booked.dossier, person)
    return booked.dossier


async def books(browser):
    await browser.to_check()
    await browser.post(browser.path, code=await browser.code())
    return HERS.search(browser.path)[1]


async def test_what_a_proxy_books_is_the_residents_and_both_are_named(acting, pair):
    dossier = await books(acting)
    found = await dossiers.dossier(dossier)
    assert found.person == pair.yvonne
    opened = (await dossiers.timeline(dossier))[-1]
    assert (opened.by, opened.proxy) == ("proxy", "Nora Keller")
    await acting.post(f"/e/{found.slug}/idcard/visit/{dossier}/move", slot=acting.slot(11))
    await acting.post(f"/e/{found.slug}/idcard/visit/{dossier}/cancel")
    assert "/visit/" in acting.path
    acts = await audit.acts_for(pair.yvonne, {"mandate": str(pair.mandate)})
    assert {(act.person, act.behalf) for act in acts} == {(pair.nora, pair.yvonne)}
    # What they see of it on the way, within half an hour, is one reading.
    done = [act.action for act in acts]
    assert done == ["booking.cancelled", "booking.moved", "read", "booking.confirmed", "dossier.opened", "act-for"]
    await sits(acting, pair.yvonne)
    await acting.get(f"/account/proxies/{pair.mandate}")
    assert acting.text.count(found.reference) == 5
    await acting.get(f"/my/requests/{dossier}")
    assert "Nora Keller" in acting.text


async def test_every_page_says_for_whom_and_one_click_stops_it(acting, pair):
    for page in ("/", "/my/requests", "/e/m2a/idcard", f"/my/requests/{pair.nora}", "/account"):
        await acting.get(page)
        assert 'action="/acting/stop"' in acting.text, page
        assert "Yvonne Schmitt" in acting.text, page
    await acting.post("/acting/stop")
    await acting.get("/account")
    assert acting.page.status_code == 200
    assert "/acting/stop" not in acting.text


async def test_a_proxy_reaches_neither_the_account_nor_any_office(acting, pair, town):
    own = f"/account/proxies/{pair.mandate}"
    pages = [
        "/account",
        "/account/family",
        "/account/proxies",
        own,
        "/my/data",
        "/my/data/export.json",
        "/my/data/export.pdf",
        "/my/take-over",
    ]
    for page in [*pages, "/office", "/helping", "/operator", "/office/illzach/requests"]:
        assert (await acting.get(page)).page.status_code == 403, page
    for page in ("/my/data/erase", f"{own}/end", f"{own}/act", "/account/family", "/my/take-over"):
        assert (await acting.post(page)).page.status_code == 403, page


@pytest.mark.parametrize("whose", ["yvonne in another service", "yvonne's neighbour", "nora", "nobody"])
async def test_a_proxy_reaches_nothing_but_the_residents_in_the_services_named(acting, pair, town, whose):
    who = {"yvonne in another service": pair.yvonne, "nora": pair.nora, "nobody": None}
    person = who[whose] if whose in who else await a_person(name="Karim")
    dossier = await of_account(town, person, 10, "nursery" if "service" in whose else "idcard")
    found = await dossiers.dossier(dossier)
    key = dossiers.link_key(dossier, found.visit.end)
    base = f"/e/{found.slug}/idcard/visit/{dossier}"
    for page in (base, f"{base}/move", f"{base}/cancel", f"/my/requests/{dossier}", f"/my/visits/{dossier}"):
        for address in (page, f"{page}?key={key}"):
            assert (await acting.get(address)).page.status_code == 404, address
    for page in (f"{base}/cancel", f"{base}/move", f"{base}/coming", f"/my/visits/{dossier}"):
        assert (await acting.post(f"{page}?key={key}", slot=acting.slot(11))).page.status_code == 404, page
    await acting.get("/my/requests")
    assert found.reference not in acting.text
    # The same below the pages, for what has an entrance of its own.
    behalf = Behalf(mandate=pair.mandate, resident=pair.yvonne, services=frozenset({"idcard", "nursery"}))
    with pytest.raises(Forbidden):
        await dossier_actions.cancel_visit(dossier, By("proxy", pair.nora, behalf=behalf))
    assert (await dossiers.dossier(dossier)).visit.live


@pytest.mark.parametrize(
    "page", ["/my/requests", "/my/requests/{}", "/my/visits/{}", "/my/visits/{}/earlier", *HER_PAGES]
)
async def test_each_page_on_which_a_proxy_sees_a_request_is_a_reading(acting, pair, town, page):
    dossier = await an_appointment(town, pair.yvonne)
    base = f"/e/{(await dossiers.dossier(dossier)).slug}/idcard"
    for _ in range(2):
        assert (await acting.get(page.format(dossier, base=base))).page.status_code == 200
    [reading] = await audit.readers_of(dossier)
    assert (reading.person, reading.bond, reading.role) == (pair.nora, Bond.ADVISER, None)
    clock.move(timedelta(minutes=31))
    await acting.get(page.format(dossier, base=base))
    assert len(await audit.readers_of(dossier)) == 2


async def test_the_resident_sees_who_acting_for_her_read_it_and_asks(acting, pair, town):
    dossier = await of_account(town, pair.yvonne, 10)
    await acting.get(f"/my/requests/{dossier}")
    assert "Nora Keller, qui agit" not in acting.text
    await sits(acting, pair.yvonne)
    await acting.get(f"/my/requests/{dossier}")
    assert f"Nora Keller, qui agit pour vous · {translate(BONDS[Bond.ADVISER], 'fr')}" in acting.text
    # Her own reading is none.
    [reading] = await audit.readers_of(dossier)
    await acting.post(f"/my/requests/{dossier}/questions", reading=str(reading.id))
    [question] = await questions.open_at(town.calendar.emitter)
    assert question.reading == reading.id
    told = (await personal.export(await dossiers.dossier(dossier)))["readings"]
    assert [(one["emitter"], one["role"]) for one in told] == [("", "adviser")]


async def test_what_a_proxy_does_not_find_is_no_reading(acting, pair, town):
    dossier = await of_account(town, await a_person(name="Karim"), 10)
    assert (await acting.get(f"/my/requests/{dossier}")).page.status_code == 404
    await acting.get("/my/requests")
    assert await audit.readers_of(dossier) == []


async def test_who_read_it_stays_between_the_resident_and_the_office(acting, pair, town):
    dossier = await of_account(town, pair.yvonne, 10)
    await acting.get(f"/my/requests/{dossier}")
    assert acting.page.status_code == 200
    assert (await acting.post(f"/my/requests/{dossier}/questions", reading=str(dossier))).page.status_code == 403


async def test_a_service_that_is_not_named_is_not_booked(browser):
    yvonne, nora = await a_person(name="Yvonne Schmitt"), await a_person()
    mandate = await a_mandate(yvonne, nora, ("nursery",))
    await sits(browser, nora)
    await browser.post(f"/account/proxies/{mandate}/act")
    assert (await browser.hold()).page.status_code == 403
    assert "Yvonne Schmitt" in browser.text
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM parvis.booking") == 0


async def test_once_revoked_nothing_that_was_being_typed_is_booked_for_anybody(acting, pair):
    await acting.to_check()
    code, page = await acting.code(), acting.path
    await mandates.end(pair.mandate, Actor(person=pair.yvonne))
    assert (await acting.post(page, code=code)).page.status_code == 403
    assert "/acting/stop" in acting.text
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM parvis.dossier") == 0


@pytest.mark.parametrize("locked", [True, False])
async def test_an_end_waits_for_the_act_that_is_under_way_and_none_comes_after(pair, town, monkeypatch, locked):
    """The resident's click and the proxy's at once: never an act after the end. The control has no lock."""
    if not locked:
        monkeypatch.setattr(mandates, "_LOCK", "")
    dossier = await of_account(town, pair.yvonne, 10)
    behalf = Behalf(mandate=pair.mandate, resident=pair.yvonne, services=frozenset({"idcard"}))
    by, acted = By("proxy", pair.nora, behalf=behalf), asyncio.Event()

    async def act():
        async with transaction():
            await dossier_actions.note(dossier, "visit.coming", by)
            acted.set()
            for _ in range(20):
                await asyncio.sleep(0.005)
                async with connection() as c:
                    if ended := await c.fetchval("SELECT ended_at FROM parvis.mandate WHERE id = $1", pair.mandate):
                        return ended
        return None

    async def end():
        await acted.wait()
        await mandates.end(pair.mandate, Actor(person=pair.yvonne))

    ended_meanwhile, _ = await asyncio.gather(act(), end())
    assert (ended_meanwhile is None) is locked
    with pytest.raises(Forbidden):
        await dossier_actions.note(dossier, "visit.coming", by)


async def test_the_residents_address_and_family_are_not_shown_to_a_proxy(acting, pair):
    async with transaction() as c:
        await c.execute("UPDATE parvis.person SET email = 'yvonne@example.org' WHERE id = $1", pair.yvonne)
    await acting.hold()
    assert "yvonne@example.org" not in acting.text
    await acting.post(acting.path, **FORM | {"email": "yvonne@example.org"})
    assert acting.path.endswith("/check")
    # A code is asked for all the same: that it is her account's tells nobody anything.
    assert 'name="code"' in acting.text


async def test_asking_consenting_and_revoking_on_the_pages(browser):
    yvonne, nora = await a_person(name="Yvonne Schmitt"), await a_person(name="Nora Keller")
    await sits(browser, nora)
    typed = {"address": "yvonne@example.org", "bond": "adviser", "until": "2000-01-01", "language": "fr"}
    await browser.post("/account/proxies/ask", **typed)
    assert browser.page.status_code == 422
    assert 'value="yvonne@example.org"' in browser.text
    assert 'id="services-error"' in browser.text
    assert 'id="until-error"' in browser.text
    until = clock.now().replace(microsecond=0).date().isoformat()
    year = str(int(until[:4]) + 1)
    await browser.post("/account/proxies/ask", **typed | {"until": f"{year}{until[4:8]}01", "services": "idcard"})
    assert browser.path == "/account/proxies", browser.text
    async with connection() as c:
        letter = unseal(await c.fetchval("SELECT sealed FROM parvis.message WHERE template = 'messages/mandate'"))
    assert letter.address == "yvonne@example.org"
    link = letter.context["link"]
    browser.http.cookies.clear()
    await browser.get(link)
    assert "/login?next=/mandate/" in browser.text
    await sits(browser, yvonne)
    await browser.get(link)
    assert "Nora Keller" in browser.text
    await browser.post(link)
    assert browser.path == "/account/proxies"
    [found] = await mandates.all_of(yvonne)
    assert found.holds
    assert (await browser.post(link)).page.status_code == 410
    await browser.post(f"/account/proxies/{found.id}/end")
    [found] = await mandates.all_of(yvonne)
    assert not found.holds
    acts = [act.action for act in await audit.trail("mandate", found.id)]
    assert acts == ["ask-mandate", "accept-mandate", "end-mandate"]
