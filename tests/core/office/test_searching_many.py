"""What an agent types says little, and a hundred thousand requests are there: a clear answer, soon, on a small page."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Iterator
from functools import cache
from itertools import product
from random import Random
from uuid import UUID

import asyncpg
import msgspec
import pytest

from parvis import clock, crypto, settings
from parvis.db import new_id
from parvis.dossiers import digests
from parvis.dossiers.actions import NAMES
from parvis.dossiers.searching import MOST

DOSSIERS = 100_000
WITHIN_SECONDS = 5
LARGEST_PAGE = 100_000
MOST_MEMORY = 5_000_000
GIVEN = ("Amina", "Léa", "Marie", "Martin", "Mehdi", "Noé", "Paul", "Zoé")
FAMILY = [*map("".join, product(("Bau", "Ger", "Kel", "Mar", "Schu", "Zim"), ("bach", "er", "hof", "tin")))]
# Far more of one name than any town has.
SHARE_OF_MARTIN = 0.2
COLUMNS = (
    "id", "reference", "service", "emitter", "names", "name_digests", "language", "kept_days", "opened_at",
)  # fmt: skip
SHORT, NOTHING, MORE = "at least two letters", "Nothing fits", "There may be more: add the given name."


@pytest.fixture
async def agent(office):
    await fill(office.calendar.emitter)
    return await office.agent()


async def fill(emitter: UUID) -> None:
    """Copy them in; their index is made afterwards, as that is faster by far."""
    c = await asyncpg.connect(settings.current().database_owner_url)
    index = await c.fetchval("SELECT pg_get_indexdef('parvis.dossier_names'::regclass)")
    await c.execute("DROP INDEX parvis.dossier_names")
    await c.copy_records_to_table("dossier", schema_name="parvis", columns=COLUMNS, records=rows(emitter))
    await c.execute(index)
    await c.execute("ANALYZE parvis.dossier")
    await c.close()


def rows(emitter: UUID) -> Iterator[tuple[object, ...]]:
    rng, opened = Random(4), clock.now()

    @cache
    def of(name: str) -> tuple[bytes, list[int]]:
        return crypto.encrypt(msgspec.json.encode([name]), NAMES), digests.of_names([name], emitter)

    for number in range(DOSSIERS):
        family = "Martin" if rng.random() < SHARE_OF_MARTIN else rng.choice(FAMILY)
        names = of(f"{rng.choice(GIVEN)} {family}")
        yield new_id(), f"{number:08}", "idcard", emitter, *names, "fr", 30, opened


async def test_little_that_is_typed_is_answered_clearly_soon_and_shortly(agent):
    for typed, status, said, shown in (
        ("m", 422, SHORT, 0),
        ("É", 422, SHORT, 0),
        ("m l", 422, SHORT, 0),
        ("%", 422, SHORT, 0),
        ("ma", 200, NOTHING, 0),
        ("0389", 200, NOTHING, 0),
        ("mar", 200, MORE, MOST),
        ("martin", 200, MORE, MOST),
        ("m martin", 200, MORE, MOST),
        ("martn", 200, MORE, MOST),
        ("martin marie martin marie martin marie", 200, MORE, MOST),
    ):
        await agent.post("requests", q="m")
        tracemalloc.start()
        began = time.monotonic()
        await agent.post("requests", q=typed)
        took, (_, memory) = time.monotonic() - began, tracemalloc.get_traced_memory()
        tracemalloc.stop()
        size, lines = len(agent.page.content), agent.text.count("data-href")
        print(f"{typed}: {took * 1000:.0f} ms, {memory // 1000} kB of memory, {size // 1000} kB of page, {lines} lines")
        assert (agent.status, lines) == (status, shown), typed
        assert said in agent.text
        assert took < WITHIN_SECONDS
        assert size < LARGEST_PAGE
        assert memory < MOST_MEMORY
