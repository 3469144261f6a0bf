"""Numbers checked as they are typed, when the form is sent, and before it is booked; a code only where it is needed."""

import re
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from parvis import clock, settings
from parvis.calendars.slots import Slot
from parvis.contract.values import Role
from parvis.db import connection, transaction
from parvis.dossiers import queries as dossiers
from parvis.errors import Refused
from parvis.identity.contacts import code_to_send
from parvis.testing.applications import application
from parvis.testing.people import a_person, a_session
from parvis_idcard import actions
from parvis_idcard.ants.coordination import checks, client
from parvis_idcard.ants.simulator import faults
from parvis_idcard.rules import Age, Applicant

SPECIAL = {
    "CONSUMED01": "A paper was already applied for",
    "EXPIRED001": "too old",
    "UNKNOWN001": "does not know this number",
    "DECLARED01": "not finished",
}


async def proofs():
    async with connection() as c:
        return await c.fetchval("SELECT count(*) FROM parvis.contact_proof")


async def typed(browser, number, position=0):
    path = f"{browser.path}/number/{position}"
    answer = await browser.http.post(path, data={f"applicants-{position}-number": number})
    assert answer.status_code == 200
    return answer.text


def statuses(service):
    return [call for call in service.asked if call[0] == "GET"]


async def test_a_number_is_checked_as_it_is_typed(browser, service):
    await browser.hold()
    assert "This number is valid" in await typed(browser, "a123 456-789")
    for number, said in SPECIAL.items():
        assert said in await typed(browser, number)
    assert "10 letters or figures" in await typed(browser, "A12")
    assert "Mairie d" in await typed(browser, "ELSEWHERE1")
    assert (await typed(browser, "")).strip() == ""
    assert 'hx-post="' in browser.text
    for call in service.asked:
        assert call[0] == "GET"


@pytest.mark.parametrize("fault", [faults.SLOW, faults.DOWN, faults.TOKEN])
async def test_a_service_that_does_not_answer_holds_nobody_up(browser, service, fault):
    service.faults.add(fault)
    await browser.hold()
    assert "could not be checked now" in await typed(browser, "A123456789")
    await browser.fill_in("A123456789")
    assert browser.path.endswith("/check")
    assert await proofs() == 1
    # It was let be, and nobody waited for it again.
    assert len(statuses(service)) == 1


@pytest.mark.parametrize("number", SPECIAL)
async def test_a_number_that_is_worth_nothing_is_refused_with_what_to_do(browser, number):
    await browser.hold()
    await browser.fill_in(number)
    assert browser.page.status_code == 409
    assert SPECIAL[number] in browser.text
    assert 'id="applicants-0-number-error"' in browser.page.text
    assert f'value="{number}"' in browser.page.text


async def test_an_appointment_elsewhere_is_shown_until_it_is_said_to_be_cancelled(browser, worker, service):
    await browser.hold()
    assert 'name="applicants-0-cleared"' not in browser.page.text
    await browser.fill_in("ELSEWHERE1")
    assert browser.page.status_code == 409
    assert "Mairie d’une autre ville" in browser.text
    assert 'href="https://rendez-vous.example/gerer/8Z3K"' in browser.page.text
    assert 'name="applicants-0-cleared"' in browser.page.text
    await browser.fill_in("ELSEWHERE1", **{"applicants-0-cleared": "yes"})
    assert browser.path.endswith("/check")
    await browser.post(browser.path)
    assert "/visit/" in browser.path
    await worker()
    assert {number for number, *_ in service.ours()} == {"ELSEWHERE1"}


async def test_no_code_is_asked_for_where_every_number_is_validated(browser):
    await browser.hold(people=2)
    await browser.fill_in("A123456789", "B123456789")
    assert browser.path.endswith("/check")
    assert 'name="code"' not in browser.page.text
    assert await proofs() == 0
    await browser.post(browser.path)
    assert "/visit/" in browser.path
    assert "Your appointment is booked" in browser.text


async def test_a_collection_asks_for_a_code_whatever_its_numbers(browser):
    await browser.hold(kind="collection")
    await browser.fill_in("A123456789")
    assert 'name="code"' in browser.page.text


async def booked_unproved(browser):
    await browser.hold()
    await browser.fill_in("A123456789")
    await browser.post(browser.path)
    return browser.page.url


async def test_the_contact_is_proved_before_the_appointment_moves_or_is_cancelled(browser, town):
    seen = await booked_unproved(browser)
    assert "key=" not in str(seen)
    assert (await browser.get(seen)).status_code == 200
    assert (await browser.get(str(seen).replace(seen.path, f"{seen.path}/visit.ics"))).status_code == 200
    query = f"?seen={seen.params['seen']}"
    for part in ("/cancel", "/move", "/people/0", "/number"):
        assert (await browser.get(f"{seen.path}{part}{query}")).status_code == 404
    for part in ("/cancel", "/move", "/coming", "/people/0", "/number/keep"):
        assert (await browser.post(f"{seen.path}{part}{query}")).status_code == 404
    await browser.get(seen)
    leading = re.search(r'href="(/e/m2a/idcard/appointment/[^"]+)"', browser.page.text)[1]
    await browser.get(leading)
    await browser.post(f"{leading}/code")
    proof = browser.page.url.params["proof"]
    code = (await code_to_send(proof)).code
    await browser.post("/contact/code", proof=proof, code=code, after=browser.page.url.params["next"])
    assert browser.path == seen.path
    assert f"{seen.path}/cancel" in browser.page.text
    await browser.post(f"{seen.path}/cancel")
    async with connection() as c:
        assert await c.fetchval("SELECT state FROM parvis.booking WHERE dossier IS NOT NULL") == "cancelled"


async def test_the_way_back_shows_no_more_than_before(browser):
    await browser.hold()
    form = browser.path
    await browser.fill_in("A123456789")
    await browser.post(browser.path)
    assert "key=" not in str((await browser.get(form)).url)


@pytest.mark.parametrize("altered", ["x", ""])
async def test_an_altered_link_shows_nothing(browser, altered):
    seen = await booked_unproved(browser)
    browser.http.cookies.clear()
    answer = await browser.get(f"{seen.path}?seen={altered}")
    assert answer.status_code in {403, 404}
    assert "Martin" not in answer.text


async def test_the_mail_leads_to_everything(browser, worker):
    """Whoever follows the link of the mail has the contact."""
    seen = await booked_unproved(browser)
    dossier = seen.path.rpartition("/")[2]
    key = dossiers.link_key(dossier, clock.now() + timedelta(days=1))
    assert (await browser.get(f"{seen.path}/cancel?key={key}")).status_code == 200


async def test_over_the_api_a_contact_is_proved_always(service, town):
    request = await town.request(await town.hold())
    with pytest.raises(Refused) as refused:
        await actions.book(replace(request, proof=None))
    assert refused.value.refusals[0].code == "contact-not-proved"
    with pytest.raises(Refused) as refused:
        await actions.book(await town.request(await town.hold(10), numbers=["CONSUMED01"], email="paul@example.org"))
    assert refused.value.refusals[0].code == "number-consumed"


async def test_inside_a_transaction_nobody_waits_for_the_network(service, town):
    request = await town.request(await town.hold(), numbers=["CONSUMED01"])
    async with transaction():
        await actions.book(request)
    assert service.asked == []


@pytest.mark.parametrize("number", [*SPECIAL, "ELSEWHERE1", ""])
async def test_agents_are_never_blocked_by_a_number(app, service, town, number):
    cookies = await a_session(await a_person(Role.AGENT, town.calendar.emitter))
    base = settings.current().base_url
    transport = httpx.ASGITransport(application())
    async with httpx.AsyncClient(
        transport=transport, base_url=base, cookies=cookies, headers={"accept": "text/html", "origin": base}
    ) as http:
        slot = Slot(town.calendar.id, town.calendar.at(9)).code
        taken = await http.post("/e/m2a/idcard/hold", data={"slot": slot, "search": "what=CNI&people=1", "page": "p"})
        person = {"given": "Léa", "family": "Martin", "age": "adult", "number": number}
        form = {f"applicants-0-{name}": value for name, value in person.items()}
        form |= {"channel": "mail", "email": "lea@example.org", "for_others": "yes"}
        sent = await http.post(taken.headers["location"], data=form)
        assert sent.headers["location"].endswith("/check"), sent.text
        booked = await http.post(sent.headers["location"])
        assert "/visit/" in booked.headers["location"]


async def test_what_was_answered_is_asked_once_and_what_is_mended_counts_soon(browser, service):
    await browser.hold()
    await typed(browser, "A123456789")
    await browser.fill_in("A123456789")
    await browser.post(browser.path)
    assert len(statuses(service)) == 1
    await checks.look(["UNKNOWN001"], "1")
    await checks.look(["UNKNOWN001"], "1")
    assert len(statuses(service)) == 2
    clock.move(timedelta(seconds=16))
    await checks.look(["UNKNOWN001"], "1")
    assert len(statuses(service)) == 3


async def test_kept_answers_name_nobody_and_are_swept(service, database):
    await checks.look(["A123456789", "ELSEWHERE1"], "1")
    async with connection() as c:
        kept = await c.fetchval("SELECT string_agg(t::text, ' ') FROM idcard.number_check t")
    for told in ("A123456789", "ELSEWHERE1", "autre ville"):
        assert told not in kept
        assert told.encode().hex() not in kept
    assert await checks.sweep() == 0
    clock.move(timedelta(minutes=16))
    assert await checks.sweep() == 2


async def test_our_own_appointment_is_no_other_one(service, worker, book):
    await book()
    await worker()
    clock.move(timedelta(minutes=20))
    known = await checks.look(["A123456789"], "1")
    assert known["A123456789"].appointments
    person = Applicant(given="Léa", family="Martin", age=Age.ADULT, number="A123456789")
    assert checks.refusals([person], known, settings.current().zone) == []


async def test_where_it_is_off_nothing_is_asked(town, database, service, monkeypatch):
    monkeypatch.setattr(client, "current", lambda: None)
    assert await checks.look(["CONSUMED01"], "1") == {}
    assert not checks.all_validated([], {})


async def test_a_flood_of_checks_is_stopped(browser):
    await browser.hold()
    url = f"{browser.path}/number/0"
    answers = [await browser.http.post(url, data={"applicants-0-number": ""}) for _ in range(61)]
    assert [answer.status_code for answer in answers].count(429) == 1


async def test_numbers_travel_in_no_address(browser, service):
    await browser.hold()
    await typed(browser, "A123456789")
    await browser.fill_in("A123456789")
    assert "A123456789" not in str(browser.page.url)
    assert (await browser.http.post("/e/m2a/idcard/hold/x/number/0", data={})).status_code == 404
