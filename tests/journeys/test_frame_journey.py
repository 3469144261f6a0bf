"""The next free hours framed in a town's own site, of which there are two here: one it names, one it does not."""

import datetime as dt
from contextlib import asynccontextmanager

import pytest
import uvicorn
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from litestar import Litestar, get
from litestar.enums import MediaType
from litestar.params import FromPath
from tests.journeys.looking import Examiner

from parvis.db import connection
from parvis.territory.actions import keep_settings
from parvis.testing.sign_on import free_socket, serving
from parvis_idcard.emitter_settings import Settings

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("chromium")]
SNIPPET = '<iframe src="{portal}/e/{slug}/idcard/frame?lang={lang}" title="Heures libres" width="100%" height="700">'
SETTINGS = [(320, "dark", "de"), (360, "light", "fr"), (1280, "light", "en")]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """A certificate of its own for localhost, as an origin has to be https."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=30))
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("https") / "localhost.pem"
    plain = serialization.NoEncryption()
    form = serialization.PrivateFormat.PKCS8
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, form, plain) + made.public_bytes(serialization.Encoding.PEM)
    )
    return file


@asynccontextmanager
async def a_site(certificate, portal, slug):
    """A town's own site with the snippet in a page for each language; its origin."""

    @get("/{lang:str}", media_type=MediaType.HTML, sync_to_thread=False)
    def page(lang: FromPath[str]) -> str:
        framed = SNIPPET.format(portal=portal, slug=slug, lang=lang)
        return f"<!doctype html><html lang=fr><title>La ville</title><h1>La ville</h1>{framed}</iframe>"

    listening, address = free_socket()
    config = uvicorn.Config(
        Litestar([page], openapi_config=None),
        log_level="warning",
        lifespan="off",
        ssl_certfile=certificate,
        timeout_graceful_shutdown=1,
    )
    async with serving(uvicorn.Server(config), listening):
        yield address.replace("http:", "https:")


@pytest.fixture
async def town():
    async with connection() as c:
        return await c.fetchrow("SELECT id, slug FROM parvis.emitter WHERE slug LIKE 'town-%'")


async def look(browser, address, width=1280, scheme="light", **more):
    context = await browser.new_context(
        viewport={"width": width, "height": 800}, color_scheme=scheme, ignore_https_errors=True, **more
    )
    page = await context.new_page()
    await page.goto(address)
    return page


async def refused(browser, address):
    """Open a page whose frame stays empty, and see the browser say why."""
    page = await look(browser, "about:blank")
    async with page.expect_console_message(lambda line: "frame-ancestors" in line.text):
        await page.goto(address)
    assert await page.frames[1].locator("a").count() == 0


async def test_the_site_the_emitter_names_shows_it_and_another_does_not(portal, town, certificate, browser):
    async with (
        a_site(certificate, portal, town["slug"]) as named,
        a_site(certificate, portal, town["slug"]) as another,
    ):
        await keep_settings(town["id"], "idcard", Settings(framed_by=(named,)))
        shown = await look(browser, f"{named}/de", java_script_enabled=False)
        (framed,) = shown.frames[1:]
        assert await framed.locator("a.hour").count() > 0
        assert await framed.inner_text("h1") == "Personalausweis oder Reisepass: die nächsten freien Uhrzeiten"
        async with shown.expect_navigation(url=f"{portal}/**"):
            await framed.click("a.hour >> nth=0")
        assert shown.frames[1:] == []
        assert await shown.get_attribute("html", "lang") == "de"
        await shown.click("label[for='what']")
        await shown.click("main form.question button.main")
        assert "/idcard/hold/" in shown.url
        await refused(browser, f"{another}/de")


async def test_no_other_page_can_be_framed_by_the_site_it_names(portal, town, certificate, browser):
    async with a_site(certificate, portal, f"{town['slug']}/idcard?") as named:
        await keep_settings(town["id"], "idcard", Settings(framed_by=(named,)))
        await refused(browser, f"{named}/fr")


@pytest.mark.parametrize(("width", "scheme", "lang"), SETTINGS)
async def test_the_framed_page_is_sound_and_light(portal, town, browser, width, scheme, lang):
    sent = []
    page = await look(browser, "about:blank", width, scheme)
    page.on("response", lambda answer: sent.append(answer))
    await page.goto(f"{portal}/e/{town['slug']}/idcard/frame?lang={lang}", wait_until="networkidle")
    assert await Examiner(page).faults() == []
    assert await page.context.cookies() == []
    sizes = [(await answer.request.sizes())["responseBodySize"] for answer in sent]
    assert sum(sizes) < 30_000, [answer.url for answer in sent]
    async with page.expect_navigation():
        await page.click("a.hour >> nth=0")
    assert await Examiner(page).faults() == []
    async with page.expect_navigation():
        await page.click("main form.question button.main")
    assert await Examiner(page).faults() == []
    assert await page.get_attribute("html", "lang") == lang
