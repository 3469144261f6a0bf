"""`python -m benchmarks [--short | --national] [--rounds N] [--seconds S] [--only WORD]`."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import uvloop

from benchmarks import (
    ants,
    audit,
    day,
    engine,
    guarding,
    libres_lines,
    money,
    names,
    pricing,
    rights,
    rules,
    searching,
    web,
)
from benchmarks.ground import NATIONAL, SHORT, USUAL, Size, seeded, throwaway_cluster
from benchmarks.measure import Line
from parvis import plugins, settings
from parvis.calendars.following import spare_collector
from parvis.db import close_pool, open_pool
from parvis.db.cluster import Cluster
from parvis.settings import Settings

_TRIES = 3


def main() -> int:
    """Measure, print the table; 1 if a line was thrown away for noise."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--short", action="store_true", help="that everything runs, for CI: the figures mean little")
    parser.add_argument("--national", action="store_true", help="a whole country: 18 million hours")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--only", default="", help="lines whose group has this word")
    return uvloop.run(_measure(parser.parse_args()))


async def _measure(asked: argparse.Namespace) -> int:
    settings.use(Settings(env="test", data=Path(tempfile.gettempdir())))
    plugins.use(plugins.load())
    times, seconds = (1, 0.25) if asked.short else (asked.rounds, asked.seconds)
    size = NATIONAL if asked.national else SHORT if asked.short else USUAL
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    print("| figure | floor | stretch | ratio | ours | theirs | spread ours, theirs | |")
    print("|---" * 8 + "|", flush=True)
    noisy = 0
    with throwaway_cluster() as cluster:
        async with _database(cluster, size) as url:
            for group, run in _groups(cluster, url, size, times, seconds).items():
                if asked.only in group:
                    noisy += await _print(run, tries=1 if asked.short else _TRIES)
    print(f"\nload {os.getloadavg()[0]:.1f} at the end")
    return int(noisy > 0 and not asked.short)


def _groups(
    cluster: Cluster, url: str, size: Size, times: int, seconds: float
) -> dict[str, Callable[[], Awaitable[Sequence[Line] | Line]]]:
    found: dict[str, Callable[[], Awaitable[Sequence[Line] | Line]]] = {
        "bytes": lambda: engine.bytes_line(url, size),
        "engine": lambda: engine.booking_lines(url, size, times, seconds),
        "http": lambda: web.booking_lines(url, size, times, seconds),
        "search": lambda: searching.search_lines(url, size, times, seconds),
    }
    if size is not NATIONAL:
        found |= {
            "real": lambda: web.hold_lines(url, size, times, seconds),
            "rush": lambda: engine.rush_line(url, size, times),
            "libres": lambda: libres_lines.libres_lines(cluster, url, size, times, seconds),
            "feed": lambda: engine.feed_line(url, size, times, seconds),
            "ants": lambda: ants.hours_line(cluster, url, size, times),
            "names": lambda: names.name_lines(cluster, url, size, times),
            "day": lambda: day.day_line(url, times),
            "audit": lambda: audit.audit_lines(url, times, seconds),
            "rights": lambda: rights.rights_lines(url, times),
            "guard": lambda: guarding.guard_lines(url, times),
            "rules": lambda: rules.rules_lines(cluster, url, size, times),
            "pricing": lambda: pricing.pricing_line(times),
            "money": lambda: money.money_lines(cluster, url, size, times, seconds),
        }
    return found


async def _print(run: Callable[[], Awaitable[Sequence[Line] | Line]], tries: int) -> bool:
    """Measure a group again while the machine is too noisy for it; whether it stayed so."""
    lines: list[Line] = []
    for _ in range(tries):
        found = await run()
        lines = [found] if isinstance(found, Line) else list(found)
        if not any(line.thrown_away for line in lines):
            break
        print("(thrown away: pgbench's own spread was over 30 %)", file=sys.stderr)
    for line in lines:
        note = "; ".join(filter(None, [line.note, "too noisy to count" if line.thrown_away else ""]))
        print(
            f"| {line.figure} | {line.floor} | {line.stretch} | {line.ratio:.2f} | {line.ours} | {line.theirs} | "
            f"{line.spread:.0%}, {line.their_spread:.0%} | {note} |",
            flush=True,
        )
    return any(line.thrown_away for line in lines)


@asynccontextmanager
async def _database(cluster: Cluster, size: Size) -> AsyncIterator[str]:
    url = await seeded(cluster, size)
    await open_pool(url, size=16)
    # As a web process does once its index is filled.
    spare_collector()
    try:
        yield url
    finally:
        await close_pool()


if __name__ == "__main__":
    sys.exit(main())
