"""The day's page: the list or the time-line, the steps that are taken there, who is received without appointment."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.attendance import actions, queries
from parvis.attendance.actions import Who
from parvis.attendance.rules import Step
from parvis.audit import actions as audit
from parvis.calendars import queries as calendars
from parvis.errors import NotFound, ParvisError, Refused, Text
from parvis.identity import guards
from parvis.office.day import boards, rendering, settings, streaming, visiting
from parvis.office.day.board import Change, Figures
from parvis.office.day.looking import Here, look, waiting
from parvis.office.permissions import RECEIVE, SETTLE, TODAY
from parvis.web import forms, pages

_AnyRequest = Request[Any, Any, Any]
_SEE = guards.page(guards.staff(TODAY), "reader", "agent", "manager")
_ACT = guards.page(guards.staff(RECEIVE), "agent", "manager", status_code=303)


class Stepped(msgspec.Struct, frozen=True):
    """The one button that was pressed: a visit that takes a step, or a step to be undone."""

    arrived: str = ""
    served: str = ""
    absent: str = ""
    undo: str = ""


class Walked(msgspec.Struct, frozen=True):
    """Somebody without an appointment: where and what for, and how many."""

    walk: str
    people: Annotated[int, msgspec.Meta(ge=1, le=8)] = 1


@get("/office/{emitter:str}/today", **_SEE)
async def today(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """The visits of a day at one emitter, as a list or by desk."""
    here = await look(request, emitter)
    return await _page(request, here, status=422 if here.form.errors else 200)


@post("/office/{emitter:str}/today", **_ACT)
async def step(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """Take a step with one visit, or undo one."""
    here, form = await look(request, emitter), await forms.read(request, Stepped)
    who = Who("staff", guards.actor_of(request).person)
    try:
        visit = await _stepped(form.decoded or Stepped(), here, who)
    except ParvisError as error:
        return await _refused(request, here, error)
    if "hx-request" in request.headers:
        return await _swapped(here, visit)
    return pages.see_other(f"{request.url.path}?{here.query()}#v{visit.hex}")


@post("/office/{emitter:str}/today/walk-in", **_ACT)
async def walk_in(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """Receive somebody who has no appointment, at the soonest free hour of today."""
    here, form = await look(request, emitter), await forms.read(request, Walked)
    try:
        if form.value.walk not in dict(await _walk_ins(here.emitter.id)):
            raise NotFound
        calendar, _, kind = form.value.walk.partition(" ")
        who = Who("staff", guards.actor_of(request).person)
        taken = await actions.walk_in(UUID(calendar), kind, form.value.people, who)
    except ParvisError as error:
        return await _refused(request, here, error)
    return pages.see_other(f"/office/{emitter}/today#v{taken.id.hex}")


async def _page(request: _AnyRequest, here: Here, status: int = 200, refused: Text | None = None) -> Response[Any]:
    shown, emitter = await boards.read(here.key), here.emitter
    await audit.saw_several(guards.actor_of(request), shown.dossiers(here.wanted), emitter.id)
    figures, rows = rendering.whole(shown, here.wanted, here.lang, here.may)
    path = f"/office/{emitter.slug}/today"
    open_days = await waiting(emitter.id, here.day) if here.today else {}
    return pages.render(
        request,
        "office/day/today.html",
        status=status,
        form=here.form if here.form.errors else forms.blank(day=here.day),
        choice=forms.blank(show=here.wanted.show, desk=here.wanted.desk or None),
        day=here.day,
        today=here.today,
        before=here.day - timedelta(days=1),
        after=here.day + timedelta(days=1),
        wanted=here.wanted,
        may=here.may,
        may_set=guards.actor_of(request).may(SETTLE, emitter.slug),
        refused=refused,
        figures=figures,
        rows=rows,
        waiting={day: n for day, n in open_days.items() if day != here.day},
        desks=sorted({(lane.name, lane.name) for lane in shown.lanes}),
        walk_ins=await _walk_ins(emitter.id) if here.may else [],
        digest=boards.current().remember(here.key, shown),
        live=f"{path}/live?{here.query(day=here.day)}",
        query=here.query(),
        address=lambda **changed: f"{path}?{here.query(**changed)}",
        here_path=path,
    )


async def _stepped(pressed: Stepped, here: Here, who: Who) -> UUID:
    """Do what a button says; the visit. Raises Refused, Overtaken, NotFound for another emitter's visit."""
    if pressed.undo:
        found = await queries.visit_of_step(_id(pressed.undo))
        await _own(found, here)
        return await actions.undo(_id(pressed.undo), who)
    for name in (Step.ARRIVED, Step.SERVED, Step.ABSENT):
        if raw := getattr(pressed, name.value):
            await _own(_id(raw), here)
            await actions.take(_id(raw), name, who)
            return _id(raw)
    raise NotFound


async def _own(visit: UUID, here: Here) -> None:
    if not await queries.is_at(visit, here.emitter.id):
        raise NotFound


async def _swapped(here: Here, visit: UUID) -> Response[str]:
    """The line of a visit as it stands now, and the figures."""
    shown = (await boards.read(here.key)).shown(here.wanted)
    key = f"v{visit.hex}"
    line = Change("put", key, shown[key]) if key in shown else Change("drop", key)
    found = [line, Change("put", Figures.key, shown[Figures.key])]
    return _fragment(rendering.swaps(found, here.wanted.view, here.lang, here.may) + rendering.said(here.lang))


async def _refused(request: _AnyRequest, here: Here, error: ParvisError) -> Response[Any]:
    """Say why not where one is: on the whole page, or above the list that stays. Raises what has no words."""
    if error.status not in {409, 422}:
        raise error
    text = error.refusals[0].text if isinstance(error, Refused) else error.detail or error.title
    if "hx-request" in request.headers:
        return _fragment(rendering.said(here.lang, text), 409)
    return await _page(request, here, 409, text)


def _fragment(body: str, status: int = 200) -> Response[str]:
    return Response(body, status_code=status, media_type="text/html", headers={"Cache-Control": "no-store"})


async def _walk_ins(emitter: UUID) -> list[tuple[str, Text]]:
    """What somebody without an appointment can be received for, as the form names it."""
    kinds, found = boards.kind_names(), await calendars.kinds_at(emitter)
    several = len({calendar for calendar, *_ in found}) > 1
    return [
        (f"{calendar.hex} {kind}", Text("{kind} · {place}", {"kind": name, "place": place}) if several else name)
        for calendar, service, kind, place in found
        if (name := Text(kinds.get((service, kind), kind)))
    ]


def _id(raw: str) -> UUID:
    try:
        return UUID(hex=raw)
    except ValueError as error:
        raise NotFound from error


HANDLERS = (today, step, walk_in, *streaming.HANDLERS, *visiting.HANDLERS, *settings.HANDLERS)
