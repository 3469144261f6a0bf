"""A process killed in the middle of its claims: what it acknowledged stays, and nothing leaks after the sweeper."""

import asyncio
import signal
import sys
from datetime import time, timedelta
from pathlib import Path

import pytest
from tests.seeds import seeds

from parvis import clock
from parvis.calendars import actions, proofs, queries
from parvis.testing.calendars import a_calendar, every_day

pytestmark = [pytest.mark.fault, pytest.mark.usefixtures("database")]


@pytest.mark.parametrize("seed", seeds())
async def test_kill_9_in_the_middle_of_claims(database: str, seed: int):
    calendar = await a_calendar(weekly=every_day(time(0), time(23, 55)))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).parent / "claimer.py"),
        database,
        str(calendar.id),
        calendar.at(0).isoformat(),
        stdout=asyncio.subprocess.PIPE,
    )
    # Killed after some answers: another number for each seed, so at another step.
    said = [(await process.stdout.readline()).decode().split() for _ in range(1 + seed * 5)]
    process.send_signal(signal.SIGKILL)
    said += [line.decode().split() for line in (await process.stdout.read()).splitlines()]
    await process.wait()
    confirmed = {line[1] for line in said if line[0] == "confirmed"}
    cancelled = {line[1] for line in said if line[0] == "cancelled"}
    for booking in confirmed:
        expected = {"cancelled"} if booking in cancelled else {"confirmed", "cancelled"}
        assert (await queries.booking(booking)).state in expected
    assert await proofs.unlike_bookings() == []
    clock.move(timedelta(hours=5))
    await actions.sweep()
    assert await proofs.unlike_bookings() == []
    left = [
        found.state for day in (0, 1) for found in await queries.agenda(calendar.place, calendar.day + timedelta(day))
    ]
    assert set(left) <= {"confirmed"}
