"""Proving a contact on the pages, without JavaScript: ask, read the message, type the code, go on."""

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import pytest
import pytest_asyncio
from litestar import Litestar, get

from parvis import clock, settings
from parvis.contract.values import Channel
from parvis.errors import Text
from parvis.identity import contacts, guards, links
from parvis.identity.composition import Identity
from parvis.identity.contacts import Contact
from parvis.identity.routes.contact import read_contact
from parvis.web.site import Site


@get("/my", guards=[guards.resident()], **guards.declared("proved", "signed-in"))
async def mine() -> str:
    return "mine"


@pytest_asyncio.fixture
async def browser(database):
    settings.use(replace(settings.current(), oidc_issuer="http://localhost:9"))
    app = Litestar([mine], plugins=[Site(settings.current()), Identity(settings.current(), [])])
    base = settings.current().base_url
    headers = {"Accept": "text/html", "Origin": base, "Accept-Language": "fr"}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=base, headers=headers) as client:
        yield client


async def asked(browser, contact="Sophie.Keller@example.org", after="/my"):
    """Where the code is asked for, and the proof's id."""
    answer = await browser.post("/contact", data={"contact": contact, "after": after})
    where = answer.headers["location"]
    return where, UUID(parse_qs(urlsplit(where).query)["proof"][0])


async def test_a_resident_without_an_account_gets_in_by_a_code(browser):
    assert (await browser.get("/my")).headers["location"] == "/login?next=%2Fmy"
    assert "Où pouvons-nous vous joindre" in (await browser.get("/contact?next=/my")).text
    where, proof = await asked(browser)
    page = await browser.get(where)
    assert "Saisissez le code" in page.text
    assert "sophie" not in where.lower()
    code = (await contacts.code_to_send(proof)).code
    form = {"proof": str(proof), "after": "/my", "code": code}
    wrong = await browser.post("/contact/code", data=form | {"code": f"{(int(code) + 1) % 10**6:06d}"})
    assert (wrong.status_code, "Essais restants" in wrong.text) == (422, True)
    assert (await browser.get("/my")).status_code == 303
    answer = await browser.post("/contact/code", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/my")
    assert (await browser.get("/my")).text == "mine"
    assert (await browser.get("/account")).status_code == 303


@pytest.mark.parametrize("typed", ["", "sophie@", "12", "0" * 10_000, "👩‍👧@", "مرحبا"])
async def test_what_is_no_contact_is_said_at_the_field_and_kept(browser, typed):
    answer = await browser.post("/contact", data={"contact": typed, "after": "//evil.example"})
    assert answer.status_code == 422
    assert 'href="#contact"' in answer.text
    assert "evil" not in answer.text


async def test_a_second_code_within_a_minute_is_refused_with_a_sentence(browser):
    where, proof = await asked(browser)
    again = {"proof": str(proof), "after": "/my"}
    answer = await browser.post("/contact/again", data=again)
    assert (answer.status_code, "après une minute" in answer.text) == (429, True)
    assert (await browser.post("/contact", data={"contact": "sophie.keller@example.org"})).status_code == 429
    clock.move(timedelta(seconds=61))
    answer = await browser.post("/contact/again", data=again)
    assert answer.status_code == 303
    assert answer.headers["location"] != where


async def test_a_link_opens_the_door_only_by_its_button(browser):
    link = links.access_link(Contact(Channel.SMS, "+33639980003"), clock.now() + timedelta(hours=1))
    page = await browser.get(link)
    assert page.status_code == 200
    assert "set-cookie" not in page.headers
    assert (await browser.get("/my")).status_code == 303
    answer = await browser.post(link)
    assert (answer.status_code, answer.headers["location"]) == (303, "/my/requests")
    assert (await browser.get("/my")).text == "mine"
    assert (await browser.get(link[:-3])).status_code == 403
    clock.move(timedelta(hours=2))
    assert (await browser.get(link)).status_code == 403


async def test_a_proof_that_is_not_one_is_not_found(browser):
    for proof in ("x", str(UUID(int=1))):
        assert (await browser.post("/contact/again", data={"proof": proof})).status_code == 404
    answer = await browser.post("/contact/code", data={"proof": str(UUID(int=1)), "code": "123456"})
    assert answer.status_code == 422


async def test_a_foreign_page_cannot_ask_for_a_code(browser):
    answer = await browser.post(
        "/contact", data={"contact": "a@example.org"}, headers={"Origin": "https://evil.example"}
    )
    assert answer.status_code == 403


def test_a_contact_is_read_as_people_type_it():
    assert read_contact(" Jean@Example.FR ") == Contact(Channel.MAIL, "Jean@example.fr")
    assert read_contact("06 12 34 56 78") == Contact(Channel.SMS, "+33612345678")
    assert isinstance(read_contact("Jean"), Text)


async def test_an_address_without_its_sign_is_not_taken_for_a_telephone_number(browser):
    answer = await browser.post("/contact", data={"contact": "sophie.keller68.example.org", "after": "/my"})
    assert "Écrivez l’adresse e-mail en entier" in answer.text
    assert "nom@exemple" in answer.text


async def test_a_client_asks_for_so_many_codes_and_another_at_the_same_address_still_may(browser):
    settings.use(replace(settings.current(), limit_client_codes=2))
    answers = [await browser.post("/contact", data={"contact": f"s{n}@example.org", "after": "/"}) for n in range(3)]
    assert [answer.status_code for answer in answers] == [303, 303, 429]
    assert "Veuillez réessayer à" in answers[2].text
    assert 'value="s2@example.org"' in answers[2].text
    another = await browser.post("/contact", data={"contact": "a@example.org"}, headers={"user-agent": "another"})
    assert another.status_code == 303
