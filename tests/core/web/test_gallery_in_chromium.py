"""Every part of a page in a real browser: no fault of accessibility, no sideways scrolling, no script needed."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvicorn
from axe_playwright_python.sync_playwright import Axe
from litestar import Litestar
from playwright.sync_api import Browser, Page, sync_playwright
from tests.journeys.looking import CHROMIUM

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]}
pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("chromium")]


@pytest.fixture
def address(gallery: Callable[..., Litestar]) -> Iterator[str]:
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listening.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(gallery(public_url=url), log_level="warning"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])), daemon=True)
    thread.start()
    yield url
    server.should_exit = True
    thread.join(10)


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as driver:
        found = driver.chromium.launch(**CHROMIUM)
        yield found
        found.close()


def _faults(page: Page) -> list[Any]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [(fault["id"], fault["nodes"][0]["html"][:160]) for fault in found]


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
def test_every_part_is_accessible(
    browser: Browser, address: str, path: str, width: int, scheme: Any, lang: str
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme, locale=lang)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(address + path)
    assert _faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [line for line in said if "404" not in line] == []


def test_a_wrong_form_takes_the_reader_to_what_is_wrong(browser: Browser, address: str) -> None:
    page = browser.new_page()
    page.goto(f"{address}/gallery")
    page.fill("#email", "nadia@")
    page.get_by_role("button", name="Continuer").click()
    page.wait_for_selector("#errors")
    assert page.evaluate("document.activeElement.id") == "errors"
    page.click("#errors a[href='#email']")
    assert page.evaluate("document.activeElement.id") == "email"
    assert page.input_value("#email") == "nadia@"
    assert _faults(page) == []


def test_it_all_works_without_script(browser: Browser, address: str) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{address}/gallery")
    page.get_by_role("button", name="Deutsch").click()
    assert page.url == f"{address}/gallery"
    assert page.locator("html").get_attribute("lang") == "de"
    page.get_by_role("button", name="Continuer").click()
    assert page.locator("#errors li").count() == 3


def test_the_timer_counts_and_says_so(browser: Browser, address: str) -> None:
    page = browser.new_page(locale="fr-FR")
    page.clock.install()
    page.goto(f"{address}/gallery")
    page.wait_for_function("!document.querySelector('.timer-left').hidden")
    for minutes, said in ((4, "Il reste 5 minutes."), (3, "Il reste 2 minutes."), (1, "Il reste 1 minute.")):
        page.clock.fast_forward(minutes * 60_000 - 2_000 + 4_000 * (minutes == 4))
        page.clock.run_for(2_000)
        assert page.locator("#live").inner_text() == said
    page.clock.fast_forward(2 * 60_000)
    page.clock.run_for(2_000)
    assert "Le temps est écoulé" in page.locator(".timer-text").inner_text()


def test_every_target_is_large_enough(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 800})
    page.goto(f"{address}/gallery")
    small = page.evaluate(
        """[...document.querySelectorAll("button, .button, .hour, .month a, input, select, .back a, .bar a, .card a")]
        .filter((e) => e.type !== "hidden" && !e.closest(".choice, .languages"))
        .map((e) => [e.textContent.trim() || e.name, e.getBoundingClientRect()])
        .filter(([, box]) => box.height > 0 && (box.height < 44 || box.width < 42)).map(([name]) => name)"""
    )
    assert small == []
