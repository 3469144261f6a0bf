"""Finding a request by what somebody says on the telephone. What is typed travels in the body, never in an address."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis import plugins
from parvis.audit import actions as audit
from parvis.dossiers import searching
from parvis.dossiers.queries import DossierInfo
from parvis.dossiers.searching import FindByNumber
from parvis.errors import Refusal, Text
from parvis.identity import guards
from parvis.office.day import boards
from parvis.office.permissions import REQUESTS
from parvis.territory import queries as territory
from parvis.web import fields, forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_SEE = guards.page(guards.staff(REQUESTS), "reader", "agent", "manager")
_EMPTY = Text("Write a name, a reference, a telephone number or an application number.")
_SHORT = Text("Write at least two letters, or the whole reference.")
_ELSEWHERE = Text("This reference is another town hall's.")


class Sought(msgspec.Struct, frozen=True):
    """What an agent looks for."""

    q: Annotated[fields.Line, fields.Missing(_EMPTY)]


@get("/office/{emitter:str}/requests", **_SEE)
async def ask(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """The question alone."""
    return await _page(request, emitter, forms.blank())


@post("/office/{emitter:str}/requests", status_code=200, **_SEE)
async def find(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """What fits; that it was shown is traced."""
    form = await forms.read(request, Sought)
    if form.decoded and not searching.is_enough(form.decoded.q):
        form = form.refused([Refusal("too-short", _SHORT, "q")])
    if form.errors:
        return await _page(request, emitter, form, status=422)
    own, typed = await territory.emitter_by_slug(emitter), form.value.q
    found = await searching.anything(typed, own.id, _finders())
    await audit.saw_several(guards.actor_of(request), [dossier.id for dossier in found], own.id)
    elsewhere = not found and await searching.is_elsewhere(typed, own.id)
    return await _page(request, emitter, form, found, _ELSEWHERE if elsewhere else None)


async def _page(
    request: _AnyRequest,
    emitter: str,
    form: Form[Any],
    found: list[DossierInfo] | None = None,
    said: Text | None = None,
    status: int = 200,
) -> Response[Any]:
    return pages.render(
        request,
        "office/requests/find.html",
        status=status,
        form=form,
        found=found,
        said=said,
        most=searching.MOST,
        kinds=boards.kind_names(),
        places={place.id: place.name for place in await territory.places()},
        base=f"/office/{emitter}/requests",
    )


def _finders() -> list[FindByNumber]:
    """How the installed services find their dossiers by numbers of their own."""
    counters = [service.counter for plugin in plugins.current() for service in plugin.services]
    return [counter.find for counter in counters if counter and counter.find]


HANDLERS = (ask, find)
