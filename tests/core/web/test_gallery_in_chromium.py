"""Every part of a page in a real browser: no fault of accessibility, no sideways scrolling, no script needed."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import uvicorn
from litestar import Litestar
from playwright.async_api import Browser
from tests.chromium import emptied
from tests.journeys.looking import violations

from parvis.testing.sign_on import free_socket, serving

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("chromium")]


@pytest.fixture
async def address(gallery: Callable[..., Litestar], browser: Browser) -> AsyncIterator[str]:
    listening, url = free_socket()
    async with serving(uvicorn.Server(uvicorn.Config(gallery(public_url=url), log_level="warning")), listening):
        yield url
        await emptied(browser)


@pytest.mark.parametrize(
    ("path", "width", "scheme", "lang"),
    [
        ("/", 320, "light", "de-DE"),
        ("/", 1280, "dark", "fr-FR"),
        ("/gallery", 320, "dark", "fr-FR"),
        ("/gallery", 1280, "light", "de-DE"),
        ("/office", 360, "light", "fr-FR"),
        ("/office", 1280, "dark", "de-DE"),
        ("/nowhere", 360, "dark", "en-GB"),
    ],
)
async def test_every_part_is_accessible(
    browser: Browser, address: str, path: str, width: int, scheme: Any, lang: str
) -> None:
    context = await browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, locale=lang)
    page = await context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    await page.goto(address + path)
    assert await violations(page) == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    assert [line for line in said if "404" not in line] == []


async def test_a_wrong_form_takes_the_reader_to_what_is_wrong(browser: Browser, address: str) -> None:
    page = await browser.new_page()
    await page.goto(f"{address}/gallery")
    await page.fill("#email", "nadia@")
    await page.get_by_role("button", name="Continuer").click()
    await page.wait_for_selector("#errors")
    assert await page.evaluate("document.activeElement.id") == "errors"
    await page.click("#errors a[href='#email']")
    assert await page.evaluate("document.activeElement.id") == "email"
    assert await page.input_value("#email") == "nadia@"
    assert await violations(page) == []


async def test_it_all_works_without_script(browser: Browser, address: str) -> None:
    page = await (await browser.new_context(java_script_enabled=False)).new_page()
    await page.goto(f"{address}/gallery")
    await page.get_by_role("button", name="Deutsch").click()
    assert page.url == f"{address}/gallery"
    assert await page.locator("html").get_attribute("lang") == "de"
    await page.get_by_role("button", name="Continuer").click()
    assert await page.locator("#errors li").count() == 3


async def test_the_timer_counts_and_says_so(browser: Browser, address: str) -> None:
    page = await browser.new_page(locale="fr-FR")
    await page.clock.install()
    await page.goto(f"{address}/gallery")
    await page.wait_for_function("!document.querySelector('.timer-left').hidden")
    for minutes, said in ((4, "Il reste 5 minutes."), (3, "Il reste 2 minutes."), (1, "Il reste 1 minute.")):
        await page.clock.fast_forward(minutes * 60_000 - 2_000 + 4_000 * (minutes == 4))
        await page.clock.run_for(2_000)
        assert await page.locator("#live").inner_text() == said
    await page.clock.fast_forward(2 * 60_000)
    await page.clock.run_for(2_000)
    assert "Le temps est écoulé" in await page.locator(".timer-text").inner_text()


async def test_every_target_is_large_enough(browser: Browser, address: str) -> None:
    page = await browser.new_page(viewport={"width": 360, "height": 800})
    await page.goto(f"{address}/gallery")
    small = await page.evaluate(
        """[...document.querySelectorAll("button, .button, .hour, .month a, input, select, .back a, .bar a, .card a")]
        .filter((e) => e.type !== "hidden" && !e.closest(".choice, .languages"))
        .map((e) => [e.textContent.trim() || e.name, e.getBoundingClientRect()])
        .filter(([, box]) => box.height > 0 && (box.height < 44 || box.width < 42)).map(([name]) => name)"""
    )
    assert small == []
