"""The look of an emitter in the back office: measured and previewed before it is published, and gone back to."""

import re
from html import unescape

import pytest
from tests.core.branding.test_pictures import HEAD, SHAPE, png

from parvis import settings
from parvis.branding import actions, history, queries
from parvis.branding.looks import Look, Typeface
from parvis.db import connection
from parvis.territory import actions as territory
from parvis.territory.queries import emitter
from parvis.testing.calendars import a_calendar

CHOSEN = {"name": "Ville de Test", "colour": "#15594a", "accent": "", "mail": "", "typeface": "source-serif"}
DRAWING = f"{HEAD}<script>alert(1)</script>{SHAPE}</svg>".encode()


@pytest.fixture
async def manager(office):
    await territory.add_emitter(settings.current().territory, "Whole", "agglomeration", latitude=47.7, longitude=7.3)
    return await office.agent(role="manager")


async def sent(manager, step="preview", headers=None, files=None, **values):
    """Send the form as it stands on the page, with these values instead; as a browser does, with files."""
    hidden = dict(re.findall(r'type="hidden" name="(version|previewed|seen|logo|icon)" value="([^"]*)"', manager.text))
    data = {**hidden, **CHOSEN, **values, "step": step}
    files = files or {"logo-file": ("", b"", "application/octet-stream")}
    manager.page = await manager.http.post(
        manager.url("look"), data=data, files=files, headers=headers, follow_redirects=True
    )
    return manager


async def published(manager, **values):
    await manager.get("look")
    await sent(manager, **values)
    return await sent(manager, "publish", **{name: value for name, value in values.items() if name != "files"})


async def worn(office):
    return (await history.worn(office.calendar.emitter, "Test"))[1]


async def test_the_page_shows_the_plain_look_where_none_was_chosen(manager, office):
    await manager.get("look")
    assert manager.status == 200
    assert manager.status == 200
    for name in ("name", "colour", "accent", "mail", "typeface", "logo-file", "icon-file"):
        assert f'name="{name}"' in manager.text
    assert "Every pair of colours can be read" in manager.text
    assert "In the dark scheme your colours are made lighter" in manager.text
    assert "frame-src 'self'" in manager.page.headers["content-security-policy"]
    assert (await history.worn(office.calendar.emitter, "Test"))[0] == 0


async def test_what_is_previewed_is_published_and_worn_at_once(manager, office):
    await manager.get("look")
    chosen = {"accent": "883311", "mail": "#124", "typeface": "lora"}
    await sent(manager, **chosen)
    assert manager.status == 200
    assert "Typeface of headings: Lora instead of Source Serif" in manager.text
    assert "Accent: #883311 instead of the usual one" in manager.text
    await sent(manager, "publish", **chosen)
    assert "Published" in manager.text
    look = Look(name="Ville de Test", colour="#15594a", accent="#883311", mail="#112244", typeface=Typeface.LORA)
    assert await worn(office) == look
    [version] = await history.versions(office.calendar.emitter)
    assert (version.version, version.person) == (1, manager.person)
    home = await manager.http.get(f"/e/{office.slug}")
    assert "Ville de Test" in home.text
    assert "on the portal of" in home.text
    [sheet] = re.findall(r'href="(/branding/[^"]+\.css)"', home.text)
    assert "--titles:Lora" in (await manager.http.get(sheet)).text


async def test_a_pair_that_cannot_be_read_is_shown_beside_the_nearest_that_can(manager, office):
    await manager.get("look")
    await sent(manager, colour="#ffcc00")
    corrected = manager.text.partition("cannot be read as you chose them")[2].partition("</ul>")[0]
    assert "Words on a button" in corrected
    assert "as chosen<br>1.51 to 1" in corrected
    ratios = [float(ratio) for ratio in re.findall(r"as published<br>([\d.]+) to 1", corrected)]
    assert ratios
    assert min(ratios) >= 4.5
    assert 'fill="#ffcc00"' in corrected
    await sent(manager, "publish", colour="#ffcc00")
    brand = await queries.brand_of(office.slug)
    sheet = await queries.stylesheet(office.slug, brand.stylesheet.rpartition("/")[2].removesuffix(".css"))
    assert "--brand:#ffcc00" not in sheet.partition("@media")[0]


async def test_nothing_is_published_that_was_not_previewed(manager, office):
    await manager.get("look")
    await sent(manager, colour="#123456")
    await sent(manager, "publish", colour="#123457")
    assert manager.status == 422
    assert "Look at the preview" in manager.text
    assert 'value="#123457"' in manager.text
    assert await history.versions(office.calendar.emitter) == []


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": ""}, "Write the name that people know you by"),
        ({"name": "x" * 81}, "at most 80"),
        ({"colour": "green"}, "six figures and letters"),
        ({"colour": ""}, "six figures and letters"),
        ({"accent": "#12"}, "six figures and letters"),
        ({"mail": "url(x)"}, "six figures and letters"),
        ({"typeface": "comic"}, "choose one of the answers"),
        ({"logo": "../../etc/passwd"}, "choose the picture again"),
        ({"logo": "0123456789ab.svg"}, "was not kept"),
    ],
)
async def test_what_does_not_fit_is_said_and_everything_typed_stays(manager, office, values, said):
    chosen = {"mail": "#112233", **values}
    await manager.get("look")
    await sent(manager, **chosen)
    await sent(manager, "publish", **chosen)
    assert manager.status == 422
    assert said in manager.text
    assert values.get("mail", "#112233") in manager.text
    assert await history.versions(office.calendar.emitter) == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xd8\xff\xe0 a photograph", "choose an SVG drawing or a PNG picture"),
        (DRAWING[:-6], "cannot be read as a drawing"),
        (png()[:-20], "damaged"),
        (png(4000, 20, 1, 0), "this one has 4000 by 20"),
        (bytes(9_000_000), "choose an SVG drawing or a PNG picture"),
    ],
    ids=["photograph", "cut drawing", "cut PNG", "broad PNG", "film"],
)
async def test_a_bad_file_is_refused_with_a_sentence_at_its_field(manager, office, content, said):
    await manager.get("look")
    await sent(manager, mail="#112233", files={"icon-file": ("x.svg", content, "image/svg+xml")})
    assert manager.status == 422
    assert said in manager.text
    assert 'href="#icon"' in manager.text
    assert 'value="#112233"' in manager.text
    assert await pictures() == []


async def test_a_file_beyond_all_measure_is_not_read(manager):
    await manager.get("look")
    await sent(manager, files={"icon-file": ("x.svg", bytes(11_000_000), "image/svg+xml")})
    assert manager.status == 413


async def test_a_drawing_is_cleaned_previewed_worn_and_taken_off(manager, office):
    await published(manager, files={"logo-file": ("logo.svg", DRAWING, "image/svg+xml")})
    assert "Published" in manager.text
    [(logo, content)] = await pictures()
    assert b"script" not in content
    brand = await queries.brand_of(office.slug)
    assert brand.logo == brand.icon == f"/branding/{office.slug}/{logo}"
    await published(manager, files={"icon-file": ("icon.png", png(), "image/png")})
    brand = await queries.brand_of(office.slug)
    assert (brand.logo, brand.icon[-4:]) == (f"/branding/{office.slug}/{logo}", ".png")
    home = (await manager.http.get(f"/e/{office.slug}")).text
    assert f'<link rel="icon" type="image/png" href="{brand.icon}">' in home
    await published(manager, **{"logo-none": "yes", "icon-none": "yes"})
    assert (await queries.brand_of(office.slug)).icon is None


async def test_a_script_gets_the_preview_with_what_is_wrong(manager):
    await manager.get("look")
    await sent(manager, headers={"hx-request": "true"}, colour="green")
    assert manager.status == 200
    assert "First mend this" in manager.text


async def test_samples_wear_what_was_chosen_and_do_nothing(manager, office):
    await manager.get("look")
    await sent(manager, name="<b>Ville", colour="#ffcc00", accent="#883311", typeface="atkinson")
    shown = {what: address for address, what in re.findall(r'src="([^"]*/sample/(\w+)[^"]*)"', manager.text)}
    assert set(shown) == {"page", "form", "mail"}
    for what, address in shown.items():
        await manager.get(address)
        assert manager.status == 200
        assert "&lt;b&gt;Ville" in manager.page.text
        policy = manager.page.headers["content-security-policy"]
        assert "sandbox" in policy if what == "mail" else "form-action 'none'" in policy
        assert "frame-ancestors 'self'" in policy
    await manager.get(shown["mail"])
    assert "background:#907300" in manager.text
    [palette] = re.findall(r'href="(/office/[^"]*palette\.css[^"]*)"', (await manager.get(shown["page"])).page.text)
    await manager.get(unescape(palette))
    assert manager.page.headers["content-type"].startswith("text/css")
    assert "Atkinson" in manager.text
    assert "--stone:" in manager.text


@pytest.mark.parametrize(
    "path", ["page", "page?name=x", "page?name=x&colour=red", "other?name=x&colour=%23123456", "palette.css"]
)
async def test_no_sample_of_what_is_no_look(manager, path):
    await manager.get(f"look/sample/{path.partition('?')[0]}", **dict(re.findall(r"(\w+)=([^&]+)", path)))
    assert manager.status == 404


async def test_two_people_at_once_see_what_the_other_published_and_choose(manager, office):
    other = await office.agent(role="manager")
    await manager.get("look")
    await published(other, colour="#123456", accent="#883311")
    await sent(manager, "publish", colour="#654321", mail="#112233")
    assert manager.status == 422
    assert "Somebody else published a look meanwhile" in manager.text
    both = manager.text.partition("You both changed:")[2].partition("</ul>")[0]
    assert ("Main colour" in both, "Accent" in both) == (True, False)
    await sent(manager, colour="#654321", mail="#112233", resolve="both")
    await sent(manager, "publish", colour="#654321", mail="#112233", resolve="both")
    assert await worn(office) == Look(name="Ville de Test", colour="#654321", accent="#883311", mail="#112233")


@pytest.mark.parametrize(("resolve", "left"), [("mine", "#654321"), ("theirs", "#123456")])
async def test_one_of_two_changes_can_be_chosen(manager, office, resolve, left):
    await manager.get("look")
    await published(await office.agent(role="manager"), colour="#123456")
    await sent(manager, colour="#654321")
    await sent(manager, colour="#654321", resolve=resolve)
    if resolve == "mine":
        await sent(manager, "publish", colour="#654321", resolve=resolve)
    assert (await worn(office)).colour == left


async def test_every_look_has_a_name_and_a_time_and_is_gone_back_to(manager, office):
    await published(manager, colour="#123456")
    await published(manager, colour="#654321", mail="#112233")
    await manager.get("look/changes")
    assert "Main colour: #654321 instead of #123456" in manager.text
    assert manager.text.count("Sophie Keller") >= 2
    assert manager.text.count("Look at it, go back to it") == 1
    await manager.get("look", **{"from": "1"})
    assert "This is an earlier look" in manager.text
    assert "Main colour: #123456 instead of #654321" in manager.text
    await sent(manager, "publish", colour="#123456")
    assert "Published" in manager.text
    assert [found.look.colour for found in await history.versions(office.calendar.emitter)] == [
        "#123456",
        "#654321",
        "#123456",
    ]
    await manager.get("look", **{"from": "9"})
    assert manager.status == 404


async def test_the_territory_itself_wears_what_its_manager_chose(manager, office):
    whole = await queries.brand_of(settings.current().territory)
    at = await a_calendar()
    async with connection() as c:
        whole_id = await c.fetchval("SELECT id FROM parvis.emitter WHERE slug = $1", whole.slug)
    await actions.publish(whole_id, Look(name="The Whole", colour="#123456"))
    assert "The Whole" in (await manager.http.get("/")).text
    assert "The Whole" in (await manager.http.get(f"/e/{(await emitter(at.emitter)).slug}")).text


async def test_only_its_own_manager_sees_or_changes_a_look(manager, office):
    theirs = (await emitter((await a_calendar()).emitter)).slug
    agent = await office.agent()
    for path in ("look", "look/changes", "look/sample/page?name=x&colour=%23123456"):
        await manager.get(f"/office/{theirs}/{path}")
        assert manager.status == 404
        await agent.get(path)
        assert agent.status == 403
    await manager.post(f"/office/{theirs}/look", **CHOSEN)
    assert manager.status == 404
    await agent.post("look", **CHOSEN)
    assert agent.status == 403


async def test_publishing_is_in_the_trace(manager, office):
    await published(manager, colour="#123456")
    async with connection() as c:
        row = await c.fetchrow("SELECT person, emitter, details FROM parvis.audit_trace WHERE action = 'publish-look'")
    assert (row["person"], row["emitter"], row["details"]) == (manager.person, office.calendar.emitter, {"version": 1})


async def pictures():
    async with connection() as c:
        return [(row["file"], row["content"]) for row in await c.fetch("SELECT * FROM parvis.branding_picture")]
