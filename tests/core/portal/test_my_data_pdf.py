"""The PDF of one's data: all that the JSON has, in the reader's language, and no other's."""

import io
import re
from dataclasses import replace
from datetime import date, datetime

import httpx
import pytest
from pypdf import PdfReader

from parvis import clock, plugins, settings
from parvis.audit import actions as audit
from parvis.branding.queries import brand_of
from parvis.contract.values import PersonalData, Role
from parvis.db import transaction
from parvis.errors import Text
from parvis.identity import actions as identity
from parvis.identity import family
from parvis.identity.actors import Actor, Grant
from parvis.identity.words import ROLES
from parvis.plugins.registry import Plugins
from parvis.portal.mine import gathering
from parvis.portal.mine.rules import WORDS
from parvis.territory.actions import add_emitter
from parvis.testing.applications import application
from parvis.testing.calendars import a_calendar
from parvis.testing.people import a_person, a_session
from parvis.testing.plugins import a_plugin
from parvis.testing.visits import a_visit
from parvis.web.formats import day_hour
from parvis.web.i18n import translate
from parvis.web.papers import Line, Listing, listed

LANGUAGES = ("fr", "de", "en")


@pytest.fixture
async def app(database, monkeypatch):
    # One minute for both files, or a line of the trace is told of two.
    now = clock.now()
    monkeypatch.setattr(clock, "now", lambda: now)
    await add_emitter("m2a", "m2A", "agglomeration", latitude=47.75, longitude=7.33)
    made = application()
    (plugin,) = a_plugin(key="canteen")
    data = PersonalData(key="canteen.rows", export=cooked, erase=len, words={"dish": Text("Paper")})
    plugins.use(Plugins({"canteen": replace(plugin, personal_data=(data,))}))
    return made


async def cooked(_):
    return {"dish": "couscous", "empty": "", "guests": [{"family": "Martin"}, {"family": None}], "paid": False}


async def taken(app, person, lang):
    """The JSON of somebody, and the answer with the PDF, as they get them in their language."""
    headers = {"accept-language": lang}
    base, cookies = settings.current().base_url, await a_session(person)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url=base, headers=headers, cookies=cookies) as client:
        # The PDF first: its being taken away is a line of the trace that the JSON has too.
        pdf = await client.get("/my/data/export.pdf")
        return (await client.get("/my/data/export.json")).json(), pdf


def text_of(pdf):
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def squeezed(text):
    """Without what a line's end may have put in or taken away."""
    return re.sub(r"\s", "", text)


def leaves(value, path=()):
    if isinstance(value, dict):
        return [leaf for key, one in value.items() for leaf in [(path, key, True), *leaves(one, (*path, key))]]
    if isinstance(value, list):
        return [leaf for one in value for leaf in leaves(one, path)]
    return [(path, value, False)]


def said(value, is_key, lang):
    """How a key or a value of the JSON is to be read."""
    words = {role.value: text for role, text in ROLES.items()} | {**gathering.words(), **WORDS}
    if value is None or value == "":
        return translate("nothing", lang)
    if isinstance(value, bool):
        return translate("yes" if value else "no", lang)
    if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\dT", value):
        return day_hour(datetime.fromisoformat(value), lang)
    if value in words:
        return translate(words[value], lang)
    return value.replace("_", " ") if is_key else str(value)


async def somebody_with_everything():
    """Names that a western code page has no letters for, a family, a role, four requests, one of them read."""
    claire = await a_person(name="Claire Martin")
    await family.add(
        Actor(person=claire), family.Details(given="Léa", family="Œuvrard", born=date(2015, 1, 4), kin=family.Kin.CHILD)
    )
    for _ in range(4):
        calendar = await a_calendar()
        _, dossier = await a_visit(
            calendar, calendar.at(9), "Şükrü Čapek", "Łukasz Żółć", "Đorđe Нина", "Νίκος Œuvrard"
        )
        async with transaction() as c:
            await c.execute("UPDATE parvis.dossier SET person = $2 WHERE id = $1", dossier, claire)
    await identity.grant(claire, Role.AGENT, calendar.emitter)
    agent = Actor(person=await a_person(name="Sophie Keller"), grants=(Grant(Role.AGENT, calendar.emitter),))
    await audit.saw(agent, dossier, calendar.emitter)
    return claire


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("everything", [True, False])
async def test_every_key_and_value_of_the_json_is_read_in_the_pdf(app, lang, everything):
    person = await somebody_with_everything() if everything else await a_person(name="Karim Benali")
    told, answer = await taken(app, person, lang)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == 'attachment; filename="my-data.pdf"'
    assert answer.headers["cache-control"] == "no-store"
    text = squeezed(text_of(answer.content))
    assert bool(told["requests"]) == everything
    assert [leaf for leaf in leaves(told) if squeezed(said(*leaf[1:], lang)) not in text] == []
    assert squeezed((await brand_of("m2a")).name) in text
    assert "?" not in text


async def test_nobody_elses_data_is_in_it(app):
    await somebody_with_everything()
    _, answer = await taken(app, await a_person(name="Karim Benali"), "en")
    text = text_of(answer.content)
    assert "Karim Benali" in text
    assert "Claire" not in text
    assert "apek" not in text


def a_listing(*lines):
    return Listing(
        sender="m2A",
        under="x",
        title="My data",
        lang="en",
        page="Page",
        lines=lines,
        unwritable="Some letters are missing.",
    )


def test_pages_are_numbered_and_long_values_are_wrapped_even_without_a_space():
    long = "Abc123" * 800
    reader = PdfReader(io.BytesIO(listed(a_listing(Line("Part"), Line("Key", long, 20)))))
    assert len(reader.pages) > 1
    texts = [page.extract_text() for page in reader.pages]
    assert all(f"Page {n}" in text for n, text in enumerate(texts, start=1))
    bodies = [squeezed(text).replace("m2Ax" + f"Page{n}", "") for n, text in enumerate(texts, start=1)]
    assert long in "".join(bodies)


def test_a_letter_without_a_shape_is_owned_up_to():
    shown = text_of(listed(a_listing(Line("Name", "山田 <b>&amp; Şükrü"))))
    assert "?? <b>&amp; Şükrü" in shown
    assert "Some letters are missing." in shown
    assert "Some letters are missing." not in text_of(listed(a_listing(Line("Name", "Why? Ş"))))
