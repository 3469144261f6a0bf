"""The national search's largest question, 150 days of 300 places, against the same answer by SQL."""

from __future__ import annotations

import json
import time
from datetime import timedelta

import asyncpg

from benchmarks.ground import FIRST_DAY, SHORT, Size, seeded
from benchmarks.measure import Line, ratio_of, rounds, spread
from parvis.calendars import following
from parvis.calendars.following import refill
from parvis.calendars.index import Index
from parvis.db import close_pool, connection, open_pool
from parvis.db.cluster import Cluster
from parvis_idcard.ants.queries import written_hours
from parvis_idcard.ants.rules import SlotsAsked
from parvis_idcard.rules import Paper

_SIZE = Size("the national search", 300, 150)
# Of each day about a third is free, another third each day: days that repeat would be too easy.
_OFFER = """
INSERT INTO parvis.enabled_plugin (id, emitter, plugin, settings, enabled_at)
    SELECT gen_random_uuid(), id, 'idcard', '{}', '2026-11-24' FROM parvis.emitter;
INSERT INTO parvis.publication (id, emitter, service, state)
    SELECT gen_random_uuid(), id, 'idcard', 'published' FROM parvis.emitter;
UPDATE parvis.desk_day d SET free = (SELECT string_agg(CASE WHEN random() < 0.35 THEN '1111' ELSE '0000' END, '')
    FROM generate_series(1, 24) WHERE d.day IS NOT NULL)::varbit;
VACUUM ANALYZE parvis.desk_day
"""
_SQL = """
SELECT json_object_agg(slug, hours)::text FROM (
    SELECT p.slug, json_agg(json_build_object(
        'datetime', to_char(at, 'YYYY-MM-DD"T"HH24:MI"Z"'),
        'callback_url', 'http://localhost:8000/e/m2a/idcard/at/' || p.slug || '/'
            || to_char(at, 'YYYY-MM-DD"T"HH24:MI') || '?reason=CNI&documents_number=1') ORDER BY at) AS hours
    FROM parvis.place p
    JOIN parvis.calendar c ON c.place = p.id AND c.service = 'idcard' AND c.active
    JOIN parvis.calendar_kind k ON k.calendar = c.id AND k.kind = 'deposit'
    JOIN parvis.desk d ON d.calendar = c.id AND d.active
    JOIN parvis.desk_day y ON y.desk = d.id AND y.day BETWEEN $2 AND $3
    CROSS JOIN LATERAL (
        SELECT (y.day::timestamp AT TIME ZONE c.zone + (opens + n) * interval '5 minutes') AT TIME ZONE c.zone AS at
        FROM generate_series(0, length(free) - k.minutes_first / 5, k.step_minutes / 5) n
        WHERE substring(free FROM n + 1 FOR k.minutes_first / 5) = repeat('1', k.minutes_first / 5)::varbit
    ) h
    WHERE p.slug = ANY ($1) AND p.active
    GROUP BY p.slug
) places
"""


async def hours_line(cluster: Cluster, before: str, size: Size, times: int) -> Line:
    """Seconds for the whole answer, written; the pool goes back to the database of `before`. Less of it for SHORT."""
    asked = Size("less of it", 20, 20) if size is SHORT else _SIZE
    url = await seeded(cluster, asked)
    admin = await asyncpg.connect(url, command_timeout=3600)
    for statement in _OFFER.split(";"):
        await admin.execute(statement)
    await admin.close()
    await close_pool()
    await open_pool(url)
    try:
        return await _measure(asked, times)
    finally:
        following._warm.clear()
        await close_pool()
        await open_pool(before, size=16)


async def _measure(size: Size, times: int) -> Line:
    index = Index()
    await refill(index)
    following._warm[:] = [index]
    slugs = tuple(f"place-{n}" for n in range(size.places))
    until = FIRST_DAY + timedelta(days=size.days - 1)
    asked = SlotsAsked(slugs, FIRST_DAY, until, Paper.CARD, 1)
    began = time.perf_counter()
    answer = await written_hours(asked)
    cold = time.perf_counter() - began

    async def ours(_: int) -> float:
        began = time.perf_counter()
        await written_hours(asked)
        return time.perf_counter() - began

    async def theirs(_: int) -> float:
        async with connection() as c:
            began = time.perf_counter()
            found = await c.fetchval(_SQL, list(slugs), FIRST_DAY, until, timeout=600)
            took = time.perf_counter() - began
        if json.loads(found) != json.loads(answer):
            raise RuntimeError("The answer from memory is not the one by SQL.")
        return took

    found = await rounds({"sql": theirs, "memory": ours}, times)
    hours = answer.count(b"callback_url")
    return Line(
        f"`/ants/availableTimeSlots`, {size.days} days × {size.places} places, from memory ÷ by SQL (time)",
        "0.2 s",
        "–",
        ratio_of(found["memory"], found["sql"]),
        _seconds(found["memory"]),
        _seconds(found["sql"]),
        spread(found["memory"]),
        spread(found["sql"]),
        f"{hours:,} hours, {len(answer) / 1e6:.0f} MB; the first time {cold:.2f} s",
    )


def _seconds(figures: list[float]) -> str:
    return f"{sorted(figures)[len(figures) // 2]:.2f} s"
