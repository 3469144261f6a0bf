"""Lines over HTTP: one worker of the smallest application, and libres behind HTTP."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import msgspec

from benchmarks import load
from benchmarks.engine import _rate, _time
from benchmarks.ground import CLIENTS, FIRST_DAY, Size, claim_script, hour, permuted, pgbench, refill, sell_first_days
from benchmarks.measure import Line, ratio_of, rounds, spread
from parvis.db.cluster import Cluster

_LIBRES = ("libres==1.4.0", "psycopg[binary]", "waitress")
_POINTS = 200
_SEARCH = f"""
\\set n random(0, {_POINTS - 1})
SELECT c.id, p.name, f.day, f.cell, point(p.longitude, p.latitude) <-> q.at
FROM (SELECT point(-3 + (:n * 7 % 200) * 0.05, 43 + (:n * 11 % 200) * 0.03) AS at) q
CROSS JOIN LATERAL (
    SELECT * FROM parvis.place WHERE point(longitude, latitude) <@ circle(q.at, 20) AND active
    ORDER BY point(longitude, latitude) <-> q.at LIMIT 20
) p
JOIN parvis.calendar c ON c.place = p.id AND c.service = 'idcard' AND c.active
JOIN parvis.calendar_kind k ON k.calendar = c.id AND k.kind = 'deposit'
JOIN parvis.desk d ON d.calendar = c.id AND d.active
CROSS JOIN LATERAL (
    SELECT day, opens + position(B'1111' IN free) - 1 AS cell FROM parvis.desk_day
    WHERE desk = d.id AND day >= '{FIRST_DAY}' AND position(B'1111' IN free) > 0 ORDER BY day LIMIT 1
) f;
"""


@asynccontextmanager
async def serving(url: str) -> AsyncIterator[int]:
    """One worker of `benchmarks.server`; its port."""
    port = _free_port()
    words = ["-m", "uvicorn", "benchmarks.server:app", "--port", str(port), "--log-level", "warning"]
    words += ["--loop", "uvloop", "--http", "httptools", "--no-access-log"]
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, cwd=Path(__file__).parents[1], env=os.environ | {"BENCH_DATABASE": url}
    )
    try:
        await _answers(port)
        yield port
    finally:
        process.terminate()
        await process.wait()


async def booking_lines(url: str, size: Size, times: int, seconds: float) -> list[Line]:
    """Booking over HTTP with one worker, one by one and batched, against pgbench."""
    async with serving(url) as port:

        async def theirs(turn: int) -> float:
            await refill(url)
            return await pgbench(url, claim_script(size), f"-T{max(1, round(seconds))}", seed=turn)

        def over(path: str, clients: int) -> Callable[[int], Awaitable[float]]:
            async def ours(turn: int) -> float:
                await refill(url)
                answered = await load.run(port, _wishes(path, size, turn), clients, seconds)
                await _as_many(url, answered)
                return answered.statuses[201] / answered.seconds

            return ours

        contenders = {"pgbench": theirs, "direct": over("/direct", CLIENTS), "batched": over("/batched", 64)}
        found = await rounds(contenders, times)
    figures = {
        "direct": ("booking over HTTP, one worker ÷ pgbench", "0.35", "0.50"),
        "batched": ("batched booking over HTTP, 64 clients ÷ pgbench", "0.70", "1.0"),
    }
    return [_line(*figures[way], found[way], found["pgbench"]) for way in figures]


async def search_line(url: str, size: Size, times: int, seconds: float) -> Line:
    """The twenty nearest places with their first free hour: from memory over HTTP, against SQL."""
    await refill(url)
    await sell_first_days(url, size)
    async with serving(url) as port:

        async def ours(turn: int) -> float:
            answered = await load.run(port, _points(turn), CLIENTS, seconds)
            if set(answered.statuses) != {200}:
                raise RuntimeError(f"Searching ended with {answered.statuses}")
            return answered.statuses[200] / answered.seconds

        async def theirs(turn: int) -> float:
            return await pgbench(url, _SEARCH, f"-T{max(1, round(seconds))}", seed=turn)

        found = await rounds({"sql": theirs, "memory": ours}, times)
    return _line("search from memory over HTTP ÷ pgbench SQL search", "2.5", "4", found["memory"], found["sql"])


async def libres_lines(cluster: Cluster, url: str, size: Size, times: int, seconds: float) -> list[Line]:
    """200 claims on 100 places, and 16 clients booking, against libres behind HTTP."""
    python = await asyncio.to_thread(_libres_environment)
    allocations = 100 * (times + 2) + round(100 * seconds * times)
    async with serving(url) as port, _libres(cluster, python, allocations) as libres_port:
        fresh = itertools.count(0, 100)

        async def ours_sold_out(turn: int) -> float:
            await refill(url)
            wishes = [_wish("/batched", size, permuted(n % 100, size.slots, turn)) for n in range(200)]
            return await _sold_out(port, wishes)

        async def their_sold_out(_: int) -> float:
            first = next(fresh)
            return await _sold_out(libres_port, [_number(first + n % 100) for n in range(200)])

        # Once unmeasured: connections are opened, statements prepared.
        await ours_sold_out(-1)
        await their_sold_out(-1)
        sold_out = await rounds({"libres": their_sold_out, "ours": ours_sold_out}, times)
        following = itertools.count(next(fresh))

        async def ours_booking(turn: int) -> float:
            await refill(url)
            answered = await load.run(port, _wishes("/batched", size, turn), CLIENTS, seconds)
            await _as_many(url, answered)
            return answered.statuses[201] / answered.seconds

        async def their_booking(_: int) -> float:
            answered = await load.run(libres_port, map(_number, following), CLIENTS, seconds)
            if set(answered.statuses) != {201}:
                raise RuntimeError(f"libres ended with {answered.statuses}")
            return answered.statuses[201] / answered.seconds

        booking = await rounds({"libres": their_booking, "ours": ours_booking}, times)
    return [
        Line(
            "sold out over HTTP, 200 on 100: libres ÷ ours (time)",
            "100",
            "200",
            ratio_of(sold_out["libres"], sold_out["ours"]),
            _time(sold_out["ours"]),
            _time(sold_out["libres"]),
            spread(sold_out["ours"]),
            0,
            f"libres’ own spread {spread(sold_out['libres']):.0%}",
        ),
        Line(
            "booking over HTTP, 16 clients: ours ÷ libres",
            "20",
            "40",
            ratio_of(booking["ours"], booking["libres"]),
            _rate(booking["ours"]),
            _rate(booking["libres"]),
            spread(booking["ours"]),
            0,
            f"libres’ own spread {spread(booking['libres']):.0%}",
        ),
    ]


def _line(figure: str, floor: str, stretch: str, ours: list[float], theirs: list[float]) -> Line:
    return Line(
        figure, floor, stretch, ratio_of(ours, theirs), _rate(ours), _rate(theirs), spread(ours), spread(theirs)
    )


async def _sold_out(port: int, wishes: list[bytes]) -> float:
    answered = await load.run(port, iter(wishes), len(wishes), None)
    if answered.statuses != {201: 100, 409: 100}:
        raise RuntimeError(f"200 on 100 ended with {answered.statuses}")
    return answered.seconds


async def _as_many(url: str, answered: load.Load) -> None:
    connection = await asyncpg.connect(url)
    booked = await connection.fetchval("SELECT count(*) FROM parvis.booking")
    await connection.close()
    if set(answered.statuses) != {201} or booked != answered.statuses[201]:
        raise RuntimeError(f"{booked} bookings for the answers {answered.statuses}")


def _wish(path: str, size: Size, number: int) -> bytes:
    where, when = hour(number, size)
    return load.request("POST", path, msgspec.json.encode({"calendar": where, "start": when}))


def _wishes(path: str, size: Size, turn: int) -> Iterator[bytes]:
    return (_wish(path, size, permuted(n, size.slots, turn)) for n in range(size.slots))


def _number(number: int) -> bytes:
    return load.request("POST", "/", msgspec.json.encode({"number": number}))


def _points(turn: int) -> Iterator[bytes]:
    rng = random.Random(turn)
    while True:
        n = rng.randrange(_POINTS)
        where = f"latitude={43 + n * 11 % 200 * 0.03:.4f}&longitude={-3 + n * 7 % 200 * 0.05:.4f}"
        yield load.request("GET", f"/search?{where}")


@asynccontextmanager
async def _libres(cluster: Cluster, python: Path, places: int) -> AsyncIterator[int]:
    admin = await asyncpg.connect(cluster.url("parvis_owner", "postgres"))
    await admin.execute("DROP DATABASE IF EXISTS libres WITH (FORCE)")
    await admin.execute("CREATE DATABASE libres")
    await admin.close()
    port = _free_port()
    script = Path(__file__).parent / "libres_server.py"
    dsn = cluster.url("parvis_owner", "libres")
    process = await asyncio.create_subprocess_exec(
        str(python), str(script), dsn, str(port), str(places), stdout=asyncio.subprocess.PIPE
    )
    try:
        if process.stdout is None or await process.stdout.readline() != b"ready\n":
            raise RuntimeError("libres did not start")
        await _answers(port)
        yield port
    finally:
        process.terminate()
        await process.wait()


def _libres_environment() -> Path:
    """Python of an environment that has libres; made once a machine."""
    folder = Path(tempfile.gettempdir()) / "parvis-bench-libres"
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *_LIBRES], check=True)
        (folder / "ready").touch()
    return python


async def _answers(port: int) -> None:
    for _ in range(3000):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return
    raise RuntimeError(f"nothing answers at {port}")


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
