"""Lines of searching: from memory over HTTP, against SQL."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime

import asyncpg
import httpx

from benchmarks import load, serving
from benchmarks.ground import CLIENTS, FIRST_DAY, NATIONAL, Size, pgbench, refill, sell_first_days
from benchmarks.measure import Line, line, rounds

_TOWNS = 200
# For each of the twenty nearest places, by the index on its point, the first day of its desk with four cells free.
_SEARCH = f"""
\\set n random(0, {_TOWNS - 1})
SELECT c.id, p.name, f.day, f.cell, point(p.longitude, p.latitude) <-> q.at
FROM (SELECT point(-3 + (:n * 7 % 200) * 0.05, 43 + (:n * 11 % 200) * 0.03) AS at) q
CROSS JOIN LATERAL (
    SELECT * FROM parvis.place WHERE active ORDER BY point(longitude, latitude) <-> q.at LIMIT 20
) p
JOIN parvis.calendar c ON c.place = p.id AND c.service = 'idcard' AND c.active
JOIN parvis.calendar_kind k ON k.calendar = c.id AND k.kind = 'deposit'
JOIN parvis.desk d ON d.calendar = c.id AND d.active
CROSS JOIN LATERAL (
    SELECT day, opens + position(B'1111' IN free) - 1 AS cell FROM parvis.desk_day
    WHERE desk = d.id AND day >= '{FIRST_DAY}' AND position(B'1111' IN free) > 0 ORDER BY day LIMIT 1
) f;
"""
_FIRST = """
SELECT p.name, min(day::timestamp AT TIME ZONE c.zone + (opens + position(B'1111' IN free) - 1) * interval '5 minutes')
    AS start
FROM parvis.place p
JOIN parvis.calendar c ON c.place = p.id
JOIN parvis.desk d ON d.calendar = c.id
JOIN parvis.desk_day ON desk = d.id AND position(B'1111' IN free) > 0
WHERE p.name = ANY ($1)
GROUP BY p.name
"""
_SLOTS = f"/api/v1/slots?service=idcard&from={FIRST_DAY}&"


async def search_lines(url: str, size: Size, times: int, seconds: float) -> list[Line]:
    """The twenty nearest places with their first free hour, from memory over HTTP, against SQL; and the real search."""
    await refill(url)
    await sell_first_days(url, size)
    async with serving.smallest(url) as port, serving.real(url) as real:

        def over(port: int, asked: Callable[[int], Iterator[bytes]]) -> Callable[[int], Awaitable[float]]:
            async def ours(turn: int) -> float:
                answered = await load.run(port, asked(turn), CLIENTS, seconds)
                if set(answered.statuses) != {200}:
                    raise RuntimeError(f"Searching ended with {answered.statuses}")
                return answered.statuses[200] / answered.seconds

            return ours

        async def sql(turn: int) -> float:
            return await pgbench(url, _SEARCH, f"-T{max(1, round(seconds))}", seed=turn)

        ways = {
            "sql": sql,
            "towns": over(port, _from_towns),
            "anywhere": over(port, _from_anywhere),
            "real": over(real, _sought),
        }
        await _agree(url, port)
        found = await rounds(ways, times)
    goal = ("2.5", "4") if size is NATIONAL else ("–", "–")
    figure = f"search from memory over HTTP ÷ pgbench SQL search, {size.name} at {size.places:,} places"
    return [
        line(f"{figure}, from {_TOWNS} towns", found["towns"], found["sql"], *goal),
        line("the same from ever new points", found["anywhere"], found["sql"], *goal),
        line("`GET /api/v1/slots` by time, real application ÷ the same SQL", found["real"], found["sql"]),
    ]


def _town(number: int) -> tuple[float, float]:
    return 43 + number * 11 % 200 * 0.03, -3 + number * 7 % 200 * 0.05


def _from_towns(turn: int) -> Iterator[bytes]:
    rng = random.Random(turn)
    while True:
        latitude, longitude = _town(rng.randrange(_TOWNS))
        yield load.request("GET", f"/search?latitude={latitude:.4f}&longitude={longitude:.4f}")


def _from_anywhere(turn: int) -> Iterator[bytes]:
    rng = random.Random(turn)
    while True:
        yield load.request("GET", f"/search?latitude={rng.uniform(43, 49):.6f}&longitude={rng.uniform(-3, 7):.6f}")


def _sought(turn: int) -> Iterator[bytes]:
    rng = random.Random(turn)
    while True:
        latitude, longitude = _town(rng.randrange(_TOWNS))
        yield load.request("GET", f"{_SLOTS}lat={latitude:.4f}&lon={longitude:.4f}")


async def _agree(url: str, port: int) -> None:
    """What is found from memory is what the tables say: the nearest place, and everywhere the first free hour."""
    latitude, longitude = _town(57)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        query = {"latitude": latitude, "longitude": longitude}
        found = {each["place"]: each for each in (await client.get("/search", params=query)).json()}
    connection = await asyncpg.connect(url)
    rows = await connection.fetch(_FIRST, list(found))
    await connection.close()
    wrong = [row["name"] for row in rows if datetime.fromisoformat(found[row["name"]]["start"]) != row["start"]]
    if len(rows) != 20 or wrong:
        raise RuntimeError(f"The index and the tables differ at {wrong or 'the places'}.")
