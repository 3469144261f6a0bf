"""The stream of what changes on a day, to each who looks at it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from typing import Any

from litestar import Request, get
from litestar.params import FromPath
from litestar.response import ServerSentEvent
from litestar.response.sse import ServerSentEventMessage

from parvis.audit import actions as audit
from parvis.identity import guards
from parvis.office.day import boards, rendering
from parvis.office.day.board import Snapshot, changes
from parvis.office.day.looking import Here, look
from parvis.office.permissions import TODAY

_AnyRequest = Request[Any, Any, Any]
# Who looks is asked for again each minute: a right that ended ends the stream.
_STREAM_SECONDS = 60
_STILL_THERE_SECONDS = 15
_AGAIN_MILLISECONDS = 250


@get(
    "/office/{emitter:str}/today/live",
    guards=[guards.staff(TODAY)],
    include_in_schema=False,
    # Looking on keeps nobody signed in.
    **guards.declared("reader", "agent", "manager", streamed=True, passive=True),
)
async def live(request: _AnyRequest, emitter: FromPath[str]) -> ServerSentEvent:
    """What changes on a day, as it changes."""
    here = await look(request, emitter)
    seen = request.headers.get("last-event-id") or here.form.text("seen")
    return ServerSentEvent(_updates(request, here, seen), retry_duration=_AGAIN_MILLISECONDS)


async def _updates(request: _AnyRequest, here: Here, seen: str) -> AsyncIterator[ServerSentEventMessage]:
    """What changes from what a page shows on, for a minute; then the browser asks again."""
    actor, known = guards.actor_of(request), boards.current()
    shown = known.known(here.key, seen)
    traced = set(shown.dossiers(here.wanted)) if shown else set()
    ends = time.monotonic() + _STREAM_SECONDS
    with known.looked_at(here.key) as board:
        while time.monotonic() < ends:
            now = await board.after(shown, _STILL_THERE_SECONDS)
            if now is None:
                yield ServerSentEventMessage(data=None, comment="still there")
                continue
            new = set(now.dossiers(here.wanted)) - traced
            await audit.saw_several(actor, sorted(new), here.emitter.id)
            traced |= new
            if told := _told(here, shown, now):
                yield ServerSentEventMessage(data=told, id=now.digest)
            shown = now


def _told(here: Here, shown: Snapshot | None, now: Snapshot) -> str:
    if shown is None:
        return rendering.anew(now, here.wanted, here.lang, here.may)
    return rendering.swaps(changes(shown, now, here.wanted), here.wanted.view, here.lang, here.may)


HANDLERS = (live,)
