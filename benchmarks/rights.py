"""The pages of rights: 10,000 members of 400 emitters, in the real application, against reading them by SQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx

from benchmarks.day import each
from benchmarks.measure import Line, middle_time, ratio_of, rounds, spread
from parvis import clock, crypto, settings
from parvis.app import create
from parvis.contract.values import Role
from parvis.db import connection, new_id, transaction
from parvis.settings import Settings
from parvis.territory import actions as territory
from parvis.testing.people import ISSUER, a_person, a_session

_EMITTERS, _MEMBERS, _LARGEST = 400, 10_000, 1_000
_GIVEN = ("Nora", "Éric", "Jean-Luc", "Zoé", "Müge", "Anaïs", "Paul", "Łucja")
_BY_SQL = (
    "SELECT name, role, given_at, ends_at FROM parvis.role_grant JOIN parvis.person ON person.id = person "
    "WHERE emitter = $1 AND ended_at IS NULL ORDER BY name"
)
_Look = Callable[[], Awaitable[object]]


async def rights_lines(url: str, times: int) -> list[Line]:
    """Milliseconds in the server for the pages of a usual emitter and of the largest, and for what roles may."""
    crypto.use(crypto.load_keys(settings.current()))
    emitters = await _people()
    instance = replace(settings.current(), database_url=url)
    asked = {
        f"the page of rights, {_MEMBERS // _EMITTERS} of {_MEMBERS:,} members of {_EMITTERS} emitters": ("people", 1),
        f"the same of an emitter with {_LARGEST:,} members": ("people", 0),
        "what each role may do there": ("people/roles", 0),
        "the changes of rights there": ("people/changes", 0),
    }
    return [await _line(figure, instance, emitters[which], path, times) for figure, (path, which) in asked.items()]


async def _line(figure: str, instance: Settings, emitter: tuple[UUID, str], path: str, times: int) -> Line:
    async with _page(instance, emitter, path) as look:
        contenders = {"page": lambda _: each(look), "sql": lambda _: each(lambda: _by_sql(emitter[0]))}
        found = await rounds(contenders, times)
    return Line(
        f"{figure}, as a page ÷ reading them (time)",
        "100 ms",
        "–",
        ratio_of(found["page"], found["sql"]),
        middle_time(found["page"]),
        middle_time(found["sql"]),
        spread(found["page"]),
        spread(found["sql"]),
    )


async def _people() -> list[tuple[UUID, str]]:
    """Emitters with their people, the first one with the most: ids and slugs."""
    made = []
    for n in range(_EMITTERS):
        slug = f"house-{n}"
        emitter = await territory.add_emitter(slug, f"House {n}", "municipality", latitude=47.7, longitude=7.3)
        made.append((emitter, slug))
    now = clock.now()
    people, grants = [], []
    for n in range(_MEMBERS):
        person = new_id()
        emitter, _ = made[0] if n < _LARGEST else made[1 + n % (_EMITTERS - 1)]
        people.append((person, ISSUER, str(person), f"{_GIVEN[n % len(_GIVEN)]} Muller {n}", "", "", now))
        role = (Role.AGENT, Role.READER)[n % 5 == 0]
        ends = now + timedelta(days=30) if n % 7 == 0 else None
        grants.append((new_id(), person, role.value, emitter, now - timedelta(days=n % 900), ends))
    async with transaction() as c:
        columns = ["id", "issuer", "subject", "name", "email", "phone", "created_at"]
        await c.copy_records_to_table("person", schema_name="parvis", records=people, columns=columns)
        columns = ["id", "person", "role", "emitter", "given_at", "ends_at"]
        await c.copy_records_to_table("role_grant", schema_name="parvis", records=grants, columns=columns)
        await c.execute("ANALYZE parvis.person, parvis.role_grant")
    return made


@asynccontextmanager
async def _page(instance: Settings, emitter: tuple[UUID, str], path: str) -> AsyncIterator[_Look]:
    """What a manager there does to look at it: the whole application, without a network."""
    cookies = await a_session(await a_person("manager", emitter[0]))
    application: Any = create(instance)
    transport, headers = httpx.ASGITransport(application), {"Accept": "text/html"}
    async with httpx.AsyncClient(
        transport=transport, base_url=instance.base_url, cookies=cookies, headers=headers
    ) as http:

        async def look() -> bytes:
            return (await http.get(f"/office/{emitter[1]}/{path}")).raise_for_status().content

        yield look


async def _by_sql(emitter: UUID) -> None:
    async with connection() as c:
        await c.fetch(_BY_SQL, emitter)
