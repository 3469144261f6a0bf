import asyncio
from uuid import UUID

import httpx
import pytest
from litestar import Litestar

from parvis import settings
from parvis.branding import actions, queries
from parvis.branding.heraldry import arms
from parvis.branding.routes import look
from parvis.errors import NotFound, Refused
from parvis.territory.actions import add_emitter
from parvis.web.site import Site

pytestmark = pytest.mark.usefixtures("database")


async def _illzach() -> UUID:
    return await add_emitter("illzach", "Illzach", "municipality", latitude=47.78, longitude=7.35)


async def test_an_emitter_without_a_look_has_the_plain_one() -> None:
    await _illzach()
    brand = await queries.brand_of("illzach")
    assert (brand.name, brand.url, brand.logo, brand.stylesheet) == ("Illzach", "/e/illzach", None, None)


async def test_an_unknown_emitter_is_not_found() -> None:
    with pytest.raises(NotFound):
        await queries.brand_of("nowhere")


async def test_the_latest_version_counts_and_the_old_one_stays() -> None:
    town = await _illzach()
    await actions.dress(town, "Ville d’Illzach", "#15594a", arms("illzach", "Illzach"))
    before = await queries.brand_of("illzach")
    made = await actions.dress(town, "Ville d’Illzach", "#FC0", arms("illzach", "Illzach"))
    after = await queries.brand_of("illzach")
    assert made.corrected
    assert before.logo == after.logo
    assert before.stylesheet != after.stylesheet
    assert before.stylesheet is not None
    old = await queries.stylesheet("illzach", before.stylesheet.rpartition("/")[2].removesuffix(".css"))
    assert "--brand:#15594a" in old


async def test_versions_saved_at_once_follow_each_other() -> None:
    town = await _illzach()
    drawing = arms("illzach", "Illzach")
    await asyncio.gather(*(actions.dress(town, f"Illzach {n}", "#15594a", drawing) for n in range(5)))
    assert (await queries.brand_of("illzach")).name.startswith("Illzach ")


async def test_invented_arms_replace_nothing() -> None:
    town = await _illzach()
    await actions.dress(town, "Ville d’Illzach", "#102030", arms("illzach", "Illzach"))
    chosen = await queries.brand_of("illzach")
    await actions.dress_in_invented_arms(town, "illzach", "Illzach")
    assert await queries.brand_of("illzach") == chosen
    assert await queries.brands() == {"illzach": chosen}


async def test_what_cannot_be_worn_is_refused_at_its_field() -> None:
    town = await _illzach()
    with pytest.raises(Refused) as refused:
        await actions.dress(town, "Illzach", "green", "<svg/>")
    assert {refusal.field for refusal in refused.value.refusals} == {"logo", "colour"}


async def test_both_files_are_served_under_their_hash_for_ever() -> None:
    town = await _illzach()
    await actions.dress_in_invented_arms(town, "illzach", "Illzach")
    brand = await queries.brand_of("illzach")
    app = Litestar([look], plugins=[Site(settings.current())], openapi_config=None)
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        sheet = await client.get(str(brand.stylesheet))
        drawing = await client.get(str(brand.logo))
        unknown = await client.get("/branding/illzach/000.css")
        odd = await client.get("/branding/illzach/000.exe")
    assert sheet.headers["content-type"].startswith("text/css")
    assert "immutable" in sheet.headers["cache-control"]
    assert drawing.headers["content-type"].startswith("image/svg+xml")
    assert "sandbox" in drawing.headers["content-security-policy"]
    assert (unknown.status_code, odd.status_code) == (404, 404)
