"""The way in, and the operator's page."""

from __future__ import annotations

from datetime import timedelta
from importlib.metadata import version
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis import clock, plugins
from parvis.identity import guards
from parvis.jobs import queries as jobs
from parvis.messages import queries as messages
from parvis.office.permissions import ENTER, TILLS, TODAY
from parvis.outbox import actions as outbox
from parvis.outbox import queries as deliveries
from parvis.territory import queries as territory
from parvis.web import forms
from parvis.web.pages import render, see_other

_AnyRequest = Request[Any, Any, Any]
_WORKER_LATE = timedelta(minutes=2)


class Replay(msgspec.Struct, frozen=True):
    """The delivery to try again, or `all`."""

    delivery: str = ""


@get(
    "/office/{emitter:str}",
    guards=[guards.staff(ENTER)],
    include_in_schema=False,
    **guards.declared("reader", "agent", "manager", "accountant"),
)
async def enter(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """The first page of somebody's back office: the day, or that nothing waits there for their role yet."""
    if guards.actor_of(request).may(TODAY, emitter):
        return see_other(f"/office/{emitter}/today")
    if guards.actor_of(request).may(TILLS, emitter):
        return see_other(f"/office/{emitter}/tills")
    return render(request, "office/enter.html")


@get("/operator", guards=[guards.operator()], include_in_schema=False, **guards.declared("operator"))
async def operator(request: _AnyRequest) -> Response[Any]:
    """Health, deliveries, messages and plugins of the instance."""
    return render(
        request,
        "office/operator.html",
        health=(health := await jobs.health()),
        worker_late=health.beat is None or clock.now() - health.beat > _WORKER_LATE,
        dead=await deliveries.dead(),
        unknown=await deliveries.unknown(),
        delayed=await messages.delayed(),
        troubled=await messages.troubled(),
        plugins=list(plugins.current()),
        refused=plugins.current().refused,
        core=version("parvis-core"),
        enabled=await territory.enabled_plugins(),
    )


@post("/operator/deliveries/replay", guards=[guards.operator()], include_in_schema=False, **guards.declared("operator"))
async def replay(request: _AnyRequest) -> Response[Any]:
    """Try one dead delivery again, or all of them."""
    form = await forms.read(request, Replay)
    chosen = form.decoded.delivery if form.decoded else ""
    await outbox.replay("all" if chosen == "all" else [UUID(chosen)] if _is_id(chosen) else [])
    return see_other("/operator")


def _is_id(raw: str) -> bool:
    try:
        UUID(raw)
    except ValueError:
        return False
    return True


HANDLERS = (enter, operator, replay)
