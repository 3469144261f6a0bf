"""Finding a dossier by a name, misspelt or not, among a million, against a plain indexed search by prefix."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from itertools import product
from random import Random
from uuid import UUID

import asyncpg
import msgspec

from benchmarks.ground import FIRST_DAY, SHORT, Size, seeded
from benchmarks.measure import Line, ratio_of, rounds, spread
from parvis import crypto, settings
from parvis.db import close_pool, connection, new_id, open_pool
from parvis.db.cluster import Cluster
from parvis.db.names import fold
from parvis.dossiers import digests, searching
from parvis.dossiers.actions import NAMES

_MILLION, _FEW, _EACH = 1_000_000, 20_000, 25_000
_SEARCHES = 100
_BATCH = 20_000
_GIVEN = [f"{a}{b}" for a, b in product(("Al", "Be", "Cla", "Da", "El", "Fa", "Jo", "Ma", "No", "Sa"), ("ra", "no", "vid", "line", "my"))]  # fmt: skip  # noqa: E501
_FAMILY = ["".join(parts).title() for parts in product(
    ("sch", "mei", "mul", "ro", "wal", "kel", "ba", "fi", "lan", "ger", "hof", "zim"),
    ("mi", "ler", "then", "ter", "lo", "gel", "bau", "scha", "dt", "nau", "vo", "rin"),
    ("tt", "er", "mann", "bach", "el", "stein", "ov", "ier", "is", "eau"),
)]  # fmt: skip
_COLUMNS = (
    "id", "reference", "service", "emitter", "names", "name_digests", "language", "kept_days", "opened_at",
)  # fmt: skip
_OPENED = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=UTC)
_PREFIX = "SELECT id, folded FROM public.raw_name WHERE emitter = $1 AND folded LIKE $2 ORDER BY folded LIMIT 25"


async def name_lines(cluster: Cluster, before: str, size: Size, times: int) -> list[Line]:
    """Milliseconds for a search, by a name as it is and by one with a letter left out."""
    count = _FEW if size is SHORT else _MILLION
    crypto.use(crypto.load_keys(replace(settings.current(), keys=crypto.new_key())))
    url = await seeded(cluster, Size("names", 2, 3))
    await close_pool()
    await open_pool(url)
    try:
        emitters = await _fill(url, count)
        return [
            await _line(f"search by name among {count:,} dossiers ÷ an indexed prefix search", emitters, times, 0),
            await _line("the same, misspelt by a letter", emitters, times, 1),
        ]
    finally:
        await close_pool()
        await open_pool(before, size=16)


async def _line(figure: str, emitters: list[UUID], times: int, misspelt: int) -> Line:
    asked = [(rng.choice(emitters), rng.choice(_FAMILY)) for rng in [Random(7)] for _ in range(_SEARCHES)]

    async def ours(_: int) -> float:
        async def search(emitter: UUID, name: str) -> bool:
            typed = name[:3] + name[3 + misspelt :]
            return bool(await searching.by_name(typed, emitter))

        return await _each(asked, search)

    async def theirs(_: int) -> float:
        async def search(emitter: UUID, name: str) -> bool:
            async with connection() as c:
                return bool(await c.fetch(_PREFIX, emitter, f"{fold(name)}%"))

        return await _each(asked, search)

    found = await rounds({"prefix": theirs, "names": ours}, times)
    times_of = [f"{sorted(found[who])[len(found[who]) // 2] * 1000:.1f} ms" for who in ("names", "prefix")]
    return Line(
        figure,
        "3" if not misspelt else "–",
        "–",
        ratio_of(found["names"], found["prefix"]),
        *times_of,
        spread(found["names"]),
        spread(found["prefix"]),
    )


async def _each(asked: list[tuple[UUID, str]], search: Callable[[UUID, str], Awaitable[bool]]) -> float:
    """Seconds a search takes; every one has to find somebody."""
    began = time.perf_counter()
    for emitter, name in asked:
        if not await search(emitter, name):
            raise RuntimeError(f"Nobody is called {name}.")
    return (time.perf_counter() - began) / len(asked)


async def _fill(url: str, count: int) -> list[UUID]:
    emitters = [new_id() for _ in range(max(1, count // _EACH))]
    c = await asyncpg.connect(url, command_timeout=3600)
    await c.executemany(
        "INSERT INTO parvis.emitter (id, slug, name, folded, kind, latitude, longitude) "
        "VALUES ($1, $2, $2, $2, 'municipality', 47, 7)",
        [(emitter, emitter.hex) for emitter in emitters],
    )
    await c.execute("DROP INDEX parvis.dossier_names")
    await c.execute("CREATE TABLE public.raw_name (id uuid PRIMARY KEY, emitter uuid NOT NULL, folded text NOT NULL)")
    rng = Random(11)
    for done in range(0, count, _BATCH):
        rows, raw = zip(*_rows(rng, emitters, range(done, done + _BATCH)), strict=True)
        await c.copy_records_to_table("dossier", schema_name="parvis", columns=_COLUMNS, records=rows)
        await c.copy_records_to_table("raw_name", schema_name="public", records=raw)
    await c.execute("CREATE INDEX dossier_names ON parvis.dossier USING gin (name_digests) WITH (fastupdate = off)")
    await c.execute("CREATE INDEX ON public.raw_name (emitter, folded text_pattern_ops)")
    await c.execute("VACUUM ANALYZE")
    await c.close()
    return emitters


def _rows(rng: Random, emitters: list[UUID], numbers: range) -> Iterator[tuple[tuple[object, ...], tuple[object, ...]]]:
    for number in numbers:
        emitter, given, family = rng.choice(emitters), rng.choice(_GIVEN), rng.choice(_FAMILY)
        key = new_id()
        found = sorted({*_digests(given, emitter), *_digests(family, emitter)})
        sealed = crypto.encrypt(msgspec.json.encode([f"{given} {family}"]), NAMES)
        yield (
            (key, f"{number:08}", "idcard", emitter, sealed, found, "fr", 30, _OPENED),
            (key, emitter, fold(f"{family} {given}")),
        )


@cache
def _digests(word: str, emitter: UUID) -> tuple[int, ...]:
    return tuple(digests.of_names([word], emitter))
