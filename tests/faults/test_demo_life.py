"""A life of the demo: started cold, hurt, killed, started again, stopped, emptied. One demo, in this order."""

from __future__ import annotations

import asyncio
import os
import signal
import smtplib
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import asyncpg
import httpx
import pytest

from parvis.testing.running import RunningDemo, still_running, wait_for

pytestmark = [pytest.mark.fault, pytest.mark.xdist_group("demo")]
STOPS_WITHIN = 10
PROGRAMS = ("coordination", "mail", "payments", "sign-on", "web", "worker")
HOLDERS, ENOUGH = 8, 20


async def bookings(demo: RunningDemo) -> set[str]:
    connection = await asyncpg.connect(demo.cluster.url("parvis_owner"))
    try:
        return {str(row["id"]) for row in await connection.fetch("SELECT id FROM parvis.booking")}
    finally:
        await connection.close()


def test_it_lives_before_it_is_ready_and_says_what_is_missing(demo: RunningDemo) -> None:
    assert all(live == 200 for live, _, _ in demo.seen)
    waiting = [missing for _, ready, missing in demo.seen if ready == 503]
    assert "Not ready yet: the database." in waiting
    assert "Not ready yet: the territory's data." in waiting
    assert demo.said() == f"Parvis is ready: {demo.url}\n"
    assert httpx.get(f"{demo.url}/health/ready").json() == {"status": "ready"}
    assert set(demo.children()) == {"nursery", *PROGRAMS}


def test_the_territory_is_there(demo: RunningDemo) -> None:
    assert "Mulhouse Alsace Agglomération" in httpx.get(f"{demo.url}/").text
    assert httpx.get(f"{demo.url}/e/chalampe").status_code == 200
    assert "agent-mulhouse" in httpx.get(f"{demo.url}/login", follow_redirects=True).text


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_killed_program_comes_back(demo: RunningDemo, name: str) -> None:
    victim, log = demo.children()[name], demo.folder / f"logs/{name}.log"
    before = log.stat().st_size
    victim.kill()
    assert still_running([victim]) == []
    # The portal's port stays open all the while, so that nobody is refused.
    assert httpx.get(f"{demo.url}/health/live", timeout=60).status_code == 200
    demo.wait_until("/health/ready", 200)
    wait_for(lambda: works(demo, name, log, before), f"{name} to work again")
    assert demo.children()[name].pid != victim.pid


def works(demo: RunningDemo, name: str, log: Path, before: int) -> bool:
    """Whether a program that was started again does what it is there for."""
    if name == "worker":
        return b"worker.started" in log.read_bytes()[before:]
    with suppress(OSError, httpx.HTTPError):
        if name == "mail":
            with smtplib.SMTP("127.0.0.1", demo.port + 4, timeout=60) as smtp:
                return smtp.noop()[0] == 250
        identity = "3/.well-known/openid-configuration"
        places = {"web": "0/", "sign-on": identity, "coordination": "6/api/none", "payments": "5/card/none"}
        port, _, path = places[name].partition("/")
        return httpx.get(f"http://127.0.0.1:{demo.port + int(port)}/{path}", timeout=60).status_code < 500
    return False


async def test_after_kill_9_of_the_supervisor_nothing_stands_in_the_way_of_the_next(demo: RunningDemo) -> None:
    before, left = await bookings(demo), list(demo.children().values())
    assert demo.process is not None
    demo.process.kill()
    demo.process.wait()
    assert still_running(left, STOPS_WITHIN) == []
    demo.start()
    assert before
    assert await bookings(demo) == before


async def test_after_kill_9_of_everything_the_next_start_has_what_was_answered(demo: RunningDemo) -> None:
    before, held = await bookings(demo), set[str]()
    async with httpx.AsyncClient(base_url=f"{demo.url}/api/v1", timeout=60) as http:
        holders = [asyncio.create_task(hold_on(http, number, held)) for number in range(HOLDERS)]
        async with asyncio.timeout(120):
            while len(held) < ENOUGH:
                await asyncio.sleep(0.01)
        await asyncio.to_thread(demo.kill_everything)
        await asyncio.gather(*holders)
    await asyncio.to_thread(demo.start)
    assert before | held <= await bookings(demo)


async def hold_on(http: httpx.AsyncClient, number: int, held: set[str]) -> None:
    """Hold hour after hour until nobody answers any more."""
    # A limit counts what a program says of itself.
    http.headers["User-Agent"] = "holders"
    with suppress(httpx.TransportError):
        while True:
            query = {"service": "idcard", "limit": 100, "weekday": 1 + number % 5}
            for slot in (await http.get("/slots", params=query)).json()["items"][number::HOLDERS]:
                answer = await http.post("/holds", json={"slot": slot["id"]})
                if answer.status_code == httpx.codes.CREATED:
                    held.add(answer.json()["id"])


def test_without_the_parent_of_its_programs_it_ends_in_order(demo: RunningDemo) -> None:
    assert demo.process is not None
    left = [*demo.children().values(), *demo.postgres()]
    demo.children()["nursery"].kill()
    assert demo.process.wait(60) == 1
    assert still_running(left, STOPS_WITHIN) == []
    assert demo.said().splitlines()[-1].startswith("parvis: ")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_everything(demo: RunningDemo, number: signal.Signals) -> None:
    demo.start()
    left = [*demo.children().values(), *demo.postgres()]
    assert demo.stop(number) < STOPS_WITHIN
    assert still_running(left, 1) == []
    socket.create_server(("127.0.0.1", demo.port)).close()


async def test_a_database_of_a_newer_version_is_left_alone(demo: RunningDemo) -> None:
    assert demo.cluster.start()
    owner = await asyncpg.connect(demo.cluster.url("parvis_owner"))
    sql = "INSERT INTO migration (name, app_name, ran_on) VALUES ('calendars_9999_later', 'calendars', now())"
    await owner.execute(sql)
    await owner.close()
    demo.cluster.stop()
    with pytest.raises(RuntimeError) as refused:
        await asyncio.to_thread(demo.start)
    [line] = str(refused.value).splitlines()
    assert line.startswith("parvis: The database is of a newer version (calendars_9999_later is not known here)")
    assert demo.process is not None
    assert demo.process.wait(60) == 1
    assert demo.postgres() == []


def test_emptying_it_removes_the_database(demo: RunningDemo) -> None:
    command = [sys.executable, "-m", "parvis", "demo", "--reset-only"]
    done = subprocess.run(command, env=os.environ | {"PARVIS_DATA": str(demo.folder)}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "are gone" in done.stdout
    assert [found.name for found in Path(demo.folder).iterdir()] == ["demo.out"]
    assert not demo.cluster.data.exists()
