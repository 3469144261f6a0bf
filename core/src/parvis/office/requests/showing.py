"""One request: what it is for, who comes, what happened, which messages went out; and a slip to take home."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis import plugins, settings
from parvis.attendance import notices
from parvis.dossiers import queries as dossiers
from parvis.dossiers import takeover
from parvis.earlier import notices as earlier
from parvis.earlier import queries as asked_for
from parvis.errors import Refusal, Text
from parvis.identity import guards
from parvis.messages import queries as messages
from parvis.messages.reactions import templates as core_messages
from parvis.office import questions
from parvis.office.day import boards
from parvis.office.permissions import CHANGE, REQUESTS
from parvis.office.requests.looking import Here, look
from parvis.office.tills import notices as bills
from parvis.territory import queries as territory
from parvis.web import forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_CHANGE = guards.page(guards.staff(CHANGE), "agent", "manager")
_SEE = guards.page(guards.staff(REQUESTS), "reader", "agent", "manager")


@get("/office/{emitter:str}/requests/{dossier:uuid}", **_SEE)
async def show(request: _AnyRequest, emitter: FromPath[str], dossier: FromPath[UUID]) -> Response[Any]:
    """The whole request."""
    return await page(request, await look(request, emitter, dossier))


@get("/office/{emitter:str}/requests/{dossier:uuid}/slip", **_SEE)
async def slip(request: _AnyRequest, emitter: FromPath[str], dossier: FromPath[UUID]) -> Response[Any]:
    """A page to print and to hand over."""
    return await _slip(request, await look(request, emitter, dossier), "")


@post("/office/{emitter:str}/requests/{dossier:uuid}/slip", status_code=200, **_CHANGE)
async def slip_with_code(request: _AnyRequest, emitter: FromPath[str], dossier: FromPath[UUID]) -> Response[Any]:
    """The same with a new code, by which the person takes the request into their account; shown this once."""
    here = await look(request, emitter, dossier)
    return await _slip(request, here, await takeover.make(dossier, "slip", here.by))


async def _slip(request: _AnyRequest, here: Here, code: str) -> Response[Any]:
    return pages.render(
        request,
        "office/requests/slip.html",
        page=here,
        place=await territory.place(here.visit.place),
        card=await here.card(),
        zone=here.zone,
        code=code,
        portal=settings.current().base_url,
        may_have_code=here.may_change and not code and await takeover.can_be(here.dossier.id),
    )


async def page(
    request: _AnyRequest, here: Here, form: Form[Any] | None = None, refusals: Iterable[Refusal] = (), status: int = 200
) -> Response[Any]:
    """The request, perhaps with what was refused."""
    visit = here.dossier.visit
    return pages.render(
        request,
        "office/requests/request.html",
        status=status,
        page=here,
        form=(form or forms.blank(tell="yes")).refused(refusals),
        card=await here.card(),
        place=await territory.place(visit.place) if visit else None,
        kind=boards.kind_names().get((here.dossier.service, visit.kind), visit.kind) if visit else "",
        timeline=[(row.at, row.text, row.note) for row in await dossiers.timeline(here.dossier.id)],
        messages=await messages.of_dossier(here.dossier.id),
        names=_message_names(),
        zone=here.zone,
        told=request.query_params.get("told", ""),
        asked=await _still_asked(here),
        earlier=await asked_for.may_ask(here.dossier),
    )


async def _still_asked(here: Here) -> bool:
    """Whether an earlier hour is looked for."""
    found = await asked_for.asked(here.dossier.id)
    return found is not None and found.ended is None


def _message_names() -> dict[str, Text]:
    own = (*notices.TEMPLATES, *earlier.TEMPLATES, *questions.TEMPLATES, *bills.TEMPLATES, *core_messages())
    brought = (template for plugin in plugins.current() for template in plugin.message_templates)
    return {template.key: template.name for template in (*own, *brought)}


HANDLERS = (show, slip, slip_with_code)
