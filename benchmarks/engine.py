"""Lines without HTTP: booking through asyncpg, the rush, bytes a slot, the feed."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from datetime import timedelta

import asyncpg

from benchmarks.ground import CLIENTS, NATIONAL, STARTS, Size, claim_script, hour, permuted, pgbench, refill
from benchmarks.measure import Line, line, middle_time, ratio_of, rounds, spread
from parvis import clock
from parvis.calendars import actions, claims, feed, proofs
from parvis.calendars.claims import FIRST_LOOK
from parvis.calendars.following import catch_up
from parvis.calendars.following import refill as fill
from parvis.calendars.index import Index
from parvis.db import connection

_NOTED = """, noted AS (
    INSERT INTO parvis.slot_change_waiting (desk, day) SELECT desk, day FROM taken
)"""
_RAW = (
    "INSERT INTO public.raw_row (id, desk, start, state, people, created) "
    "VALUES (uuidv7(), uuidv7(), '2027-01-04', 'held', 1, '2026-11-24')"
)


async def booking_lines(url: str, size: Size, times: int, seconds: float) -> list[Line]:
    """Booking through asyncpg, alone and with those who wait, against pgbench on the same statement."""

    async def theirs(turn: int) -> float:
        await refill(url)
        return await pgbench(url, claim_script(size), f"-T{max(1, round(seconds))}", seed=turn)

    async def direct(turn: int) -> float:
        await refill(url)
        return await _book(size, turn, seconds, _direct)

    async def batched(turn: int) -> float:
        await refill(url)
        return await _book(size, turn, seconds, _batched)

    found = await rounds({"pgbench": theirs, "direct": direct, "batched": batched}, times)
    await _proved()
    goal = ("0.65", "0.90") if size is NATIONAL else ("0.80", "0.90")
    figure = f"booking through asyncpg (`actions.hold`) ÷ pgbench on the same statement, {size.name}"
    return [
        line(figure, found["batched"], found["pgbench"], *goal),
        line("the same with one round trip a claim", found["direct"], found["pgbench"]),
    ]


async def rush_line(url: str, size: Size, times: int) -> Line:
    """5,000 claims at once on 300 places, until all are answered, against 5,000 raw inserts."""

    async def ours(turn: int) -> float:
        await refill(url)
        wishes = [hour(permuted(n % 300, size.slots, turn), size) for n in range(5000)]
        began = time.perf_counter()
        answers = await asyncio.gather(
            *(actions.hold(where, "deposit", when) for where, when in wishes), return_exceptions=True
        )
        took = time.perf_counter() - began
        outcome = Counter(type(answer).__name__ for answer in answers)
        if outcome != {"Hold": 300, "SlotFull": 4700}:
            raise RuntimeError(f"The rush ended with {outcome}")
        await _proved()
        return took

    async def raw(_: int) -> float:
        await refill(url)
        return await _insert(5000)

    async def bench(turn: int) -> float:
        await refill(url)
        return 5000 / await pgbench(url, _RAW + ";\n", f"-t{5000 // CLIENTS}", seed=turn)

    found = await rounds({"raw": raw, "rush": ours, "pgbench": bench}, times)
    return Line(
        "rush of 5,000 on 300 places, all answered ÷ 5,000 raw inserts by the same client (time, less is better)",
        "0.20",
        "0.10",
        ratio_of(found["rush"], found["raw"]),
        middle_time(found["rush"]),
        middle_time(found["raw"]),
        spread(found["rush"]),
        spread(found["raw"]),
        f"÷ pgbench’s inserts: {ratio_of(found['rush'], found['pgbench']):.2f} ({middle_time(found['pgbench'])})",
    )


async def _insert(count: int) -> float:
    """Seconds for so many single inserts by 16 clients of asyncpg."""
    numbers = iter(range(count))

    async def client() -> None:
        for _ in numbers:
            async with connection() as c:
                await c.fetch(_RAW)

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return time.perf_counter() - began


async def bytes_line(url: str, size: Size) -> Line:
    """What a slot weighs in desk days, against a row for each slot with its key."""
    connection_ = await asyncpg.connect(url, command_timeout=3600)
    days = min(size.places * size.days, 20_000)
    await connection_.execute("TRUNCATE public.slot")
    await connection_.execute(
        "INSERT INTO public.slot SELECT desk, (day + interval '9 hours') AT TIME ZONE 'Europe/Paris' "
        f"+ n * interval '20 minutes', true FROM (SELECT * FROM parvis.desk_day ORDER BY desk, day LIMIT {days}) d, "
        f"generate_series(0, {STARTS - 1}) n"
    )
    rows = await connection_.fetchval("SELECT pg_total_relation_size('public.slot')") / (days * STARTS)
    bits = await connection_.fetchval("SELECT pg_total_relation_size('parvis.desk_day')") / size.slots
    await connection_.close()
    ours, theirs = f"{bits:.2f} bytes", f"{rows:.0f} bytes"
    return Line(
        f"bytes a slot ÷ slot rows, {size.name}",
        "1/15",
        "1/20",
        bits / rows,
        ours,
        theirs,
        0,
        0,
        f"1/{rows / bits:.1f}",
    )


async def feed_line(url: str, size: Size, times: int, seconds: float) -> Line:
    """The claim with its change feed, sequenced and read meanwhile, against the claim without one."""
    if _NOTED not in FIRST_LOOK:
        raise RuntimeError("The claim no longer notes its change as this benchmark expects.")
    without = FIRST_LOOK.replace(_NOTED, "")
    lost = 0

    async def kept(turn: int) -> float:
        nonlocal lost
        await refill(url)
        index = Index()
        await fill(index)
        before = index.last
        reader = asyncio.create_task(_keep_up(index))
        rate = await pgbench(url, claim_script(size), f"-T{max(1, round(seconds))}", seed=turn)
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)
        await catch_up(index)
        async with connection() as c:
            sold = await c.fetchval("SELECT count(*) FROM parvis.booking")
        lost += sold - ((await feed.head()).last - before)
        await _proved(index)
        return rate

    async def plain(turn: int) -> float:
        await refill(url)
        return await pgbench(url, claim_script(size, without), f"-T{max(1, round(seconds))}", seed=turn)

    found = await rounds({"without": plain, "with": kept}, times)
    note = f"{lost} rows lost"
    return line("feed: writers’ rate kept", found["with"], found["without"], "0.85", "0.95", note)


async def _keep_up(index: Index) -> None:
    while True:
        await catch_up(index)
        await asyncio.sleep(0.25)


async def _book(size: Size, turn: int, seconds: float, claim) -> float:
    numbers = itertools.count()
    deadline = time.perf_counter() + seconds
    sold = 0

    async def client() -> None:
        nonlocal sold
        while time.perf_counter() < deadline:
            await claim(*hour(permuted(next(numbers), size.slots, turn), size))
            sold += 1

    began = time.perf_counter()
    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    took = time.perf_counter() - began
    async with connection() as c:
        if await c.fetchval("SELECT count(*) FROM parvis.booking") != sold:
            raise RuntimeError("Bookings differ from what was sold.")
    if size is not NATIONAL:
        await _proved()
    return sold / took


async def _direct(where, when) -> None:
    claim = claims.Claim(claims.Hour(where, "deposit", when, 1, False), now := clock.now(), now + timedelta(minutes=10))
    async with connection() as c:
        actions.held_by(claim, await claims.take(c, claim))


async def _batched(where, when) -> None:
    await actions.hold(where, "deposit", when)


async def _proved(index: Index | None = None) -> None:
    if wrong := await proofs.unlike_bookings():
        raise RuntimeError(f"{len(wrong)} desk days are not their grid without their bookings.")
    if index is not None:
        fresh = Index()
        await fill(fresh)
        async with connection() as c:
            days = await c.fetch("SELECT desk, day FROM parvis.desk_day")
        if any(index.free(*row) != fresh.free(*row) for row in days):
            raise RuntimeError("The index is not the database.")
