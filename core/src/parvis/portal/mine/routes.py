"""My data: what is kept, as a file for programs, as a PDF and as a page to print; erasure, said before it is done."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post

from parvis import plugins, settings
from parvis.audit import actions as audit
from parvis.errors import NotSignedIn, Text
from parvis.identity import guards
from parvis.identity.words import ROLES
from parvis.portal.mine import erasing, gathering
from parvis.portal.mine.papers import paper
from parvis.portal.mine.rules import WORDS, readable
from parvis.web import fields, forms, pages
from parvis.web.forms import Form
from parvis.web.i18n import language

_AnyRequest = Request[Any, Any, Any]
_MINE = guards.page(guards.account(), "signed-in")


class Sure(msgspec.Struct, frozen=True):
    """That somebody has understood that it cannot be undone."""

    sure: Annotated[Literal["yes"], fields.Missing(Text("Tick the box: what is erased does not come back."))]


@get("/my/data", **_MINE)
async def show(request: _AnyRequest) -> Response[Any]:
    """What one may do with one's data, and what erasing would do now."""
    return await _page(request, forms.blank())


@get("/my/data/export.json", **_MINE)
async def as_json(request: _AnyRequest) -> Response[bytes]:
    """Everything, for programs."""
    told = await gathering.gather(guards.actor_of(request), await _asked(request))
    headers = {"content-disposition": 'attachment; filename="my-data.json"', "cache-control": "no-store"}
    body = msgspec.json.format(msgspec.json.encode(told))
    return Response(body, media_type="application/json", headers=headers)


@get("/my/data/export.pdf", **_MINE)
async def as_pdf(request: _AnyRequest) -> Response[bytes]:
    """Everything that the file for programs has, to read."""
    told, words = await _told(request)
    drawn = await paper(readable(told, words, whole=True), language(request))
    headers = {"content-disposition": 'attachment; filename="my-data.pdf"', "cache-control": "no-store"}
    return Response(drawn, media_type="application/pdf", headers=headers)


@get("/my/data/print", **_MINE)
async def to_print(request: _AnyRequest) -> Response[Any]:
    """Everything, on a page to read or to print."""
    told, words = await _told(request)
    return pages.render(request, "portal/mine/print.html", lines=readable(told, words))


@post("/my/data/erase", status_code=200, **_MINE)
async def erase(request: _AnyRequest) -> Response[Any]:
    """Erase what can be, and say what was and what stays."""
    form = await forms.read(request, Sure)
    if form.errors:
        return await _page(request, form, 422)
    done = await erasing.erase(guards.actor_of(request), _person(request))
    return pages.render(request, "portal/mine/erased.html", plan=done, services=_services(), days=_days())


async def _page(request: _AnyRequest, form: Form[Any], status: int = 200) -> Response[Any]:
    plan = await erasing.plan(guards.actor_of(request), _person(request))
    return pages.render(
        request,
        "portal/mine/data.html",
        status=status,
        form=form,
        plan=plan,
        services=_services(),
        days=_days(),
    )


async def _told(request: _AnyRequest) -> tuple[dict[str, Any], dict[str, Text]]:
    """Everything in plain values, and what its keys and values are called."""
    told = msgspec.to_builtins(await gathering.gather(guards.actor_of(request), await _asked(request)))
    roles = {role.value: text for role, text in ROLES.items()}
    return told, {**roles, **gathering.words(), **_services(), **WORDS}


async def _asked(request: _AnyRequest) -> UUID:
    """Whose data is exported, which is traced."""
    person = _person(request)
    await audit.trace(guards.actor_of(request), "export", "person", person)
    return person


def _person(request: _AnyRequest) -> UUID:
    person = guards.actor_of(request).account
    if person is None:
        raise NotSignedIn
    return person


def _days() -> int:
    return settings.current().audit_kept.days


def _services() -> dict[str, Text]:
    return {service.key: service.name for plugin in plugins.current() for service in plugin.services}


HANDLERS = (show, as_json, as_pdf, to_print, erase)
