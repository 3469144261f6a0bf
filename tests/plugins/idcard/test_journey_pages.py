import asyncio
import re
from datetime import timedelta

import pytest
from icalendar import Calendar
from tests.plugins.idcard.browsing import FORM, SEARCH, Browser

from parvis import clock
from parvis.calendars import actions as calendars
from parvis.calendars.proofs import unlike_bookings
from parvis.db import connection
from parvis.territory.queries import emitter


async def test_from_the_search_to_the_confirmation_in_four_pages(browser):
    await browser.get("/e/m2a/idcard")
    assert browser.page.status_code == 200
    await browser.get(f"/e/m2a/idcard/hours?{SEARCH}&near=ilzach")
    assert "Illzach" in browser.text
    chosen = re.search(r'name="slot" value="([^"]+)"', browser.page.text)[1]
    page = re.search(r'name="page" value="([^"]+)"', browser.page.text)[1]
    await browser.post("/e/m2a/idcard/hold", slot=chosen, search=SEARCH, page=page)
    town = await emitter(browser.town.calendar.emitter)
    assert browser.path.startswith(f"/e/{town.slug}/idcard/hold/")
    assert "data-until" in browser.page.text
    await browser.post(browser.path, **FORM)
    assert browser.path.endswith("/check")
    assert "lea@example.org" in browser.text
    await browser.post(browser.path, code=await browser.code())
    assert browser.page.status_code == 200
    assert "/visit/" in browser.path
    reference = re.search(r'class="reference">([A-Z0-9]{8})<', browser.page.text)[1]
    async with connection() as c:
        assert await c.fetchval("SELECT reference FROM parvis.dossier") == reference


async def test_two_residents_race_for_one_hour_over_the_pages(app, town):
    pair = [Browser(app, town), Browser(app, town)]
    await asyncio.gather(*(browser.hold(page=f"page-{n}") for n, browser in enumerate(pair)))
    assert sorted(browser.page.status_code for browser in pair) == [200, 409]
    loser = next(browser for browser in pair if browser.page.status_code == 409)
    assert 'name="slot"' in loser.page.text
    assert await unlike_bookings() == []


async def test_a_double_click_on_the_last_button_books_once(browser):
    await browser.to_check()
    url, code = str(browser.page.url), await browser.code()
    answers = await asyncio.gather(*(browser.http.post(url, data={"code": code}) for _ in range(2)))
    places = [answer.headers["location"].partition("?")[0] for answer in answers]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert len(set(places)) == 1


async def test_the_way_back_after_booking_leads_to_the_appointment(browser):
    await browser.to_check()
    check = browser.path
    await browser.post(check, code=await browser.code())
    for url in (check, check.removesuffix("/check")):
        assert "/visit/" in (await browser.get(url)).path


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("applicants-0-number", "A12345678"),
        ("email", "lea.example.org"),
        ("applicants-0-given", "x" * 10_000),
        ("applicants-0-family", "\u202e"),
        ("applicants-0-age", "ancient"),
        ("channel", "sms"),
    ],
)
async def test_a_wrong_field_is_told_where_it_is_and_every_field_is_kept(browser, field, typed):
    await browser.hold()
    await browser.post(browser.path, **FORM | {field: typed})
    assert browser.page.status_code == 422
    assert 'aria-invalid="true"' in browser.page.text
    for name, value in FORM.items():
        if name not in {field, "channel", "applicants-0-age"}:
            assert f'value="{value}"' in browser.text
    await browser.get(browser.path)
    assert 'value="Martin"' in browser.text or field == "applicants-0-family"


@pytest.mark.parametrize("name", ["😀", "משה", "محمد", "<script>alert(1)</script>", "x' OR 1=1 --"])
async def test_any_writing_goes_through(browser, name):
    await browser.to_check(**{"applicants-0-given": name})
    assert browser.path.endswith("/check")
    assert name in browser.text
    assert "<script>alert" not in browser.page.text


async def test_a_hold_that_lapsed_while_typing_keeps_the_answers_for_the_next_hour(browser):
    await browser.hold()
    url = browser.path
    clock.move(timedelta(minutes=11))
    await calendars.sweep()
    await browser.post(url, **FORM)
    assert browser.page.status_code == 409
    carry = re.search(r'name="carry" value="([^"]+)"', browser.page.text)[1]
    await browser.hold(10, "other", carry=carry)
    assert 'value="lea@example.org"' in browser.text


async def test_a_finished_form_prolongs_the_hold_once_to_half_an_hour(browser):
    await browser.to_check()
    for _ in range(2):
        await browser.post(browser.path.removesuffix("/check"), **FORM)
    async with connection() as c:
        held = await c.fetchval("SELECT hold_until - created FROM parvis.booking WHERE state = 'held'")
    assert held == timedelta(minutes=30)


async def test_a_wrong_code_is_told_at_its_field_and_another_comes_after_a_minute(browser):
    await browser.to_check()
    await browser.code()
    check = browser.path
    await browser.post(check, code="no")
    assert browser.page.status_code == 422
    assert 'id="code-error"' in browser.page.text
    again = check.removesuffix("/check") + "/code"
    assert (await browser.post(again)).page.status_code == 429
    clock.move(timedelta(seconds=61))
    assert (await browser.post(again)).page.status_code == 200
    await browser.post(check, code=await browser.code())
    assert "/visit/" in browser.path


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("people=1", "what"),
        (f"{SEARCH}&near=Xyzzyqwk", "near"),
        (f"{SEARCH}&since=2020-01-01", "since"),
        (f"{SEARCH}&since=2222-01-01", "since"),
        (f"{SEARCH}&since=31/02/2027", "since"),
        ("what=CNI&people=9", "people"),
        ("what=CNI&people=0", "people"),
        ("what=CNI&people=many", "people"),
        (f"{SEARCH}&near={'x' * 10_000}", "near"),
    ],
)
async def test_a_search_that_cannot_be_made_says_so_where_it_belongs(browser, query, field):
    await browser.get(f"/e/m2a/idcard/hours?{query}")
    assert browser.page.status_code == 422
    assert f'id="{field}-error"' in browser.page.text


async def test_every_view_and_filter_of_the_hours_is_a_page(browser):
    day = browser.town.calendar.day
    for query in (
        "view=month",
        "order=soon",
        "half=morning",
        "half=afternoon",
        "weekday=1&weekday=2",
        "accessible=yes",
        "place=nowhere",
        f"day={day}",
        f"since={day}",
        "lat=47.7&lon=7.3",
    ):
        assert (await browser.get(f"/e/m2a/idcard/hours?{SEARCH}&{query}")).page.status_code == 200


async def test_nothing_free_says_what_to_do(browser):
    await browser.get(f"/e/m2a/idcard/hours?{SEARCH}&half=afternoon")
    assert 'class="empty"' in browser.page.text
    assert 'name="slot"' in browser.page.text


@pytest.mark.parametrize("token", ["x", "0" * 32 + ".guessed", "%F0%9F%98%80"])
async def test_an_altered_address_is_not_found(browser, token):
    for part in ("", "/check"):
        assert (await browser.get(f"/e/m2a/idcard/hold/{token}{part}")).page.status_code == 404


async def booked(browser):
    await browser.to_check()
    await browser.post(browser.path, code=await browser.code())
    found = browser.page.url
    browser.http.cookies.clear()
    return found.path, f"?key={found.params['key']}"


async def test_the_link_alone_shows_and_only_a_button_changes(browser):
    path, key = await booked(browser)
    assert (await browser.get(path)).page.status_code == 404
    assert (await browser.get(f"{path}{key[:-2]}xx")).page.status_code == 403
    for part in ("", "/cancel", "/move", "/people/0", "/visit.ics"):
        assert (await browser.get(f"{path}{part}{key}")).page.status_code == 200
    async with connection() as c:
        assert await c.fetchval("SELECT state FROM parvis.booking") == "confirmed"
    await browser.post(f"{path}/coming{key}")
    await browser.post(f"{path}/cancel{key}")
    assert browser.page.status_code == 200
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM parvis.booking WHERE state = 'confirmed'") == 0


async def test_moving_over_the_pages(browser):
    path, key = await booked(browser)
    await calendars.hold(browser.town.calendar.id, "deposit", browser.town.calendar.at(10))
    await browser.post(f"{path}/move{key}", slot=browser.slot(10))
    assert browser.page.status_code == 409
    assert (await browser.post(f"{path}/move{key}", slot="😀")).page.status_code == 409
    assert (await browser.post(f"{path}/move{key}")).page.status_code == 422
    assert (await browser.post(f"{path}/move{key}", slot=browser.slot(11))).page.status_code == 200
    ics = Calendar.from_ical((await browser.get(f"{path}/visit.ics{key}")).page.content)
    event = ics.walk("VEVENT")[0]
    assert (event.decoded("dtstart"), event["sequence"]) == (browser.town.calendar.at(11), 1)


async def test_correcting_over_the_pages(browser):
    path, key = await booked(browser)
    person = {"given": "Lea", "family": "Martin", "age": "adult", "number": "A123456789"}
    assert (await browser.post(f"{path}/people/0{key}", **person)).page.status_code == 200
    other = {"given": "Paul", "family": "Durand", "age": "adult", "number": "B123456789"}
    assert (await browser.post(f"{path}/people/0{key}", **other)).page.status_code == 409
    assert (await browser.post(f"{path}/people/0{key}", **person | {"number": "1"})).page.status_code == 422
    assert (await browser.get(f"{path}/people/7{key}")).page.status_code == 404


async def test_the_permanent_link_has_a_code_to_print(browser):
    assert (await browser.get("/e/m2a/idcard/link")).page.status_code == 200
    drawn = await browser.get("/e/m2a/idcard/link/deposit")
    assert drawn.page.headers["content-type"].startswith("image/svg+xml")
    assert (await browser.get("/e/m2a/idcard/link/other")).page.status_code == 404


async def test_what_is_typed_counts_more_than_a_position_of_before(browser):
    await browser.get(f"/e/m2a/idcard/hours?{SEARCH}&near=Illzach&lat=48.5&lon=7.7")
    assert "Illzach" in browser.text
    await browser.get(f"/e/m2a/idcard/hours?{SEARCH}&near=75001")
    assert browser.page.status_code == 422
    assert "laissez vide" in browser.text


async def test_municipalities_complete_by_name_and_by_postcode(browser):
    await browser.get("/e/m2a/idcard")
    assert '<option value="Illzach" label="Illzach 68110">' in browser.page.text
