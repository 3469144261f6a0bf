"""Somebody else comes instead: what a correction may be, and how an hour is given back in one step."""

import asyncio
import re
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.plugins.idcard.browsing import FORM, SEARCH

from parvis import clock
from parvis.calendars.proofs import unlike_bookings
from parvis.contract.values import Channel
from parvis.db import connection
from parvis.dossiers import queries as dossiers
from parvis.dossiers.actions import By
from parvis.errors import Refused
from parvis_idcard import actions, drafts, queries, replacing
from parvis_idcard.rules import Age, Applicant

PAUL = {"given": "Paul", "family": "Durand", "number": "B123456789"}


def person(given="Léa", family="Martin", number="A023456789"):
    return Applicant(given=given, family=family, age=Age.ADULT, number=number)


async def corrected(dossier, after):
    await actions.correct(await dossiers.dossier(dossier), 0, after, By("resident"))


async def test_many_small_corrections_do_not_make_another_person(town):
    booked = await actions.book(await town.request(await town.hold()))
    await corrected(booked.dossier, person(family="Martini"))
    await corrected(booked.dossier, person(family="Martins", number="B123456789"))
    with pytest.raises(Refused) as refused:
        await corrected(booked.dossier, person("Lia", "Murtins", "B123456789"))
    assert refused.value.refusals[0].code == "another-person"
    # The number of another person does not open the door for their name either.
    with pytest.raises(Refused):
        await corrected(booked.dossier, person("Paul", "Durand", "B123456789"))
    await corrected(booked.dossier, person())
    assert (await queries.as_booked(booked.dossier, 0)) == person()


async def test_any_name_goes_with_the_number_that_was_booked(town):
    booked = await actions.book(await town.request(await town.hold()))
    await corrected(booked.dossier, person("Paul", "Durand"))
    assert (await dossiers.dossier(booked.dossier)).names == ("Paul Durand",)
    assert (await dossiers.timeline(booked.dossier))[0].event == "names.corrected"


async def test_a_number_is_corrected_and_never_taken_away(town):
    booked = await actions.book(await town.request(await town.hold()))
    with pytest.raises(Refused) as refused:
        await corrected(booked.dossier, person(number=None))
    assert [(r.code, r.field) for r in refused.value.refusals] == [("number-missing", "number")]
    assert await queries.live_numbers(["A023456789"]) == {"A023456789"}


async def test_giving_back_frees_hour_and_numbers_and_keeps_what_the_others_told(town):
    booked = await actions.book(await town.request(await town.hold(people=2)))
    dossier = await dossiers.dossier(booked.dossier)
    search, token = await replacing.replace(dossier, 1, PAUL, By("resident"))
    assert (search.what, search.people, search.since) == ("CNI", 2, None)
    after = await dossiers.dossier(booked.dossier)
    assert (after.state, after.visit.live) == ("closed", False)
    assert await queries.live_numbers(["A023456789", "A123456789"]) == set()
    events = [row.event for row in await dossiers.timeline(booked.dossier)]
    assert events == ["visit.given-back", "booking.confirmed", "dossier.opened"]
    told = parse_qs((await drafts.of_token(token)).form)
    assert told["email"] == ["lea@example.org"]
    assert told["applicants-0-number"] == ["A023456789"]
    assert [told[f"applicants-1-{name}"] for name in PAUL] == [["Paul"], ["Durand"], ["B123456789"]]
    assert "applicants-1-age" not in told
    assert await unlike_bookings() == []


async def test_nothing_is_kept_for_the_other_person(town):
    booked = await actions.book(await town.request(await town.hold()))
    await replacing.replace(await dossiers.dossier(booked.dossier), 0, PAUL, By("resident"))
    async with connection() as c:
        rows = await c.fetch("SELECT state, dossier FROM parvis.booking WHERE state <> 'cancelled'")
    # Five days ahead a freed hour waits for its random delay, of nobody.
    assert [tuple(row) for row in rows] == [("kept", None)]


async def test_twice_gives_back_once_and_both_may_go_on(town):
    booked = await actions.book(await town.request(await town.hold()))
    dossier = await dossiers.dossier(booked.dossier)
    clicks = (replacing.replace(dossier, 0, PAUL, By("resident")) for _ in range(2))
    for _, token in await asyncio.gather(*clicks):
        assert "Paul" in (await drafts.of_token(token)).form
    assert [row.event for row in await dossiers.timeline(booked.dossier)].count("visit.given-back") == 1


async def test_nobody_is_replaced_once_the_visit_has_begun(town):
    booked = await actions.book(await town.request(await town.hold()))
    clock.move(town.calendar.at(9) - clock.now())
    with pytest.raises(Refused):
        await replacing.replace(await dossiers.dossier(booked.dossier), 0, PAUL, By("resident"))
    assert (await dossiers.timeline(booked.dossier))[0].event == "booking.confirmed"


async def booked_over_pages(browser):
    await browser.to_check()
    await browser.post(browser.path, code=await browser.code())
    return browser.path, f"?key={browser.page.url.params['key']}"


async def test_another_name_leads_to_the_page_that_says_what_happens_and_one_button_does_it(browser):
    path, key = await booked_over_pages(browser)
    await browser.post(f"{path}/people/0{key}", **PAUL, age="adult")
    assert browser.page.status_code == 409
    assert "revient à tout le monde" in browser.text
    async with connection() as c:
        assert await c.fetchval("SELECT state FROM parvis.booking") == "confirmed"
    action = re.search(r'action="([^"]+/people/0/replace[^"]*)"', browser.text)[1]
    hidden = dict(re.findall(r'type="hidden" name="(given|family|number|age)" value="([^"]*)"', browser.text))
    assert hidden == PAUL
    await browser.post(action, **hidden)
    assert browser.page.status_code == 200
    assert browser.path == "/e/m2a/idcard/hours"
    carry = parse_qs(urlsplit(str(browser.page.url)).query)["carry"][0]
    await browser.post("/e/m2a/idcard/hold", slot=browser.slot(10), search=SEARCH, page="next", carry=carry)
    assert 'value="Durand"' in browser.text
    assert 'value="lea@example.org"' in browser.text
    assert 'value="Martin"' not in browser.text


async def test_opening_the_page_changes_nothing_and_it_belongs_to_its_resident(browser):
    path, key = await booked_over_pages(browser)
    assert (await browser.get(f"{path}/people/0/replace{key}")).page.status_code == 200
    assert (await browser.get(f"{path}/people/7/replace{key}")).page.status_code == 404
    assert (await browser.post(f"{path}/people/7/replace{key}")).page.status_code == 404
    browser.http.cookies.clear()
    assert (await browser.post(f"{path}/people/0/replace")).page.status_code == 404
    assert (await browser.post(f"{path}/people/0/replace{key[:-2]}xx")).page.status_code == 403
    async with connection() as c:
        assert await c.fetchval("SELECT state FROM parvis.booking") == "confirmed"


async def test_what_was_typed_into_a_page_of_yesterday_is_kept_for_the_next_hour(browser):
    await browser.hold()
    form = browser.path
    kept = dict(re.findall(r'type="hidden" name="(slot|search)" value="([^"]*)"', browser.text))
    async with connection() as c:
        await c.execute("DELETE FROM idcard.draft")
        await c.execute("DELETE FROM parvis.booking")
    assert "ce formulaire est trop ancien" in (await browser.get(form)).text.lower()
    assert browser.page.status_code == 404
    assert (await browser.post(form, **FORM)).page.status_code == 404
    for _ in range(2):
        await browser.post(form, **FORM, **kept)
        assert browser.page.status_code == 409
    carry = re.search(r'name="carry" value="([^"]+)"', browser.text)[1]
    await browser.post("/e/m2a/idcard/hold", slot=browser.slot(10), search=SEARCH, page="next", carry=carry)
    assert 'value="lea@example.org"' in browser.text


@pytest.mark.parametrize("wrong", [{"slot": "😀"}, {"search": "what=nothing"}, {"search": "x" * 10_000}, {}])
async def test_a_made_up_form_begins_nothing(browser, wrong):
    slot = {"slot": browser.slot(), "search": SEARCH} | wrong if wrong else {}
    await browser.post(f"/e/m2a/idcard/hold/{'0' * 32}.guessed", **FORM, **slot)
    assert browser.page.status_code == 404
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM idcard.draft") == 0


async def test_a_contact_by_sms_goes_along_too(town):
    request = await town.request(
        await town.hold(kind="collection"),
        email=None,
        phone="+33612345678",
        channel=Channel.SMS,
        applicants=(person(number=None),),
    )
    booked = await actions.book(request)
    search, token = await replacing.replace(await dossiers.dossier(booked.dossier), 0, {}, By("resident"))
    told = parse_qs((await drafts.of_token(token)).form)
    assert (search.what, told) == ("collection", {"channel": ["sms"], "phone": ["+33612345678"]})
