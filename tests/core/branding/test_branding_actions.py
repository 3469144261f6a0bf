import asyncio
from datetime import timedelta
from uuid import UUID

import asyncpg
import httpx
import pytest
from litestar import Litestar

from parvis import clock, settings
from parvis.branding import actions, history, queries
from parvis.branding.looks import Look, Typeface
from parvis.branding.pictures import Picture
from parvis.branding.routes import look
from parvis.db import connection
from parvis.errors import Conflict, NotFound, Refused
from parvis.territory.actions import add_emitter
from parvis.web.site import Site

DRAWING = Picture("svg", b"<svg/>")
OTHER = Picture("svg", b"<svg></svg>")
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
    logo = await actions.keep_picture(town, DRAWING)
    first = Look(name="Ville d’Illzach", colour="#15594a", logo=logo)
    await actions.publish(town, first)
    before = await queries.brand_of("illzach")
    second = Look(name="Ville d’Illzach", colour="#ffcc00", logo=logo, typeface=Typeface.LORA)
    assert await actions.publish(town, second, base=1) == 2
    after = await queries.brand_of("illzach")
    assert (before.logo, before.icon) == (after.logo, f"/branding/illzach/{DRAWING.file}")
    assert before.stylesheet != after.stylesheet
    assert before.stylesheet is not None
    old = await queries.stylesheet("illzach", before.stylesheet.rpartition("/")[2].removesuffix(".css"))
    assert "--brand:#15594a" in old
    assert await history.worn(town, "Illzach") == (2, second)
    assert [version.look for version in await history.versions(town)] == [second, first]
    assert [version.version for version in await history.since(town, 1)] == [2]
    assert (await history.version(town, 1)).look == first
    with pytest.raises(NotFound):
        await history.version(town, 3)


async def test_versions_saved_at_once_follow_each_other() -> None:
    town = await _illzach()
    looks = [Look(name=f"Illzach {n}", colour="#15594a") for n in range(5)]
    made = await asyncio.gather(*(actions.publish(town, look) for look in looks))
    assert sorted(made) == [1, 2, 3, 4, 5]


async def test_who_looked_at_an_older_version_overwrites_nothing() -> None:
    town = await _illzach()
    looks = [Look(name=f"Illzach {n}", colour="#15594a") for n in range(5)]
    made = await asyncio.gather(*(actions.publish(town, look, base=0) for look in looks), return_exceptions=True)
    assert sorted(map(type, made), key=str) == [int, *[Conflict] * 4]


async def test_the_database_lets_nobody_change_a_version() -> None:
    town = await _illzach()
    await actions.publish(town, Look(name="Illzach", colour="#15594a"))
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with connection() as c:
            await c.execute("UPDATE parvis.branding SET colour = '#000000'")


async def test_a_picture_nobody_wears_is_let_go_after_a_day() -> None:
    town = await _illzach()
    worn = await actions.keep_picture(town, DRAWING)
    await actions.publish(town, Look(name="Illzach", colour="#15594a", icon=worn))
    await actions.publish(town, Look(name="Illzach", colour="#15594a"))
    unworn = await actions.keep_picture(town, OTHER)
    clock.move(timedelta(days=2))
    await actions.keep_picture(town, Picture("png", b"3"))
    assert await queries.picture("illzach", worn) == DRAWING.content
    with pytest.raises(NotFound):
        await queries.picture("illzach", unworn)


async def test_a_picture_of_somebody_else_cannot_be_worn() -> None:
    town = await _illzach()
    other = await add_emitter("rixheim", "Rixheim", "municipality", latitude=47.75, longitude=7.4)
    logo = await actions.keep_picture(other, DRAWING)
    with pytest.raises(Refused) as refused:
        await actions.publish(town, Look(name="Illzach", colour="#15594a", logo=logo, icon=logo))
    assert [refusal.field for refusal in refused.value.refusals] == ["logo", "icon"]


async def test_mails_wear_their_own_colour_or_the_main_one_readable_under_white() -> None:
    town = await _illzach()
    assert await queries.letter_colour("illzach") is None
    await actions.publish(town, Look(name="Illzach", colour="#15594a"))
    assert await queries.letter_colour("illzach") == "#15594a"
    await actions.publish(town, Look(name="Illzach", colour="#15594a", mail="#ffcc00"))
    assert await queries.letter_colour("illzach") == "#907300"


async def test_invented_arms_replace_nothing() -> None:
    town = await _illzach()
    await actions.publish(town, Look(name="Ville d’Illzach", colour="#102030"))
    chosen = await queries.brand_of("illzach")
    await actions.dress_in_invented_arms(town, "illzach", "Illzach")
    assert await queries.brand_of("illzach") == chosen
    assert await queries.brands() == {"illzach": chosen}


async def test_both_files_are_served_under_their_hash_for_ever() -> None:
    town = await _illzach()
    await actions.dress_in_invented_arms(town, "illzach", "Illzach")
    png = await actions.keep_picture(town, Picture("png", b"1"))
    brand = await queries.brand_of("illzach")
    app = Litestar([look], plugins=[Site(settings.current())], openapi_config=None)
    transport = httpx.ASGITransport(app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        sheet = await client.get(str(brand.stylesheet))
        drawing = await client.get(str(brand.logo))
        picture = await client.get(f"/branding/illzach/{png}")
        unknown = await client.get("/branding/illzach/000.css")
        odd = await client.get("/branding/illzach/000.exe")
        elsewhere = await client.get(f"/branding/elsewhere/{png}")
    assert sheet.headers["content-type"].startswith("text/css")
    assert "immutable" in sheet.headers["cache-control"]
    assert drawing.headers["content-type"].startswith("image/svg+xml")
    assert "sandbox" in drawing.headers["content-security-policy"]
    assert (picture.headers["content-type"], picture.content) == ("image/png", b"1")
    assert (unknown.status_code, odd.status_code, elsewhere.status_code) == (404, 404, 404)
