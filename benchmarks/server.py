"""What uvicorn runs: `app`, the smallest web application over the real actions, and `portal()`, the real one."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta
from uuid import UUID

import msgspec
from litestar import Litestar, Request, Response, get, post

from parvis import clock, settings
from parvis.app import create
from parvis.calendars import actions, claims, following, search
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
    async with following.following():
        await _filled()
        yield
    await close_pool()


async def _filled() -> None:
    while not following._warm:  # noqa: ASYNC110 — the index says nothing when it is filled
        await asyncio.sleep(0.05)


def portal() -> Litestar:
    """The application itself; it serves once its search index is filled."""
    application = create()
    application.on_startup.append(_filled)
    return application


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


class Found(msgspec.Struct):
    """A place with its first free hour."""

    place: str
    distance_m: int | None
    start: datetime
    id: str


@get("/search")
async def nearest(request: Request) -> Response[bytes]:
    """The twenty nearest places, each with its first free hour."""
    near = float(request.query_params["latitude"]), float(request.query_params["longitude"])
    wanted = search.Wanted(service="idcard", kind="deposit", near=near, since=date(2027, 1, 4), most_places=20)
    places = await search.by_place(wanted, each=1)
    found = [Found(p.place_name, p.distance_m, p.slots[0].start, p.slots[0].id) for p in places if p.slots]
    return Response(msgspec.json.encode(found), media_type="application/json")


def _full(_: Request, __: actions.SlotFull) -> Response[dict[str, str]]:
    return Response({"code": "slot-full"}, status_code=409)


app = Litestar(
    [direct, batched, nearest], lifespan=[_life], exception_handlers={actions.SlotFull: _full}, openapi_config=None
)
