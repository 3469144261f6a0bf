"""Both sides are written to before a contract ends and once it has: each once, in their language, by the day it is."""

import asyncio
import re
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from parvis import clock, plugins, settings
from parvis.contract.values import Channel, Role
from parvis.db import connection
from parvis.identity import actions as identity
from parvis.identity import members
from parvis.messages.letters import write
from parvis.messages.previews import HEAD
from parvis.messages.sealing import Letter, unseal
from parvis.office import jobs
from parvis.office.contracts import ending, notices
from parvis.settings import Settings
from parvis.territory import queries as territory
from parvis.territory.actions import add_emitter
from parvis.territory.publishing import actions, queries
from parvis.territory.publishing.rules import LATE, Notice, notice_due
from parvis.testing.calendars import a_calendar
from parvis.testing.plugins import a_plugin
from parvis.testing.visits import a_visit

AHEAD = Settings(env="test").contract_notice
DAY = timedelta(days=1)


@dataclass
class Sides:
    """A contract of 100 days, its first day today, between a town hall and a holder."""

    calendar: object
    contract: UUID
    holder: UUID
    last: date

    async def mails(self):
        """What was queued since it was asked last."""
        sql = "DELETE FROM parvis.message WHERE template = 'office/contract-end' RETURNING language, sealed"
        async with connection() as c:
            rows = await c.fetch(sql)
        letters = [(unseal(row["sealed"]), row["language"]) for row in rows]
        return {letter.address: (language, letter.context) for letter, language in letters}


async def a_manager(emitter, address, language="fr"):
    claims = {"iss": "https://i.example", "sub": address, "email": address, "email_verified": True, "name": "Somebody"}
    person = await identity.arrive(claims, language)
    await identity.grant(person, Role.MANAGER, emitter)


@pytest.fixture
async def sides(database):
    before = plugins.current() if plugins.registry._current else None
    plugins.use(a_plugin())
    calendar = await a_calendar()
    holder = await add_emitter("soleo", "Soléo", "contract-holder", latitude=47.7, longitude=7.3)
    today = territory.today()
    last = today + timedelta(days=99)
    contract = await actions.add_contract(
        calendar.emitter, holder, "Reception", ["idcard"], [calendar.place], today, last
    )
    await a_manager(calendar.emitter, "town@example.org")
    await a_manager(holder, "soleo@example.org", "de")
    await a_manager(holder, "other@example.org", "en")
    yield Sides(calendar, contract, holder, last)
    if before:
        plugins.use(before)


def go_to(day):
    clock.move(timedelta(days=(day - territory.today()).days))


async def test_each_is_written_to_once_before_and_once_after(sides):
    go_to(sides.last - AHEAD - DAY)
    assert (await ending.tell(), await sides.mails()) == (0, {})
    go_to(sides.last - AHEAD)
    assert (await ending.tell(), await ending.tell()) == (3, 0)
    told = await sides.mails()
    assert {address: language for address, (language, _) in told.items()} == {
        "town@example.org": "fr", "soleo@example.org": "de", "other@example.org": "en",
    }  # fmt: skip
    assert [context["over"] for _, context in told.values()] == [False] * 3
    slug = (await territory.emitter(sides.calendar.emitter)).slug
    base = settings.current().base_url
    assert told["town@example.org"][1]["url"] == f"{base}/office/{slug}/contracts/{sides.contract}"
    assert told["soleo@example.org"][1]["url"] == f"{base}/office/soleo/contracts/{sides.contract}"
    go_to(sides.last)
    assert await ending.tell() == 0
    go_to(sides.last + DAY)
    assert (await ending.tell(), await ending.tell()) == (3, 0)
    assert [context["over"] for _, context in (await sides.mails()).values()] == [True] * 3
    go_to(sides.last + LATE + DAY)
    assert await ending.tell() == 0


async def test_after_another_last_day_they_are_written_to_anew(sides):
    go_to(sides.last - AHEAD)
    assert await ending.tell() == 3
    assert {context["last_day"] for _, context in (await sides.mails()).values()} == {sides.last}
    later = sides.last + 30 * DAY
    await actions.set_last_day(sides.contract, later)
    assert await ending.tell() == 0
    go_to(sides.last + DAY)
    assert (await ending.tell(), await ending.tell()) == (3, 0), "of the new day, and not that it is over"
    assert {context["last_day"] for _, context in (await sides.mails()).values()} == {later}
    await actions.set_last_day(sides.contract, sides.last + 2 * DAY)
    assert (await ending.tell(), await ending.tell()) == (3, 0)
    await actions.set_last_day(sides.contract, later)
    assert await ending.tell() == 0, "of that day they know"
    go_to(later + DAY)
    assert (await ending.tell(), await ending.tell()) == (3, 0)


async def test_two_workers_at_once_write_once(sides):
    go_to(sides.last)
    assert sum(await asyncio.gather(*(ending.tell() for _ in range(4)))) == 3
    assert len(await sides.mails()) == 3


async def test_an_end_that_changes_meanwhile_is_not_told(sides):
    found = await queries.contract(sides.contract)
    await actions.set_last_day(sides.contract, sides.last + DAY)
    assert not await actions.note_notice(found, sides.holder, Notice.SOON)


async def test_who_becomes_a_manager_later_is_not_forgotten_where_there_was_nobody(sides):
    for member in await members.members_of(sides.holder):
        for held in member.roles:
            await identity.end_grant(held.id)
    go_to(sides.last)
    assert await ending.tell() == 1
    await a_manager(sides.holder, "new@example.org")
    assert (await ending.tell(), await ending.tell()) == (1, 0)


async def test_the_authority_reads_how_many_appointments_are_left(sides):
    calendar = sides.calendar
    start = calendar.at(9)
    await a_visit(calendar, start)
    await actions.set_last_day(sides.contract, territory.today())
    await ending.tell()
    told = await sides.mails()
    assert (told["town@example.org"][1]["left"], told["soleo@example.org"][1]["left"]) == (1, 0)


def test_it_is_looked_for_every_hour():
    assert timedelta(hours=1) in {timer.every for timer in jobs.timers() if timer.run == ending.tell}


@pytest.mark.parametrize("left", [0, 1, 3])
@pytest.mark.parametrize("over", [False, True])
@pytest.mark.parametrize("ours", [False, True])
@pytest.mark.parametrize(("language", "day"), [("fr", "30 juin"), ("de", "30. Juni"), ("en", "30 June")])
def test_the_words_are_there_in_every_language(instance, left, over, ours, language, day):
    sample = notices.TEMPLATES[1].sample | {"left": left, "over": over, "ours": ours}
    mail = write(notices.END, Channel.MAIL, language, HEAD, Letter("a@example.org", sample))
    assert (day in mail.subject) is not over
    assert day in mail.text.replace("\N{NO-BREAK SPACE}", " ")
    assert sample["url"] in mail.text
    assert bool(re.search(rf"^{left}\W", mail.text, re.MULTILINE)) is (ours and left > 0)


days = some.dates(date(2026, 1, 1), date(2028, 1, 1))


@given(days, days, days, some.integers(0, 400))
def test_an_end_is_told_of_only_near_it_and_never_before_the_first_day(first, last, today, ahead):
    first, last = sorted((first, last))
    told = notice_due(first, last, today, timedelta(ahead))
    assert (told is Notice.SOON) == (first <= today <= last and (last - today).days <= ahead)
    assert (told is Notice.OVER) == (0 < (today - last).days <= LATE.days)
