"""A life of the demo: started cold, hurt, killed, started again, stopped, emptied. One demo, in this order."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
import pytest

from parvis.testing.running import RunningDemo, still_running

pytestmark = [pytest.mark.fault, pytest.mark.xdist_group("demo")]
STOPS_WITHIN = 10


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    found = RunningDemo(tmp_path_factory.mktemp("demo"))
    found.start()
    yield found
    found.kill_everything()
    shutil.rmtree(found.cluster.data, ignore_errors=True)


async def bookings(demo: RunningDemo) -> set[UUID]:
    connection = await asyncpg.connect(demo.cluster.url("parvis_owner"))
    try:
        return {row["id"] for row in await connection.fetch("SELECT id FROM parvis.booking")}
    finally:
        await connection.close()


def test_it_lives_before_it_is_ready_and_says_what_is_missing(demo: RunningDemo) -> None:
    assert all(live == 200 for live, _, _ in demo.seen)
    waiting = [missing for _, ready, missing in demo.seen if ready == 503]
    assert "Not ready yet: the database." in waiting
    assert "Not ready yet: the territory's data." in waiting
    assert demo.said() == f"Parvis is ready: {demo.url}\n"
    assert httpx.get(f"{demo.url}/health/ready").json() == {"status": "ready"}
    assert set(demo.children()) == {"provider", "mailbox", "simulating", "serve", "worker"}


def test_the_territory_is_there(demo: RunningDemo) -> None:
    assert "Mulhouse Alsace Agglomération" in httpx.get(f"{demo.url}/").text
    assert httpx.get(f"{demo.url}/e/chalampe").status_code == 200
    assert "agent-mulhouse" in httpx.get(f"{demo.url}/login", follow_redirects=True).text


@pytest.mark.parametrize("name", ["serve", "worker", "mailbox", "provider", "simulating"])
def test_a_killed_process_comes_back(demo: RunningDemo, name: str) -> None:
    victim = demo.children()[name]
    victim.kill()
    assert still_running([victim]) == []
    # The portal's port stays open all the while, so that nobody is refused.
    assert httpx.get(f"{demo.url}/health/live", timeout=60).status_code == 200
    demo.wait_until("/health/ready", 200)
    while name not in demo.children():
        pass
    assert demo.children()[name].pid != victim.pid


async def test_after_kill_9_of_the_supervisor_nothing_stands_in_the_way_of_the_next(demo: RunningDemo) -> None:
    before, left = await bookings(demo), list(demo.children().values())
    assert demo.process is not None
    demo.process.kill()
    demo.process.wait()
    assert still_running(left, STOPS_WITHIN) == []
    demo.start()
    assert before
    assert await bookings(demo) == before


async def test_after_kill_9_of_everything_the_next_start_recovers(demo: RunningDemo) -> None:
    before = await bookings(demo)
    demo.kill_everything()
    demo.start()
    assert await bookings(demo) == before


def test_a_signal_stops_everything(demo: RunningDemo) -> None:
    left = [*demo.children().values(), *demo.postgres()]
    assert demo.stop(signal.SIGTERM) < STOPS_WITHIN
    assert still_running(left, 1) == []
    socket.create_server(("127.0.0.1", demo.port)).close()


def test_emptying_it_removes_the_database(demo: RunningDemo) -> None:
    command = [sys.executable, "-m", "parvis", "demo", "--reset-only"]
    done = subprocess.run(command, env=os.environ | {"PARVIS_DATA": str(demo.folder)}, capture_output=True, check=True)
    assert b"are gone" in done.stdout
    assert [found.name for found in Path(demo.folder).iterdir()] == ["demo.out"]
    assert not demo.cluster.data.exists()
