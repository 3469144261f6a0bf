"""Lines of booking over HTTP: one worker of the smallest application, and of the real one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from uuid import uuid4

import asyncpg
import msgspec

from benchmarks import load, serving
from benchmarks.ground import CLIENTS, Size, claim_script, hour, permuted, pgbench, refill
from benchmarks.measure import Line, line, rounds
from parvis.calendars.slots import Slot


async def booking_lines(url: str, size: Size, times: int, seconds: float) -> list[Line]:
    """Booking over HTTP with one worker, one by one and batched, against pgbench."""
    async with serving.smallest(url) as port:
        ways = {"direct": (port, wishes("/direct"), CLIENTS), "batched": (port, wishes("/batched"), 64)}
        found = await _against_pgbench(url, size, times, seconds, ways)
    figure = f"booking over HTTP, one worker ÷ pgbench, {size.name}"
    return [
        line(figure, found["direct"], found["pgbench"], "0.35", "0.50"),
        line(f"batched {figure}, 64 clients", found["batched"], found["pgbench"], "0.70", "1.0"),
    ]


async def hold_lines(url: str, size: Size, times: int, seconds: float) -> list[Line]:
    """The real `POST /api/v1/holds`, with and without an Idempotency-Key, against pgbench."""
    async with serving.real(url) as port:
        ways = {
            "plain": (port, _holds(), CLIENTS),
            "crowd": (port, _holds(), 64),
            "keyed": (port, _holds(keyed=True), CLIENTS),
        }
        found = await _against_pgbench(url, size, times, seconds, ways)
    figure = "`POST /api/v1/holds`, real application, one worker ÷ pgbench"
    return [
        line(f"{figure}, {size.name}", found["plain"], found["pgbench"]),
        line("the same, 64 clients", found["crowd"], found["pgbench"]),
        line("the same, 16 clients, each with an Idempotency-Key", found["keyed"], found["pgbench"]),
    ]


Wishes = Callable[[Size, int], Iterator[bytes]]


def wish(path: str, size: Size, number: int) -> bytes:
    """A claim of the hour with this number, to the smallest application."""
    where, when = hour(number, size)
    return load.request("POST", path, msgspec.json.encode({"calendar": where, "start": when}))


def wishes(path: str) -> Wishes:
    """Claims of every hour, in another order each turn."""
    return lambda size, turn: (wish(path, size, permuted(n, size.slots, turn)) for n in range(size.slots))


async def as_many(url: str, answered: load.Load) -> None:
    """Check that there is a booking for each answer."""
    connection = await asyncpg.connect(url)
    booked = await connection.fetchval("SELECT count(*) FROM parvis.booking")
    await connection.close()
    if set(answered.statuses) != {201} or booked != answered.statuses[201]:
        raise RuntimeError(f"{booked} bookings for the answers {answered.statuses}")


def _holds(*, keyed: bool = False) -> Wishes:
    def found(size: Size, turn: int) -> Iterator[bytes]:
        for number in range(size.slots):
            slot = Slot(*hour(permuted(number, size.slots, turn), size))
            headers = {"Idempotency-Key": uuid4().hex} if keyed else {}
            yield load.request("POST", "/api/v1/holds", msgspec.json.encode({"slot": f"{slot.code}.deposit"}), headers)

    return found


async def _against_pgbench(
    url: str, size: Size, times: int, seconds: float, ways: dict[str, tuple[int, Wishes, int]]
) -> dict[str, list[float]]:
    """The rates of each way (port, wishes, clients) and of pgbench on the claim's statement."""

    async def pgbench_(turn: int) -> float:
        await refill(url)
        return await pgbench(url, claim_script(size), f"-T{max(1, round(seconds))}", seed=turn)

    def over(port: int, wanted: Wishes, clients: int) -> Callable[[int], Awaitable[float]]:
        async def ours(turn: int) -> float:
            await refill(url)
            answered = await load.run(port, wanted(size, turn), clients, seconds)
            await as_many(url, answered)
            return answered.statuses[201] / answered.seconds

        return ours

    return await rounds({"pgbench": pgbench_} | {name: over(*way) for name, way in ways.items()}, times)
