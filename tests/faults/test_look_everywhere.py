"""A look that one web process publishes is worn by the pages of another, at once: two real processes, one database."""

from __future__ import annotations

import time
from dataclasses import replace

import httpx
import pytest
from tests.faults.serving import WEB, instance_of

from parvis import settings
from parvis.branding import actions, queries
from parvis.branding.looks import Look
from parvis.territory.actions import add_emitter

pytestmark = pytest.mark.fault
CHANGES = 20
WITHIN = 2.0
STARTED = 60


async def test_a_change_is_live_in_every_web_process(database):
    await add_emitter(settings.current().territory, "Whole", "agglomeration", latitude=47.7, longitude=7.3)
    town = await add_emitter("illzach", "Illzach", "municipality", latitude=47.78, longitude=7.35)
    now = replace(settings.current(), limits=False)
    with instance_of(now) as one, instance_of(now) as other:
        one.start(WEB)
        other.start(WEB)
        async with httpx.AsyncClient(timeout=60) as http:
            pages = [f"{running.url}/e/illzach" for running in (one, other)]
            for page in pages:
                await _opened(http, page)
            took = [await _worn_everywhere(http, pages, town, number) for number in range(CHANGES)]
    print(f"a look is live in two processes after {max(took):.3f} s at most, {sorted(took)[CHANGES // 2]:.3f} s mostly")
    assert max(took) < WITHIN


async def _opened(http, page):
    """Until a process has its database."""
    began = time.perf_counter()
    while "Illzach" not in (await http.get(page)).text:
        assert time.perf_counter() - began < STARTED, page


async def _worn_everywhere(http, pages, town, number):
    """How many seconds after its commit every process showed a look."""
    name = f"Illzach number {number}"
    await actions.publish(town, Look(name=name, colour=f"#1559{number:02x}"))
    began = time.perf_counter()
    sheet = (await queries.brand_of("illzach")).stylesheet
    for page in pages:
        while not (name in (found := (await http.get(page)).text) and sheet in found):
            assert time.perf_counter() - began < WITHIN, page
    return time.perf_counter() - began
