"""A contract from both sides: made, proposed, sent back, published, suspended; who may what, who is written to."""

import re
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest

from parvis import plugins, settings
from parvis.audit import queries as audit
from parvis.db import connection
from parvis.identity import actions as identity
from parvis.identity import queries as people
from parvis.messages.sealing import unseal
from parvis.territory import queries as territory
from parvis.territory.actions import add_emitter, enable_plugin
from parvis.testing.calendars import a_calendar
from parvis.testing.visits import a_visit


@dataclass
class Sides:
    """The town hall's manager and the holder's, in browsers of their own."""

    office: object
    authority: object
    holder: object
    contract: UUID | None = None

    @property
    def path(self):
        return f"contracts/{self.contract}/idcard"

    async def mails(self):
        async with connection() as c:
            rows = await c.fetch(
                "SELECT sealed FROM parvis.message WHERE template = 'office/contract-step' ORDER BY id"
            )
        return [(letter.address, letter.context) for row in rows if (letter := unseal(row["sealed"]))]

    def version(self, agent):
        return re.findall(r'name="version" value="(\d+)"', agent.page.text)[0]


async def _with_mail(agent, address):
    found = await people.person(agent.person)
    await identity.ensure_person(found.issuer, found.subject, name=found.name, email=address, phone="")


@pytest.fixture
async def sides(office):
    if "idcard" not in {service.key for plugin in plugins.current() for service in plugin.services}:
        pytest.skip("no service to entrust is installed")
    await add_emitter(settings.current().territory, "Whole", "agglomeration", latitude=47.7, longitude=7.3)
    holder = await add_emitter("soleo", "Soléo", "contract-holder", latitude=47.7, longitude=7.3)
    for emitter in (office.calendar.emitter, holder):
        await enable_plugin(emitter, "idcard")
    theirs = await _at(office, holder)
    authority = await office.agent("manager")
    await _with_mail(authority, "town@example.org")
    await _with_mail(theirs, "soleo@example.org")
    return Sides(office, authority, theirs)


async def _at(office, emitter):
    @dataclass
    class Where:
        emitter: UUID

    return await office.agent("manager", Where(emitter))


async def made(sides, **changed):
    today = territory.today()
    usual = {
        "title": "Reception", "holder": "soleo", "services": "idcard", "places": str(sides.office.calendar.place),
        "first_day": today.isoformat(), "last_day": (today + timedelta(days=60)).isoformat(),
    }  # fmt: skip
    await sides.authority.post("contracts/new", **{**usual, **changed})
    if sides.authority.page.url.path.count("/") > 3 and "/new" not in sides.authority.page.url.path:
        sides.contract = UUID(sides.authority.page.url.path.rpartition("/")[2])
    return sides


async def proposed(sides, **changed):
    await sides.holder.get(f"{sides.path}/proposal")
    today = territory.today()
    usual = {
        "places": str(sides.office.calendar.place), "first_day": today.isoformat(),
        "last_day": (today + timedelta(days=60)).isoformat(), "about-fr": "Sur rendez-vous",
        "version": sides.version(sides.holder), "submit": "yes",
    }  # fmt: skip
    return await sides.holder.post(f"{sides.path}/proposal", **{**usual, **changed})


async def stepped(sides, agent, act, **more):
    await agent.get(sides.path)
    version = re.findall(r'name="version" value="(\d+)"', agent.page.text)
    return await agent.post(f"{sides.path}/steps", act=act, version=version[0] if version else "0", **more)


async def test_from_the_contract_to_what_residents_see(sides):
    await made(sides)
    await sides.holder.get("contracts")
    assert "Reception" in sides.holder.text
    await proposed(sides)
    assert "in review" in sides.holder.text
    assert [address for address, _ in await sides.mails()] == ["town@example.org"]

    await sides.authority.get(sides.path)
    assert "Sur rendez-vous" in sides.authority.text
    await stepped(sides, sides.authority, "send-back")
    assert sides.authority.status == 422
    assert "Say why in a sentence" in sides.authority.text
    await stepped(sides, sides.authority, "send-back", comment="Add the hours")
    assert sides.authority.status == 200
    await sides.holder.get(sides.path)
    assert "Add the hours" in sides.holder.text

    await proposed(sides, **{"about-fr": "De 9 h à 12 h"})
    await stepped(sides, sides.authority, "publish")
    await sides.holder.get("/e/soleo")
    assert "De 9 h à 12 h" in sides.holder.text
    assert [address for address, _ in await sides.mails()] == [
        "town@example.org", "soleo@example.org", "town@example.org", "soleo@example.org",
    ]  # fmt: skip

    await a_visit(sides.office.calendar, sides.office.calendar.at(9))
    await stepped(sides, sides.authority, "suspend", comment="Works")
    assert "1 appointment to look after" in sides.authority.text
    await sides.holder.get("/e/soleo")
    assert "suspended for the moment" in sides.holder.text
    assert 'value="resume"' not in (await sides.holder.get(sides.path)).page.text
    await stepped(sides, sides.holder, "resume")
    assert sides.holder.status == 409
    await stepped(sides, sides.authority, "resume")
    assert "suspended for the moment" not in (await sides.holder.get("/e/soleo")).text
    acts = [act.action for act in await audit.trail("contract", sides.contract)]
    assert acts == ["make-contract", "submit", "send-back", "submit", "publish", "suspend", "resume"]


async def test_what_ends_after_its_last_day_is_listed(sides):
    await made(sides)
    await proposed(sides)
    await stepped(sides, sides.authority, "publish")
    await a_visit(sides.office.calendar, sides.office.calendar.at(9))
    await sides.authority.post(f"contracts/{sides.contract}/end", last_day=territory.today().isoformat())
    assert sides.authority.status == 200
    assert "after the last day" in (await sides.authority.get(sides.path)).text


async def test_what_is_refused_keeps_what_was_typed(sides):
    await made(sides, title="", places="")
    assert sides.authority.status == 422
    assert "Say what the contract is about" in sides.authority.text
    assert "Choose at least one" in sides.authority.text
    assert sides.contract is None
    await made(sides, places=str(UUID(int=3)))
    assert sides.authority.status == 422
    await made(sides)
    await proposed(sides, **{"about-fr": "", "last_day": "2001-01-01"})
    assert sides.holder.status == 422
    assert "Say in French" in sides.holder.text
    assert 'value="2001-01-01"' in sides.holder.text


async def test_a_draft_is_the_holders_own(sides):
    await made(sides)
    await proposed(sides, submit="", **{"about-fr": "Secret so far"})
    assert "Secret so far" in (await sides.holder.get(sides.path)).text
    assert "Secret so far" not in (await sides.authority.get(sides.path)).text
    assert await sides.mails() == []


async def test_each_side_does_only_its_own(sides):
    await made(sides)
    await proposed(sides)
    assert (await stepped(sides, sides.holder, "publish")).status == 409
    assert (await sides.authority.get(f"{sides.path}/proposal")).status == 404
    assert (await sides.holder.get("contracts/new")).status == 403
    assert (await sides.holder.post(f"contracts/{sides.contract}/end", last_day="2030-01-01")).status == 404
    other = await sides.office.agent("manager", await a_calendar())
    for path in (f"contracts/{sides.contract}", sides.path, f"{sides.path}/proposal"):
        assert (await other.get(path)).status == 404, path
    assert (await other.post(f"{sides.path}/steps", act="publish", version="1")).status == 404


async def test_the_holders_people_work_with_the_calendar_while_the_contract_holds(sides):
    assert (await sides.holder.get(f"calendars/{sides.office.calendar.id}")).status == 404
    await made(sides)
    assert (await sides.holder.get(f"calendars/{sides.office.calendar.id}")).status == 200
    yesterday = territory.today() - timedelta(days=1)
    async with connection() as c:
        await c.execute("UPDATE parvis.contract SET first_day = $1, last_day = $1", yesterday)
    assert (await sides.holder.get(f"calendars/{sides.office.calendar.id}")).status == 404
