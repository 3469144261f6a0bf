"""An emitter's settings in the back office: asked by their types, previewed before they are published, undone."""

import re
from dataclasses import replace
from typing import Annotated

import msgspec
import pytest

from parvis import plugins, settings
from parvis.contract.values import Asked, Channel, MessageTemplate
from parvis.db import connection
from parvis.errors import Text
from parvis.plugins import Plugins
from parvis.territory import actions, queries
from parvis.territory import queries as territory
from parvis.testing.calendars import a_calendar
from parvis.testing.plugins import a_plugin
from parvis.web import fields


def numbers(typed):
    return tuple(int(part) for part in typed.split(",") if part.strip())


class Loans(msgspec.Struct, frozen=True, kw_only=True):
    words: Annotated[fields.Wording, Asked(label=Text("In the mails"), section=Text("Texts"))] = fields.Wording()
    days: Annotated[int, msgspec.Meta(ge=1, le=60), Asked(label=Text("Days of a loan"), section=Text("Loans"))] = 21
    fines: Annotated[bool, Asked(label=Text("Fines"), section=Text("Loans"))] = False
    calls: Annotated[tuple[int, ...], fields.Reader(numbers, empty=True), Asked(label=Text("Calls"))] = (7, 2)


SIGN_IN = MessageTemplate(
    key="messages/contact-code",
    name=Text("Code"),
    channels=frozenset({Channel.MAIL}),
    sample={"code": "123456"},
    settled=lambda settings, language: {"code": settings.words.in_(language) or "-"},
)
KEPT = {"days": "21", "calls": "7, 2"}


@pytest.fixture
async def manager(office):
    [brought] = a_plugin(key="library")
    library = replace(brought, settings=Loans, message_templates=(SIGN_IN,))
    before = plugins.current()
    plugins.use(Plugins({"library": library}))
    await actions.add_emitter(settings.current().territory, "Whole", "agglomeration", latitude=47.7, longitude=7.3)
    await actions.enable_plugin(office.calendar.emitter, "library")
    yield await office.agent(role="manager")
    plugins.use(before)


async def typed(manager, step="preview", **values):
    """Send the form as it stands on the page, with these values instead."""
    hidden = dict(re.findall(r'type="hidden" name="(version|previewed|seen)" value="([^"]*)"', manager.text))
    return await manager.post("settings/library", **{**hidden, **KEPT, **values, "step": step})


async def published(manager, **values):
    await manager.get("settings/library")
    await typed(manager, **values)
    return await typed(manager, "publish", **values)


async def kept(office):
    return await queries.settings_of("library", office.calendar.emitter, Loans)


async def test_every_setting_is_asked_by_its_type_and_in_each_language(manager):
    await manager.get("settings/library")
    assert manager.status == 200
    for name in ("words-fr", "words-de", "words-en", "days", "fines", "calls"):
        assert f'name="{name}"' in manager.text
    assert 'value="7, 2"' in manager.text
    assert manager.text.index("Texts</h2>") < manager.text.index("Loans</h2>")


async def test_what_is_previewed_is_published_and_counts_at_once(manager, office):
    chosen = {"days": "14", "words-fr": "Bonjour <b>à tous</b>\nMerci", "fines": "yes", "calls": ""}
    await manager.get("settings/library")
    await typed(manager, **chosen)
    assert manager.status == 200
    assert "Days of a loan: 14 instead of 21" in manager.text
    assert "Calls: nothing instead of “7, 2”" in manager.text
    assert "Fines: yes instead of no" in manager.text
    assert "In the mails (in French)" in manager.text
    assert await kept(office) == Loans()
    await typed(manager, "publish", **chosen)
    assert "Published" in manager.text
    words = fields.Wording(fr="Bonjour <b>à tous</b>\nMerci")
    assert await kept(office) == Loans(words=words, days=14, fines=True, calls=())


async def test_nothing_is_published_that_was_not_previewed(manager, office):
    await manager.get("settings/library")
    await typed(manager, days="14")
    await typed(manager, "publish", days="15")
    assert manager.status == 422
    assert "Look at the preview" in manager.text
    assert 'value="15"' in manager.text
    assert await kept(office) == Loans()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"days": "0"}, "1 or more"),
        ({"days": "many"}, "whole number"),
        ({"days": ""}, "Write a whole number"),
        ({"words-de": "x" * 1001}, "at most 1000 characters"),
        ({}, "This changes nothing"),
    ],
)
async def test_what_does_not_fit_is_said_and_everything_typed_stays(manager, office, values, said):
    await published(manager, **{"words-fr": "Bonjour", **values} if values else {})
    assert manager.status == 422
    assert said in manager.text
    assert not values or "Bonjour" in manager.text
    assert await kept(office) == Loans()


async def test_a_mail_is_shown_with_its_look_as_typed_and_may_do_nothing(manager):
    await manager.get("settings/library")
    await manager.post(
        "settings/library/mail", **KEPT, mail="messages/contact-code:de", **{"words-fr": "<script>1</script>"}
    )
    assert manager.status == 200
    assert "<script" not in manager.page.text
    assert "&lt;script&gt;" in manager.page.text
    policy = manager.page.headers["content-security-policy"]
    assert ("sandbox" in policy, "script-src" in policy) == (True, False)
    for key in ("messages/contact-code:xx", "other/code:fr", "", ":"):
        await manager.post("settings/library/mail", **KEPT, mail=key)
        assert manager.status == 404


async def test_two_people_at_once_see_what_the_other_published_and_choose(manager, office):
    other = await office.agent(role="manager")
    await manager.get("settings/library")
    await published(other, days="14", calls="3")
    await typed(manager, "publish", days="30", fines="yes")
    assert manager.status == 422
    assert "Somebody else published settings meanwhile" in manager.text
    both = manager.text.partition("You both changed:")[2].partition("</ul>")[0]
    assert ("Days of a loan" in both, "Calls" in both) == (True, False)
    await typed(manager, days="30", fines="yes", resolve="both")
    await typed(manager, "publish", days="30", fines="yes", resolve="both")
    assert await kept(office) == Loans(days=30, fines=True, calls=(3,))


@pytest.mark.parametrize(("resolve", "left"), [("mine", Loans(days=30)), ("theirs", Loans(days=14, calls=(3,)))])
async def test_one_of_two_changes_can_be_chosen(manager, office, resolve, left):
    await manager.get("settings/library")
    await published(await office.agent(role="manager"), days="14", calls="3")
    await typed(manager, days="30")
    await typed(manager, days="30", resolve=resolve)
    if resolve == "mine":
        await typed(manager, "publish", days="30", resolve=resolve)
    assert await kept(office) == left


async def test_a_third_change_is_shown_before_the_choice_counts(manager, office):
    await manager.get("settings/library")
    third = await office.agent(role="manager")
    await published(third, days="14")
    await typed(manager, days="30")
    page = manager.text
    await published(third, days="15")
    manager.page._content = page.encode()
    await typed(manager, days="30", resolve="mine")
    assert "Choose what becomes of the two changes" in manager.text
    assert await kept(office) == Loans(days=15)


async def test_every_change_has_a_name_and_a_time_and_is_undone_alone(manager, office):
    await published(manager, days="14")
    await published(manager, days="14", calls="3")
    await manager.get("settings/library/changes")
    assert "Calls: “3” instead of “7, 2”" in manager.text
    [name] = await named(manager.person)
    assert manager.text.count(name) >= 2
    await manager.get("settings/library/changes/1")
    assert "Days of a loan: 21 instead of 14" in manager.text
    for _ in range(2):
        await manager.post("settings/library/changes/1")
    assert await kept(office) == Loans(calls=(3,))
    await manager.get("settings/library/changes/1")
    assert "Nothing is left of it" in manager.text
    await manager.post("settings/library/changes/3")
    assert await kept(office) == Loans(days=14, calls=(3,))


async def test_settings_come_back_when_the_plugin_is_enabled_again(manager, office):
    await published(manager, days="14")
    await actions.disable_plugin(office.calendar.emitter, "library")
    await manager.get("settings/library")
    assert manager.status == 404
    await actions.enable_plugin(office.calendar.emitter, "library")
    assert await kept(office) == Loans(days=14)
    await published(manager, days="15")
    assert await kept(office) == Loans(days=15)


async def test_only_its_own_manager_sees_settings(manager, office):
    other = await a_calendar()
    await actions.enable_plugin(other.emitter, "library")
    theirs = (await territory.emitter(other.emitter)).slug
    for path in ("settings", "settings/library", "settings/library/changes"):
        await manager.get(f"/office/{theirs}/{path}")
        assert manager.status == 404
        agent = await office.agent()
        await agent.get(path)
        assert agent.status == 403
    for path in ("settings/elsewhere", "settings/library/changes/9"):
        await manager.get(path)
        assert manager.status == 404


async def named(person):
    async with connection() as c:
        return [row["name"] for row in await c.fetch("SELECT name FROM parvis.person WHERE id = $1", person)]
