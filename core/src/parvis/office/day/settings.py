"""When the hours go back that nobody comes to: a setting of each calendar."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis import plugins
from parvis.attendance import actions, queries
from parvis.audit import actions as audit
from parvis.db import transaction
from parvis.errors import Text
from parvis.identity import guards
from parvis.office.permissions import SETTLE
from parvis.territory import queries as territory
from parvis.web import fields, forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_SET = guards.page(guards.staff(SETTLE), "manager")


class Late(msgspec.Struct, frozen=True):
    """After how many minutes a calendar's hours are given back; 0 is never."""

    calendar: str
    minutes: Annotated[Literal[0, 5, 10, 15, 20, 30], fields.Missing(Text("Choose one of the answers."))] = 0


@get("/office/{emitter:str}/today/settings", **_SET)
async def ask_when_late(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """After how many minutes the hours of each place go back that nobody comes to."""
    return await _settings(request, emitter, forms.blank())


@post("/office/{emitter:str}/today/settings", status_code=303, **_SET)
async def set_when_late(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """Set it for one place."""
    found, form = await territory.emitter_by_slug(emitter), await forms.read(request, Late)
    known = {calendar.hex: calendar for calendar, *_ in await queries.release_minutes(found.id)}
    if form.errors or form.value.calendar not in known:
        return await _settings(request, emitter, form, 422)
    calendar, minutes = known[form.value.calendar], form.value.minutes
    async with transaction():
        await actions.release_after(calendar, minutes or None)
        actor = guards.actor_of(request)
        await audit.trace(actor, "release-after", "calendar", calendar, emitter=found.id, minutes=minutes)
    return pages.see_other(f"{request.url.path}?kept=yes")


async def _settings(request: _AnyRequest, emitter: str, form: Form[Any], status: int = 200) -> Response[Any]:
    found = await territory.emitter_by_slug(emitter)
    return pages.render(
        request,
        "office/day/settings.html",
        status=status,
        form=form,
        calendars=await queries.release_minutes(found.id),
        names={service.key: service.name for plugin in plugins.current() for service in plugin.services},
        kept="kept" in request.query_params,
        here_path=request.url.path,
    )


HANDLERS = (ask_when_late, set_when_late)
