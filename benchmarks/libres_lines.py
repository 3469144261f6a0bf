"""Lines against libres behind HTTP, in an environment of its own."""

from __future__ import annotations

import asyncio
import itertools
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import msgspec

from benchmarks import load, serving
from benchmarks.ground import CLIENTS, Size, permuted, refill
from benchmarks.measure import Line, middle_rate, middle_time, ratio_of, rounds, spread
from benchmarks.web import as_many, wish, wishes
from parvis.db.cluster import Cluster

_LIBRES = ("libres==1.4.0", "psycopg[binary]", "waitress")


async def libres_lines(cluster: Cluster, url: str, size: Size, times: int, seconds: float) -> list[Line]:
    """200 claims on 100 places, and 16 clients booking, against libres behind HTTP."""
    python = await asyncio.to_thread(_libres_environment)
    allocations = 100 * (times + 2) + round(100 * seconds * times)
    async with serving.smallest(url) as port, _libres(cluster, python, allocations) as libres_port:
        fresh = itertools.count(0, 100)

        async def ours_sold_out(turn: int) -> float:
            await refill(url)
            wanted = [wish("/batched", size, permuted(n % 100, size.slots, turn)) for n in range(200)]
            return await _sold_out(port, wanted)

        async def their_sold_out(_: int) -> float:
            first = next(fresh)
            return await _sold_out(libres_port, [_number(first + n % 100) for n in range(200)])

        # Once unmeasured: connections are opened, statements prepared.
        await ours_sold_out(-1)
        sold_out = await rounds({"libres": their_sold_out, "ours": ours_sold_out}, times)
        following = itertools.count(next(fresh))

        async def ours_booking(turn: int) -> float:
            await refill(url)
            answered = await load.run(port, wishes("/batched")(size, turn), CLIENTS, seconds)
            await as_many(url, answered)
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
            middle_time(sold_out["ours"]),
            middle_time(sold_out["libres"]),
            spread(sold_out["ours"]),
            0,
            f"libres’ own spread {spread(sold_out['libres']):.0%}",
        ),
        Line(
            "booking over HTTP, 16 clients: ours ÷ libres",
            "20",
            "40",
            ratio_of(booking["ours"], booking["libres"]),
            middle_rate(booking["ours"]),
            middle_rate(booking["libres"]),
            spread(booking["ours"]),
            0,
            f"libres’ own spread {spread(booking['libres']):.0%}",
        ),
    ]


async def _sold_out(port: int, wishes: list[bytes]) -> float:
    answered = await load.run(port, iter(wishes), len(wishes), None)
    if answered.statuses != {201: 100, 409: 100}:
        raise RuntimeError(f"200 on 100 ended with {answered.statuses}")
    return answered.seconds


def _number(number: int) -> bytes:
    return load.request("POST", "/", msgspec.json.encode({"number": number}))


@asynccontextmanager
async def _libres(cluster: Cluster, python: Path, places: int) -> AsyncIterator[int]:
    admin = await asyncpg.connect(cluster.url("parvis_owner", "postgres"))
    await admin.execute("DROP DATABASE IF EXISTS libres WITH (FORCE)")
    await admin.execute("CREATE DATABASE libres")
    await admin.close()
    port = serving.free_port()
    script = Path(__file__).parent / "libres_server.py"
    dsn = cluster.url("parvis_owner", "libres")
    process = await asyncio.create_subprocess_exec(
        str(python), str(script), dsn, str(port), str(places), stdout=asyncio.subprocess.PIPE
    )
    try:
        if process.stdout is None or await process.stdout.readline() != b"ready\n":
            raise RuntimeError("libres did not start")
        await serving.answers(port)
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
