"""The demo's territory: complete, repeatable, and with a year's 45,000 appointments."""

from __future__ import annotations

import time
from datetime import date

import pytest

from parvis import clock
from parvis.calendars import proofs
from parvis.contract.values import Demo
from parvis.db import connection
from parvis.demo import seed, territory
from parvis.demo.people import PEOPLE
from parvis_idcard import demo as idcard

ISSUER = "http://localhost:8003"


async def _count(sql: str) -> int:
    async with connection() as c:
        return int(await c.fetchval(f"SELECT count(*) FROM {sql}"))


async def test_seeds_once_and_every_desk_day_is_true_to_rules_and_bookings(database: str) -> None:
    began = time.perf_counter()
    assert await seed.seed([idcard.demo()])
    print("seeded in", time.perf_counter() - began)
    taken = await _count("parvis.booking")
    print(taken, await _count("parvis.desk_day"), await _count("parvis.booking WHERE lower(period)::date = CURRENT_DATE"))
    assert not await proofs.unlike_bookings()
