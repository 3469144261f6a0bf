"""A calculation before an hour is held, where an emitter asks for it: over the pages, the national link and the API."""

import asyncio
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.plugins.idcard.browsing import SEARCH, Browser

from parvis import clock, settings
from parvis.calendars.proofs import unlike_bookings
from parvis.contract.values import Role
from parvis.db import connection
from parvis.territory.actions import keep_settings
from parvis.territory.queries import emitter, place
from parvis.testing.challenges import solve
from parvis.testing.people import a_person, a_session
from parvis.web import challenges
from parvis_idcard.emitter_settings import Settings


@pytest.fixture
async def asked(town):
    """The town hall asks for the calculation, and lets one hour in ten minutes through without it."""
    await keep_settings(town.calendar.emitter, "idcard", Settings(proof_of_work=True))
    settings.use(replace(settings.current(), limit_unproved=1))
    return town


async def held():
    async with connection() as c:
        return await c.fetchval("SELECT count(*) FROM parvis.booking WHERE state = 'held'")


def answer(town, bits=2):
    return solve(challenges.issue(town.calendar.emitter, bits=bits))


async def test_a_browser_that_calculates_has_the_whole_share(browser, asked):
    for hour in (9, 10, 11):
        assert (await browser.hold(hour, f"page-{hour}", answer=answer(asked))).page.status_code == 200
    assert (await browser.hold(11, "late", answer=answer(asked))).page.status_code == 409
    assert "data-challenge" in browser.page.text
    assert await held() == 3
    assert await unlike_bookings() == []


async def test_the_challenge_that_the_page_names_is_the_one_that_counts(browser, asked):
    await browser.get(f"/e/m2a/idcard/hours?{SEARCH}")
    address = re.search(r'data-challenge="([^"]+)"', browser.page.text)[1]
    assert "votre appareil calcule" in browser.text
    assert "challenge-worker" in browser.page.text
    await browser.hold(9, "without")
    given = (await browser.http.get(address)).json()
    assert (given["parts"], given["bits"]) == (challenges.PARTS, challenges.BITS)
    solved = solve(challenges.Challenge(**given))
    assert (await browser.hold(10, "with", answer=solved)).page.status_code == 200


async def test_without_scripts_a_few_hours_can_be_held_and_then_one_waits(browser, asked):
    assert (await browser.hold(9, "first")).page.status_code == 200
    assert (await browser.hold(10, "second")).page.status_code == 429
    assert "Veuillez réessayer à" in browser.text
    clock.move(timedelta(minutes=10))
    assert (await browser.hold(10, "third")).page.status_code == 200


@pytest.mark.parametrize("wrong", ["other", "tampered", "unsolved", "expired", "nothing", "long"])
async def test_what_is_no_answer_counts_as_none(browser, asked, wrong):
    good = answer(asked)
    given = {
        "other": solve(challenges.issue(asked.calendar.place, bits=2)),
        "tampered": f"{good[:20]}{'A' if good[20] != 'A' else 'B'}{good[21:]}",
        "unsolved": f"{challenges.issue(asked.calendar.emitter).challenge}~{'.'.join('0' * challenges.PARTS)}",
        "expired": good,
        "nothing": "",
        "long": "x" * 5000,
    }[wrong]
    if wrong == "expired":
        clock.move(challenges.LASTS + timedelta(seconds=1))
    await browser.hold(9, "used-up")
    assert (await browser.hold(10, "page", answer=given)).page.status_code == 429
    assert (await browser.hold(10, "page", answer=answer(asked))).page.status_code == 200


async def test_one_answer_brought_at_once_by_many_counts_once(app, town, asked):
    crowd, given = [Browser(app, town) for _ in range(4)], answer(asked)
    await crowd[0].hold(9, "used-up")
    hours = [(10, 0), (10, 1), (11, 2), (11, 3)]
    pairs = zip(crowd, hours, strict=True)
    await asyncio.gather(*(browser.hold(hour, f"page-{n}", answer=given) for browser, (hour, n) in pairs))
    assert sorted(browser.page.status_code for browser in crowd) == [200, 429, 429, 429]
    assert await held() == 2


async def test_whoever_books_for_others_is_asked_for_nothing(app, asked):
    agent = Browser(app, asked)
    slug = (await emitter(asked.calendar.emitter)).slug
    agent.http.cookies.update(await a_session(await a_person(Role.AGENT, asked.calendar.emitter)))
    search = f"{SEARCH}&acting={slug}"
    await agent.get(f"/e/m2a/idcard/hours?{search}")
    assert "data-challenge" not in agent.page.text
    for hour in (9, 10, 11):
        await agent.post("/e/m2a/idcard/hold", slot=agent.slot(hour), search=search, page=f"page-{hour}")
        assert agent.page.status_code == 200


async def test_where_nobody_asks_pages_say_nothing_of_it(browser):
    await browser.get(f"/e/m2a/idcard/hours?{SEARCH}")
    assert "data-challenge" not in browser.page.text
    assert "challenge" not in browser.page.text


async def test_after_a_lapse_too_the_next_hours_ask_for_it(browser, asked):
    await browser.hold(9, answer=answer(asked))
    clock.move(timedelta(minutes=11))
    await browser.get(browser.path)
    assert "data-challenge" in browser.page.text


async def test_the_link_of_the_national_search_holds_few_then_shows_a_button_that_calculates(browser, asked):
    town = await emitter(asked.calendar.emitter)
    hall = (await place(asked.calendar.place)).slug
    click = {"sec-fetch-mode": "navigate", "sec-fetch-dest": "document", "user-agent": "Mozilla/5.0 Firefox/150.0"}
    browser.http.headers.update(click)
    ways = []
    for hour in ("09:00", "10:00"):
        when = f"{asked.calendar.day:%Y-%m-%d}T{hour}"
        await browser.get(f"/e/{town.slug}/idcard/at/{hall}/{when}?reason=PASSPORT&documents_number=1")
        browser.http.cookies.clear()
        ways.append("/hold/" in browser.path)
    assert ways == [True, False]
    assert "data-challenge" in browser.page.text


async def test_programs_of_the_api_hold_few_too(browser, asked):
    seen = []
    for hour in (9, 10):
        found = (await browser.http.get("/api/v1/slots", params={"service": "idcard", "people": 1, "limit": 9})).json()
        slot = found["items"][hour - 9]["id"]
        seen.append((await browser.http.post("/api/v1/holds", json={"slot": slot})).status_code)
    assert seen == [201, 429]
