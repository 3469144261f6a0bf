"""What each role may do at an emitter: the core's permissions and those of its plugins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.db import transaction
from parvis.errors import Refusal, Text
from parvis.identity import rights, rules
from parvis.identity.rules import AT_AN_EMITTER
from parvis.identity.words import ROLES
from parvis.office.people import wording
from parvis.office.people.looking import CHANGE, SEE, Here, look
from parvis.web import forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_NOTHING = Text("This changes nothing.")
_MOST = 2**31 - 1


class Ticked(msgspec.Struct, frozen=True, kw_only=True):
    """The cells that are ticked, `permission:role`, of the permissions that were shown, and the version of that."""

    may: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    version: Annotated[int, msgspec.Meta(ge=0, le=_MOST)] = 0


@get("/office/{emitter:str}/people/roles", **SEE)
async def shown(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """What roles may do now."""
    here = await look(request, emitter)
    return await _page(request, here, None)


@post("/office/{emitter:str}/people/roles", **CHANGE)
async def change(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """Publish what was ticked; what others changed since the page was shown stays."""
    here, form = await look(request, emitter), await forms.read(request, Ticked)
    if form.errors:
        return await _page(request, here, form)
    by, own = here.by, here.emitter.id
    async with transaction():
        groups = await wording.permissions_of(own)
        # A plugin that was enabled meanwhile was not shown: nobody unticked anything of it.
        permissions = [found for _, brought in groups for found in brought if found.key in form.value.asked]
        seen = await rights.said_before(own, form.value.version)
        wanted = rules.chosen(permissions, wording.cells(form.value.may), seen)
        done = await rights.change(own, wanted, base=form.value.version, by=by)
        if done:
            await here.trace("change-rights", "emitter", own, version=done.version)
    if done is None:
        return await _page(request, here, form.refused([Refusal("nothing-changed", _NOTHING)]))
    return pages.see_other(f"{here.base}/roles?published={done.version}")


async def _page(request: _AnyRequest, here: Here, form: Form[Ticked] | None) -> Response[Any]:
    version, said = await rights.said_at(here.emitter.id)
    found = await wording.permissions_of(here.emitter.id)
    groups = [(name, [wording.row(one, said) for one in brought if rules.changeable(one)]) for name, brought in found]
    shown = [f"{row.key}:{role}" for _, rows in groups for row in rows for role in row.roles]
    return pages.render(
        request,
        "office/people/roles.html",
        status=422 if form and form.errors else 200,
        page=here,
        form=form or forms.blank(),
        # What was typed stays with the version that it was typed over.
        version=form.text("version") if form else version,
        groups=groups,
        ticked=frozenset(form.raw.get("may", ()) if form else shown),
        fixed=[one for _, brought in found for one in brought if one.fixed],
        order=[(role, ROLES[role]) for role in AT_AN_EMITTER],
        published=await _published(request, here),
    )


async def _published(request: _AnyRequest, here: Here) -> tuple[int, Sequence[Text]] | None:
    asked = request.query_params.get("published", "")
    if not (asked.isascii() and asked.isdigit() and len(asked) < 10):
        return None
    found = await rights.one_change(here.emitter.id, int(asked))
    return found.version, wording.changes(found.changes)


HANDLERS = (shown, change)
