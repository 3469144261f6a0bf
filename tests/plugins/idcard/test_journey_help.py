"""What helps whoever struggles: everything that lacks said at once, more time, another day than the next ones."""

import re
from datetime import timedelta

from tests.plugins.idcard.browsing import FORM, Browser

from parvis.db import connection

TWO = "what=CNI&people=2"
EMPTY = {f"applicants-{n}-{name}": "" for n in range(2) for name in ("given", "family", "number")}


async def of_two(browser: Browser) -> Browser:
    return await browser.post("/e/m2a/idcard/hold", slot=browser.slot(), search=TWO, page="page")


def told(browser: Browser) -> list[tuple[str, str]]:
    summary = re.search(r'<ul class="found">(.*?)</ul>', browser.text, re.DOTALL)[1]
    return re.findall(r'href="#([^"]+)">([^<]+)<', summary)


async def test_all_that_lacks_is_told_at_once_in_the_order_of_the_page(browser):
    await of_two(browser)
    await browser.post(browser.path, channel="mail", email="", **EMPTY)
    people = [f"applicants-{n}-{name}" for n in range(2) for name in ("given", "family", "age", "number")]
    assert [field for field, _ in told(browser)] == [*people, "email"]
    ids = re.findall(r' id="([^"]+)"', browser.page.text)
    assert [ids.index(field) for field, _ in told(browser)] == sorted(ids.index(field) for field, _ in told(browser))


async def test_what_two_people_lack_says_whose_it_is(browser):
    await of_two(browser)
    await browser.post(browser.path, channel="mail", email="", **EMPTY)
    said = [text for _, text in told(browser)]
    assert len(set(said)) == len(said)
    assert sum(text.startswith("Personne 2\u00a0: ") for text in said) == 4


async def test_more_time_can_be_had_once_and_keeps_what_was_typed(browser):
    await browser.hold()
    assert f'formaction="{browser.path}/longer"' in browser.page.text
    half = {name: value for name, value in FORM.items() if name != "applicants-0-number"}
    await browser.post(f"{browser.path}/longer", **half)
    assert browser.page.status_code == 200
    assert 'class="errors"' not in browser.page.text
    assert 'value="Martin"' in browser.text
    assert "/longer" not in browser.page.text
    await browser.post(f"{browser.path}/longer", **half)
    async with connection() as c:
        held = await c.fetchval("SELECT hold_until - created FROM parvis.booking WHERE state = 'held'")
    assert held == timedelta(minutes=30)


async def test_an_appointment_is_moved_to_any_day_of_the_month(browser):
    await browser.to_check()
    await browser.post(browser.path, code=await browser.code())
    await browser.get(f"{browser.path}/move?key={browser.page.url.params['key']}&view=month")
    day = browser.town.calendar.day
    address = next(found for found in re.findall(r'href="([^"]+)"', browser.text) if f"day={day}" in found)
    await browser.get(address)
    assert f'value="{browser.slot(11)}"' in browser.page.text


async def test_a_cancelled_appointment_says_so_and_offers_another(browser):
    await browser.to_check()
    await browser.post(browser.path, code=await browser.code())
    await browser.post(f"{browser.path}/cancel?key={browser.page.url.params['key']}")
    assert "<h1>Votre rendez-vous est annulé</h1>" in browser.text
    assert 'href="/e/m2a/idcard"' in browser.page.text
