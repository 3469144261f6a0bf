"""The smallest web application over the real actions: what HTTP itself costs. `uvicorn benchmarks.server:app`."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec
from litestar import Litestar, Request, Response, get, post

from parvis import clock, settings
from parvis.calendars import actions, claims, search
from parvis.calendars.following import following
from parvis.db import close_pool, connection, open_pool
from parvis.settings import Settings


class Wish(msgspec.Struct):
    """What a claim over HTTP says."""

    calendar: UUID
    start: datetime


@asynccontextmanager
async def _life(_: Litestar) -> AsyncIterator[None]:
    settings.use(Settings(env="test"))
    await open_pool(os.environ["BENCH_DATABASE"], size=8)
    async with following():
        yield
    await close_pool()


@post("/direct")
async def direct(data: Wish) -> dict[str, str]:
    """One claim, one statement."""
    now, asked = clock.now(), claims.Hour(data.calendar, "deposit", data.start, 1, False)
    claim = claims.Claim(asked, now, now + timedelta(minutes=10))
    async with connection() as c:
        held = actions.held_by(claim, await claims.take(c, claim))
    return {"id": str(held.id), "secret": held.secret}


@post("/batched")
async def batched(data: Wish) -> dict[str, str]:
    """`actions.hold`, with those who wait too."""
    held = await actions.hold(data.calendar, "deposit", data.start)
    return {"id": str(held.id), "secret": held.secret}


@get("/search")
async def nearest(latitude: float, longitude: float) -> list[dict[str, object]]:
    """The twenty nearest places, each with its first free hour."""
    wanted = search.Wanted(
        service="idcard", kind="deposit", near=(latitude, longitude), since=date(2027, 1, 4), most_places=20
    )
    return [
        {
            "place": found.place_name,
            "distance_m": found.distance_m,
            "start": found.slots[0].start,
            "id": found.slots[0].id,
        }
        for found in await search.by_place(wanted, each=1)
        if found.slots
    ]


def _full(_: Request, __: actions.SlotFull) -> Response[dict[str, str]]:
    return Response({"code": "slot-full"}, status_code=409)


app = Litestar(
    [direct, batched, nearest], lifespan=[_life], exception_handlers={actions.SlotFull: _full}, openapi_config=None
)
