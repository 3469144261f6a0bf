"""A basket over two municipalities and a contract holder in the running demo, paid in one journey in a browser.

It is refused once and paid again, told twice and late; then each accountant closes the day, and the books agree with
the services payment by payment: two amounts that changed places are found.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest
from playwright.async_api import Browser, Locator, Page, expect
from tests.journeys.agents import sound

from parvis.testing.running import RunningDemo, wait_for

pytestmark = [pytest.mark.fault, pytest.mark.xdist_group("demo")]
SIMULATOR = 5
PARIS = ZoneInfo("Europe/Paris")
TELEPHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 900}
# Who keeps the books of whose till at PayFiP, by its number there.
NUMBERS = {"mulhouse": "007700", "illzach": "007701"}
TWICE, LATE = "payment-notified-twice", "payment-notified-late"


async def test_a_basket_over_three_offices_is_paid_and_the_books_agree(demo: RunningDemo, browser: Browser) -> None:
    payer = await signed_in(browser, demo, "resident-1", TELEPHONE)
    await paid_by(payer, demo)
    for slug, number in NUMBERS.items():
        accountant, till = await closed(browser, demo, slug)
        statement = of_payfip(demo, number)
        assert await booked(accountant, till) == sorted(statement.values()), slug
        assert await compared(accountant, till, statement) == (len(statement), 0), slug
        if len(statement) > 1:
            assert await compared(accountant, till, swapped(statement)) == (len(statement) - 2, 2)
    accountant, till = await closed(browser, demo, "soleo")
    assert await booked(accountant, till) == await of_the_card(demo, accountant, till) != []


async def paid_by(payer: Page, demo: RunningDemo) -> None:
    """Pay the basket's three parts, the first after a refusal, and a bill besides; what is told late does nothing."""
    await payer.goto(f"{demo.url}/my/payments")
    await payer.click("text=Carte de dix entrées")
    basket = payer.url
    await sound(payer)
    first = await at_the_service(part(payer, "Mulhouse"))
    await payer.click("text=Carte refusée")
    await expect(part(payer, "Mulhouse")).to_contain_text("rien n’a été prélevé")
    await switch(payer, demo, TWICE, LATE)
    await payer.goto(basket)
    assert await at_the_service(part(payer, "Mulhouse")) == first
    await paid(payer, "Mulhouse", "Payer par carte")
    for office, button in (("Illzach", "Payer par carte"), ("Soléo", "Payer")):
        await at_the_service(part(payer, office))
        await paid(payer, office, button)
    await sound(payer)
    await payer.goto(f"{demo.url}/my/payments")
    await payer.click("text=Accueil du mercredi")
    await at_the_service(part(payer, "Illzach"))
    await paid(payer, "Illzach", "Payer par carte")
    assert {one["heard"] for one in payments(demo) if one["result"] == "P"} == {1, 0}
    await switch(payer, demo, TWICE, LATE)
    wait_for(lambda: all(one["heard"] >= 2 for one in payments(demo) if one["result"] == "P"), "what is told late")
    await payer.goto(basket)
    await expect(payer.locator("main").get_by_text("c’est payé")).to_have_count(3)
    await expect(payer.locator("a[href*='/receipts/']")).to_have_count(3)


def part(page: Page, office: str) -> Locator:
    """The part of a basket that an office asks for."""
    return page.locator(".offer").filter(has=page.locator("h2", has_text=office))


async def at_the_service(asked: Locator) -> str:
    """Go and pay it; the address of the service's page."""
    await asked.locator("button").first.click()
    await expect(asked.page.locator("h1")).to_contain_text("(simulation)")
    return asked.page.url


async def paid(page: Page, office: str, button: str) -> None:
    """Press a button at the service, and come back to a part that is paid."""
    await page.get_by_role("button", name=button, exact=True).click()
    await expect(part(page, office)).to_contain_text("c’est payé")


async def switch(page: Page, demo: RunningDemo, *faults: str) -> None:
    """Switch faults on that are off, and off that are on, on the page that the demo has for them."""
    await page.goto(f"{demo.url}/demo/faults")
    for fault in faults:
        form = page.locator("form", has=page.locator(f"input[value={fault}]"))
        before = await form.inner_text()
        await form.locator("button").click()
        await expect(form).not_to_have_text(before)


async def closed(browser: Browser, demo: RunningDemo, slug: str) -> tuple[Page, str]:
    """An emitter's accountant, who has closed the day of its till; the till's address."""
    page = await signed_in(browser, demo, f"accountant-{slug}", DESK)
    await page.goto(f"{demo.url}/office/{slug}/tills")
    await page.click(f"main a[href^='/office/{slug}/tills/'] >> nth=0")
    till = page.url
    await page.click(".rooms a[href$='/closings']")
    await page.click("text=Arrêter les journées >> nth=-1")
    await expect(page.locator(".notice.good")).to_contain_text("Les journées sont arrêtées")
    return page, till


async def booked(page: Page, till: str) -> list[int]:
    """What came in by services, in cents, an entry of the journal each."""
    return sorted(
        in_cents(row["debit"]) for row in await journal(page, till) if row["kind"] == "capture" and row["debit"]
    )


async def journal(page: Page, till: str) -> list[dict[str, str]]:
    """The lines of the accounts of services in a till's journal."""
    sheet = await (await page.request.get(f"{till}/journal.csv")).text()
    rows = csv.DictReader(io.StringIO(sheet.lstrip("\ufeff")), delimiter=";")
    return [row for row in rows if row["account"].startswith("clearing")]


async def compared(page: Page, till: str, statement: Mapping[tuple[str, str], int]) -> tuple[int, int]:
    """How many payments of a statement agree with the books and how many differ, as the accountant is shown."""
    lines = [f"{ref};{cents // 100},{cents % 100:02};encaissement;{day}" for (ref, day), cents in statement.items()]
    sheet = "\n".join(["reference;amount;kind;date", *lines])
    await page.goto(f"{till}/statement")
    await page.set_input_files("#file", {"name": "releve.csv", "mimeType": "text/csv", "buffer": sheet.encode()})
    await page.click("text=Comparer aux comptes")
    told = page.locator("main table tbody tr")
    await expect(told).to_have_count(len(statement))
    return await told.locator(".tag.good").count(), await told.locator(".tag.warn").count()


def swapped(statement: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    """The same statement in which two payments have one another's amount: its total is what it was."""
    (one, first), (other, second), *rest = statement.items()
    assert first != second
    return {one: second, other: first, **dict(rest)}


def of_payfip(demo: RunningDemo, number: str) -> dict[tuple[str, str], int]:
    """What PayFiP took for a client number: its payments by reference and day."""
    kept = {idop: one for idop, one in payfip(demo).items() if one["fields"]["numcli"] == number}
    return {
        (idop, datetime.fromisoformat(one["at"]).astimezone(PARIS).strftime("%d/%m/%Y")): int(one["fields"]["montant"])
        for idop, one in kept.items()
        if one["result"] in {"P", "V"}
    }


async def of_the_card(demo: RunningDemo, page: Page, till: str) -> list[int]:
    """What the card service took on the till's day, a payment each."""
    [account] = {row["account"].partition(":")[2] for row in await journal(page, till)}
    await page.goto(f"{till}/closings")
    asked = {"account": account, "day": await page.input_value("#day")}
    async with httpx.AsyncClient(timeout=30) as http:
        told = await http.post(f"http://127.0.0.1:{demo.port + SIMULATOR}/card/rows", json=asked)
    return sorted(row["cents"] for row in told.raise_for_status().json() if row["kind"] == "capture")


def payfip(demo: RunningDemo) -> dict[str, dict[str, Any]]:
    """Every payment that the simulated PayFiP knows, by its idOp."""
    [file] = demo.folder.rglob("payfip.json")
    return dict(json.loads(file.read_text()))


def payments(demo: RunningDemo) -> list[dict[str, Any]]:
    return [*payfip(demo).values()]


def in_cents(typed: str) -> int:
    return int(re.sub(r"\D", "", typed) or 0)


async def signed_in(browser: Browser, demo: RunningDemo, sub: str, viewport: Any) -> Page:
    """One of the demo's people in a browser of their own, signed in by the button of their name."""
    page = await (await browser.new_context(locale="fr-FR", viewport=viewport)).new_page()
    page.set_default_timeout(20_000)
    await page.goto(f"{demo.url}/login")
    await page.click(f"button[value={sub}]")
    await page.wait_for_url(f"{demo.url}/**")
    return page
