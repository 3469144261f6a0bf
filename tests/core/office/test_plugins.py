"""Plugins of an emitter: read, enabled, disabled without losing anything; hooks run where they are enabled only."""

import re
from dataclasses import replace
from datetime import timedelta

import httpx
import msgspec
import pytest
from litestar import Router, get
from litestar.params import FromPath

from parvis import outbox, plugins, settings
from parvis.app.portal_process import compose
from parvis.contract.values import (
    Audience,
    DataHeld,
    Mount,
    NavEntry,
    Permission,
    Reaction,
    Role,
    Service,
)
from parvis.db import connection, transaction
from parvis.errors import Text
from parvis.events import MessageQueued
from parvis.identity import guards
from parvis.outbox import subscriptions
from parvis.outbox.subscriptions import Subscriptions
from parvis.plugins import Plugins
from parvis.portal import queries as portal
from parvis.territory import actions, queries
from parvis.testing.plugins import a_plugin


class Loans(msgspec.Struct, frozen=True, kw_only=True):
    days: int = 21


async def heard(_):
    """Nothing: that it is due is what counts."""


@get("/", **guards.page(guards.public(), "everyone"))
async def shelf(emitter: FromPath[str]) -> str:
    return "books"


@get("/", **guards.page(guards.staff("library.lend"), "agent"))
async def lending(emitter: FromPath[str]) -> str:
    return "loans"


def a_library():
    service = Service(
        key="loan",
        name=Text("Loan"),
        summary=Text("Books"),
        kinds=(),
        details=Loans,
        first_page="/",
        kept=timedelta(30),
    )
    [brought] = a_plugin(service, key="library")
    held = DataHeld(what=Text("Names of readers"), why=Text("To call books back"), kept=timedelta(days=90))
    return replace(
        brought,
        manifest=replace(brought.manifest, data=(held,), calls=("https://catalogue.example.org/api",)),
        settings=Loans,
        permissions=(Permission(key="library.lend", name=Text("Lend books"), roles=frozenset({Role.AGENT})),),
        routes=(
            Mount(where="emitter", audience=Audience.PUBLIC, router=Router("/", route_handlers=[shelf])),
            Mount(where="office", audience=Audience.STAFF, router=Router("/", route_handlers=[lending])),
        ),
        nav_entries=(NavEntry(area="today", label=Text("Lending desk"), path="", permission="library.lend"),),
        reactions=(Reaction(key="library.heard", event=MessageQueued, handle=heard),),
    )


@pytest.fixture
async def library(office):
    """The office with a library plugin installed, enabled nowhere."""
    installed = Plugins({"library": a_library()})
    before = plugins.current(), subscriptions.current()
    plugins.use(installed)
    office.app = compose(installed)
    subscriptions.use(Subscriptions((), installed.reactions(), is_enabled=queries.is_enabled))
    await actions.add_emitter(settings.current().territory, "Whole", "agglomeration", latitude=47.7, longitude=7.3)
    yield office
    plugins.use(before[0])
    subscriptions.use(before[1])


def mark(page):
    return re.search(r'name="mark" value="([^"]+)"', page.text)[1]


async def enabled(manager):
    await manager.get("plugins/library")
    return await manager.post("plugins/library/enable", mark=mark(manager), read="yes")


async def due():
    async with connection() as c:
        return {
            row["emitter"]
            for row in await c.fetch(
                "SELECT emitter FROM parvis.event JOIN parvis.delivery ON delivery.event = event.id "
                "WHERE reaction = 'library.heard'"
            )
        }


async def happened(*emitters):
    async with transaction():
        for emitter in emitters:
            await outbox.record(MessageQueued(emitter=emitter, message=emitter))


async def test_everything_there_is_to_know_is_read_before_it_is_enabled(library):
    manager = await library.agent(role="manager")
    await manager.get("plugins")
    assert "not enabled" in manager.text
    await manager.get("plugins/library")
    for said in ("Names of readers", "To call books back", "90 days", "catalogue.example.org", "Lend books"):
        assert said in manager.text
    assert "MessageQueued" in manager.text
    assert "Lending desk" in manager.text


@pytest.mark.parametrize("typed", [{}, {"read": "yes"}, {"read": "yes", "mark": "0" * 16}])
async def test_nothing_is_enabled_that_was_not_read(library, typed):
    manager = await library.agent(role="manager")
    await manager.post("plugins/library/enable", **typed)
    assert manager.status == 422
    assert not await queries.is_enabled("library", library.calendar.emitter)


async def test_its_hooks_run_for_the_emitters_that_enabled_it_and_for_no_other(library):
    own = library.calendar.emitter
    other = await actions.add_emitter("thann", "Thann", "municipality", latitude=47.8, longitude=7.1)
    manager, agent = await library.agent(role="manager"), await library.agent()
    pages = [f"/e/{library.slug}/library", f"/office/{library.slug}/library"]

    async def answers():
        return [(await agent.get(page)).status for page in pages]

    async def offered():
        return [len(await portal.offers(await queries.emitter(emitter))) for emitter in (own, other)]

    assert await answers() == [404, 404]
    assert "Lending desk" not in (await agent.get("today")).text
    await happened(own, other)
    assert (await due(), await offered()) == (set(), [0, 0])

    await enabled(manager)
    assert "It is enabled" in manager.text
    assert await answers() == [200, 200]
    assert "Lending desk" in (await agent.get("today")).text
    assert (await agent.get("/e/thann/library")).status == 404
    await happened(own, other)
    assert (await due(), await offered()) == ({own}, [1, 0])
    assert [found.id for found in await queries.publishers("loan")] == [own]

    await manager.post("plugins/library/disable")
    assert "It is disabled" in manager.text
    assert await answers() == [404, 404]
    assert (await manager.get("settings/library")).status == 404
    assert "Lending desk" not in (await agent.get("today")).text
    assert (await queries.publishers("loan"), await offered()) == ([], [0, 0])


async def test_what_was_set_is_there_again_and_the_changes_are_told(library):
    own = library.calendar.emitter
    manager = await library.agent(role="manager")
    await enabled(manager)
    await actions.keep_settings(own, "library", Loans(days=7))
    await manager.post("plugins/library/disable")
    await manager.post("plugins/library/disable")
    assert manager.status == 200
    await enabled(manager)
    assert await queries.settings_of("library", own, Loans) == Loans(days=7)
    assert manager.text.count("abled by Sophie Keller") == 3


async def test_a_service_that_was_suspended_stays_so(library):
    own = library.calendar.emitter
    manager = await library.agent(role="manager")
    await enabled(manager)
    async with connection() as c:
        await c.execute("UPDATE parvis.publication SET state = 'suspended' WHERE emitter = $1", own)
    await manager.post("plugins/library/disable")
    await enabled(manager)
    assert await queries.publishers("loan") == []


async def test_only_the_emitters_own_manager_may(library):
    for role, status in (("agent", 403), ("reader", 403), ("accountant", 403)):
        agent = await library.agent(role=role)
        assert (await agent.get("plugins")).status == status
        assert (await agent.post("plugins/library/enable", read="yes", mark="x")).status == status
    manager = await library.agent(role="manager")
    assert (await manager.get(f"/office/{settings.current().territory}/plugins/library")).status == 404
    assert (await manager.get("plugins/nothing")).status == 404
    async with httpx.AsyncClient(transport=httpx.ASGITransport(library.app), base_url=settings.current().base_url) as c:
        assert (await c.get(f"/office/{library.slug}/plugins")).status_code in (303, 401)
