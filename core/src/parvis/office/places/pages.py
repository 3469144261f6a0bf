"""The page of places and calendars: the file taken out, its template, one brought in after a look at each line."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.audit import actions as audit
from parvis.db import transaction
from parvis.errors import Refusal, Refused, Text
from parvis.identity import guards
from parvis.office.permissions import PLACES
from parvis.office.places import bringing, sheet, taking
from parvis.office.places.bringing import Report
from parvis.territory import queries as territory
from parvis.territory.queries import EmitterInfo
from parvis.web import fields, forms, uploads
from parvis.web import pages as web
from parvis.web.fields import Reader
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_SEE = guards.page(guards.staff(PLACES), "manager")
_CHANGE = guards.page(guards.staff(PLACES), "manager", status_code=200)
_UPLOAD = guards.page(guards.staff(PLACES), "manager", status_code=200, request_max_body_size=uploads.BYTES)
_BYTES = 150_000
_MISSING = Text("Choose a file.")
_LARGE = Text("The file is too large: at most 150 kB.")


class Confirmed(msgspec.Struct, frozen=True, kw_only=True):
    """The file that was looked at, and the mark of what was told about it."""

    sheet: Annotated[str, Reader(lambda raw: raw), fields.Missing(_MISSING)]
    mark: str = ""


@get("/office/{emitter:str}/places", **_SEE)
async def show(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """The places that are the emitter's own, and what can be done with the file."""
    return await _page(request, await territory.emitter_by_slug(emitter), forms.blank())


@get("/office/{emitter:str}/places/export", **_SEE)
async def export(emitter: FromPath[str]) -> Response[bytes]:
    """The file of what there is, which brought in again changes nothing."""
    own = await territory.emitter_by_slug(emitter)
    return _file(sheet.write(await taking.lines_of(own.id)), f"lieux-{emitter}.csv")


@get("/office/{emitter:str}/places/template", **_SEE)
async def template() -> Response[bytes]:
    """A file with an example."""
    return _file(sheet.write(taking.EXAMPLE), "modele-lieux.csv")


@post("/office/{emitter:str}/places/rehearsal", **_UPLOAD)
async def rehearse(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """Tell what the file would do, line by line; nothing is kept."""
    own, form = await territory.emitter_by_slug(emitter), forms.blank()
    _, files = await uploads.read(request)
    content = files.get("file", b"")
    if not content or len(content) > _BYTES:
        return await _page(request, own, form.refused([Refusal("file", _LARGE if content else _MISSING, "file")]))
    return await _looked_at(request, own, sheet.decode(content))


@post("/office/{emitter:str}/places/import", **_CHANGE)
async def bring_in(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """Bring in what was looked at; if it would do something else by now, that is shown first."""
    own, form = await territory.emitter_by_slug(emitter), await forms.read(request, Confirmed)
    if form.errors:
        return await _page(request, own, form)
    typed, actor = form.value, guards.actor_of(request)
    async with transaction():
        report = await bringing.bring(sheet.read(typed.sheet), own, actor.person, seen=typed.mark)
        done = report.mark == typed.mark and not report.refused
        if done:
            count = sum(one.what != "unchanged" for one in report.told)
            await audit.trace(actor, "import-places", "emitter", own.id, emitter=own.id, changes=count)
    if not done:
        return await _page(request, own, forms.blank(sheet=typed.sheet), report, 409)
    return web.see_other(f"/office/{emitter}/places?done=yes")


async def _looked_at(request: _AnyRequest, own: EmitterInfo, text: str) -> Response[Any]:
    form = forms.blank(sheet=text)
    try:
        report = await bringing.bring(sheet.read(text), own, guards.actor_of(request).person)
    except Refused as refused:
        return await _page(request, own, form.refused(refused.refusals))
    return await _page(request, own, form, report)


async def _page(
    request: _AnyRequest, own: EmitterInfo, form: Form[Any], report: Report | None = None, status: int = 200
) -> Response[Any]:
    return web.render(
        request,
        "office/places/places.html",
        status=422 if form.errors else status,
        own=own,
        places=[place for place in await territory.places(own.id) if place.emitter == own.id],
        report=report,
        form=form,
        base=f"/office/{own.slug}/places",
        done="done" in request.query_params,
    )


def _file(content: bytes, name: str) -> Response[bytes]:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(content, media_type="text/csv; charset=utf-8", headers=headers)


HANDLERS = (show, export, template, rehearse, bring_in)
