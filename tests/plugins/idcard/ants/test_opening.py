"""The page of one hour, where the national search leads."""

import asyncio
import re
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from html import unescape
from urllib.parse import urlsplit

import httpx
import pytest

from parvis import clock, settings
from parvis.calendars import actions as calendars
from parvis.calendars import grids
from parvis.calendars.proofs import unlike_bookings
from parvis.db import connection, transaction
from parvis.territory.actions import add_emitter, enable_plugin, publish
from parvis.territory.queries import place
from parvis.testing.applications import application

CLICK = {
    "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0",
    "sec-fetch-mode": "navigate",
    "sec-fetch-dest": "document",
    "sec-fetch-user": "?1",
    "sec-fetch-site": "cross-site",
}


@pytest.fixture
async def app(town, monkeypatch):
    monkeypatch.setenv("PARVIS_IDCARD_ANTS_TOKENS", "token")
    whole = await add_emitter("m2a", "m2A", "agglomeration", latitude=47.75, longitude=7.33)
    await enable_plugin(whole, "idcard")
    await publish(whole, "idcard")
    return application()


def visitor(app, **headers):
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app, client=("192.0.2.7", 1)),
        base_url=settings.current().base_url,
        headers={"accept": "text/html", "accept-language": "en"} | CLICK | headers,
        follow_redirects=True,
    )


@pytest.fixture
async def browser(app):
    async with visitor(app) as http:
        yield http


async def callback(app, town, hour="09:00", **more):
    """The address that the search was given for an hour of the working day."""
    day = town.calendar.day
    asked = {"meeting_point_ids": (await place(town.calendar.place)).slug, "start_date": day, "end_date": day}
    async with visitor(app, **{"x-hub-rdv-auth-token": "token"}) as hub:
        answer = await hub.get("/ants/availableTimeSlots", params=asked | {"reason": "PASSPORT"} | more)
    found = next(iter(answer.json().values()))
    url = next(one["callback_url"] for one in found if one["datetime"] == f"{day}T{hour}Z")
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


async def held():
    async with connection() as c:
        sql = "SELECT lower(period) AS start, people FROM parvis.booking WHERE state = 'held' ORDER BY start"
        return [(row["start"], row["people"]) for row in await c.fetch(sql)]


async def test_following_it_holds_that_very_hour_with_everything_filled_in(app, browser, town):
    page = await browser.get(await callback(app, town, documents_number=2))
    assert page.status_code == 200
    assert "/hold/" in page.url.path
    assert await held() == [(town.calendar.at(9), 2)]
    assert page.text.count('<fieldset class="person">') == 2
    async with connection() as c:
        assert await c.fetchval("SELECT search FROM idcard.draft") == "what=PASSPORT&people=2"


async def test_an_hour_that_has_gone_offers_the_nearest_and_is_no_error(app, browser, town):
    url = await callback(app, town)
    await town.hold(9)
    page = await browser.get(url)
    assert page.status_code == 200
    assert 'name="slot"' in page.text
    assert len(await held()) == 1
    nearest = re.search(r'name="slot" value="([^"]+)"', page.text)[1]
    chosen = await browser.post(
        "/e/m2a/idcard/hold",
        data={"slot": nearest, "search": "what=PASSPORT&people=1", "page": "p"},
        headers={"sec-fetch-site": "same-origin"},
    )
    assert "/hold/" in chosen.url.path
    assert (await held())[1] == (town.calendar.at(9, 20), 1)


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-purpose": "prefetch"},
        {"purpose": "prefetch"},
        {"x-moz": "prefetch"},
        {"sec-fetch-mode": "no-cors"},
        {"sec-fetch-dest": "image"},
        {"user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"},
        {"user-agent": "facebookexternalhit/1.1"},
        {"user-agent": "SkypeUriPreview Preview/0.5"},
    ],
)
async def test_what_only_looks_ahead_holds_nothing_and_sees_a_button(app, browser, town, headers):
    page = await browser.get(await callback(app, town), headers=headers)
    assert page.status_code == 200
    assert await held() == []
    assert page.headers["x-robots-tag"] == "noindex, nofollow"
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page.text))
    fields = {name: unescape(value) for name, value in fields.items()}
    chosen = await browser.post("/e/m2a/idcard/hold", data=fields, headers={"sec-fetch-site": "same-origin"})
    assert "/hold/" in chosen.url.path
    assert await held() == [(town.calendar.at(9), 1)]


async def test_a_script_without_such_headers_holds_it_too(app, town):
    url = await callback(app, town)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=settings.current().base_url) as plain:
        answer = await plain.get(url)
    assert answer.status_code == 303
    assert len(await held()) == 1


async def test_coming_back_finds_the_same_hold_and_what_was_typed(app, browser, town):
    url = await callback(app, town)
    first = await browser.get(url)
    form = {"applicants-0-given": "Léa"}
    await browser.post(first.url.path, data=form, headers={"sec-fetch-site": "same-origin"})
    again = await browser.get(url)
    assert again.url.path == first.url.path
    assert 'value="Léa"' in again.text
    assert len(await held()) == 1


async def test_choosing_another_hour_gives_the_first_one_back(app, browser, town):
    first, second = await callback(app, town), await callback(app, town, "10:00")
    await browser.get(first)
    await browser.get(second)
    assert await held() == [(town.calendar.at(10), 1)]


async def test_the_same_hour_for_more_people_is_held_for_them(app, browser, town):
    one, two = await callback(app, town), await callback(app, town, documents_number=2)
    await browser.get(one)
    assert (await browser.get(two)).status_code == 200
    assert await held() == [(town.calendar.at(9), 2)]


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_double_click_holds_the_last_place_once(app, town, at_once):
    url = await callback(app, town)

    async def click():
        async with visitor(app) as http:
            return await http.get(url)

    pages = list(await asyncio.gather(click(), click())) if at_once else [await click(), await click()]
    assert len(await held()) == 1
    assert "/hold/" in pages[-1].url.path or "/hold/" in pages[0].url.path
    assert await unlike_bookings() == []


async def test_somebody_else_behind_the_same_address_never_sees_what_was_typed(app, browser, town):
    url = await callback(app, town)
    first = await browser.get(url)
    await browser.post(first.url.path, data={"applicants-0-given": "Léa"}, headers={"sec-fetch-site": "same-origin"})
    async with visitor(app) as other:
        page = await other.get(url)
    assert page.status_code == 200
    assert "/hold/" not in page.url.path
    assert "Léa" not in page.text
    assert len(await held()) == 1


async def test_a_client_that_follows_every_link_is_shown_buttons_in_the_end(app, town):
    settings.use(replace(settings.current(), limit_claims=2))
    urls = [await callback(app, town, hour) for hour in ("09:00", "09:20", "09:40", "10:00")]
    for url in urls:
        async with visitor(app, **{"user-agent": "a greedy client"}) as http:
            assert (await http.get(url)).status_code == 200
    assert len(await held()) == 2


@pytest.mark.parametrize(
    "change",
    [
        "yesterday",
        "no such day",
        "no such place",
        "no reason",
        "nine people",
        "nobody",
        "between starts",
        "inactive",
    ],
)
async def test_whatever_has_become_of_it_there_is_a_page_with_a_way_on(app, browser, town, change):
    url = await callback(app, town)
    if change == "yesterday":
        clock.move(timedelta(days=7))
    if change == "inactive":
        async with transaction() as c:
            await c.execute("UPDATE parvis.place SET active = false")
    slug = (await place(town.calendar.place)).slug
    changed = {
        "no such day": url.replace(f"{town.calendar.day}T", "2027-02-30T"),
        "no such place": url.replace(slug, "😀"),
        "no reason": url.replace("PASSPORT", ""),
        "nine people": url.replace("documents_number=1", "documents_number=9"),
        "nobody": url.replace("documents_number=1", "documents_number=0"),
        "between starts": url.replace("T09:00", "T09:07"),
    }.get(change, url)
    assert changed != url or change in {"yesterday", "inactive"}
    page = await browser.get(changed)
    assert page.status_code == 200
    assert "<form" in page.text
    assert ('name="slot"' in page.text) == (change in {"yesterday", "no such day", "no such place", "between starts"})
    assert await held() == []


async def test_it_works_on_the_day_the_clock_changes(app, browser, town):
    change = datetime.combine(date(2027, 3, 28), time(9), town.calendar.zone)
    clock.move(change - timedelta(days=3) - clock.now())
    await grids.open_days(town.calendar.id)
    slug = (await place(town.calendar.place)).slug
    page = await browser.get(f"/e/m2a/idcard/at/{slug}/2027-03-28T09:00?reason=CNI")
    assert "/hold/" in page.url.path
    assert await held() == [(change, 1)]
    with pytest.raises(calendars.SlotFull):
        await calendars.hold(town.calendar.id, "deposit", change)
