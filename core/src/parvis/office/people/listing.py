"""The people of an emitter, with their roles, and those who are invited."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis import clock
from parvis.db import fold
from parvis.identity import invitations, members
from parvis.identity.members import Member
from parvis.identity.words import ROLES
from parvis.messages import queries as messages
from parvis.office.people.looking import CHANGE, SEE, Here, last_day, look
from parvis.web import fields, forms, pages

_AnyRequest = Request[Any, Any, Any]
_PAGE = 50
_LOST = frozenset({"bounced", "failed", "stale"})


class Sought(msgspec.Struct, frozen=True):
    """A part of a name."""

    q: Annotated[str, fields.Reader(fields.line)] = ""


@get("/office/{emitter:str}/people", **SEE)
async def listed(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """Everybody, by name, from the one after `after` on."""
    here = await look(request, emitter)
    everybody = await members.members_of(here.emitter.id)
    after = request.query_params.get("after", "")
    known = [str(member.person) for member in everybody]
    start = known.index(after) + 1 if after in known else 0
    return await _page(request, here, everybody, everybody[start:])


@post("/office/{emitter:str}/people", **CHANGE)
async def found(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """Those of whose name somebody typed a part; a name travels in no address."""
    here, form = await look(request, emitter), await forms.read(request, Sought)
    everybody = await members.members_of(here.emitter.id)
    typed = fold(form.text("q"))
    return await _page(request, here, everybody, [one for one in everybody if typed in fold(one.name)], form)


async def _page(
    request: _AnyRequest,
    here: Here,
    everybody: Sequence[Member],
    shown: Sequence[Member],
    form: forms.Form[Any] | None = None,
) -> Response[Any]:
    invited = await invitations.pending(here.emitter.id)
    became = await messages.states([one.message for one in invited if one.message])
    return pages.render(
        request,
        "office/people/people.html",
        page=here,
        form=form or forms.blank(),
        sought=form is not None,
        people=shown[:_PAGE],
        count=len(everybody),
        searchable=len(everybody) > _PAGE,
        next=f"{here.base}?after={shown[_PAGE - 1].person}" if len(shown) > _PAGE else None,
        invited=[(one, became.get(one.message) in _LOST if one.message else False) for one in invited],
        now_at=clock.now(),
        roles=ROLES,
        last_day=last_day,
        said=next((word for word in ("sent", "revoked") if word in request.query_params), None),
    )


HANDLERS = (listed, found)
