"""An emitter's look in a real browser: colours picked, a logo chosen, everything seen before it is published."""

import re

import pytest
from playwright.async_api import expect
from tests.core.branding.test_pictures import HEAD, SHAPE, png
from tests.journeys.agents import sound
from tests.journeys.looking import Examiner

from parvis.branding import history, queries

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("chromium")]
PNG = re.compile(r"\.png$")
DRAWING = f'{HEAD}<style>.a{{fill:#123456}}</style><path class="a" d="M0 0h9v9z"/>{SHAPE}</svg>'.encode()


async def test_a_look_is_seen_as_it_is_chosen_published_and_gone_back_to(office):
    page = await office.agent(role="manager")
    said = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    await page.click("nav.side a[href$='/look']")
    await sound(page)
    await page.fill("#name", "Mairie de Test")
    await page.fill("#colour", "#ffcc00")
    await expect(page.locator("[data-colour-of=colour]")).to_have_value("#ffcc00")
    await expect(page.locator("#preview")).to_contain_text("choisie1,51 pour 1")
    shown = page.frame_locator("iframe.sample-page")
    await expect(shown.locator("h1")).to_have_text("Mairie de Test")
    await expect(shown.locator(".button").first).not_to_have_css("background-color", "rgb(255, 204, 0)")
    await page.locator("[data-colour-of=mail]").fill("#7a1f5c")
    await expect(page.frame_locator("iframe.sample-mail").locator("body")).to_contain_text("Mairie de Test")
    await page.get_by_text("Atkinson Hyperlegible").click()
    await page.set_input_files("#logo-file", {"name": "logo.svg", "mimeType": "image/svg+xml", "buffer": DRAWING})
    await expect(shown.locator("img.hero-arms")).to_be_visible()
    assert await shown.locator("img.hero-arms").evaluate("picture => picture.naturalWidth > 0")
    assert await shown.locator("h1").evaluate("title => getComputedStyle(title).fontFamily.includes('Atkinson')")
    await page.set_input_files("#icon-file", {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": b"\xff\xd8\xff"})
    await expect(page.locator("#preview")).to_contain_text("choisir un dessin SVG ou une image PNG")
    await page.set_input_files("#icon-file", {"name": "icon.png", "mimeType": "image/png", "buffer": png()})
    await expect(page.locator(".tab-sample img")).to_have_attribute("src", PNG)
    await sound(page)
    await page.click("button[value=publish]")
    await expect(page.locator(".notice")).to_contain_text("C’est publié")
    await sound(page)
    await page.goto(f"{office.address}/e/{office.slug}")
    await expect(page.locator("h1")).to_have_text("Mairie de Test")
    await expect(page.locator("link[rel=icon]")).to_have_attribute("href", PNG)
    await page.goto(f"{office.base}/look/changes")
    await sound(page)
    assert said == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 1280])
async def test_editor_and_samples_are_good_to_everybody(office, width, scheme):
    page = await office.agent(role="manager", color_scheme=scheme, viewport={"width": width, "height": 800})
    await page.goto(f"{office.base}/look")
    await page.fill("#accent", "#ffd9a0")
    await expect(page.locator("#preview")).to_contain_text("Couleur d’accent")
    faults = {page.url: await Examiner(page).faults()}
    samples = [await frame.get_attribute("src") for frame in await page.query_selector_all("iframe:not(.sample-mail)")]
    for address in samples:
        await page.goto(f"{office.address}{address}")
        faults[address] = await Examiner(page).faults()
    assert {address: found for address, found in faults.items() if found} == {}


async def test_by_keyboard_on_a_narrow_screen_without_scripts(office):
    page = await office.agent(role="manager", java_script_enabled=False, viewport={"width": 360, "height": 740})
    await page.goto(f"{office.base}/look")
    await page.set_input_files("#logo-file", {"name": "logo.svg", "mimeType": "image/svg+xml", "buffer": DRAWING})
    await page.focus("#colour")
    await page.keyboard.press("Control+A")
    await page.keyboard.type("7a1f5c")
    await page.keyboard.press("Enter")
    await expect(page.locator("#preview")).to_contain_text("Couleur principale : #7a1f5c au lieu de")
    await page.focus("button[value=publish]")
    await page.keyboard.press("Enter")
    await expect(page.locator(".notice")).to_contain_text("C’est publié")
    _, look = await history.worn(office.calendar.emitter, "Test")
    assert look.colour == "#7a1f5c"
    assert b"fill" in await queries.picture(office.slug, look.logo)
