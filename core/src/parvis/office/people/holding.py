"""One person's roles at an emitter, now and before; a role's end, and taking it away."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis import clock
from parvis.db import transaction
from parvis.errors import NotFound, Refused
from parvis.identity import actions, members, terms
from parvis.identity.members import HeldRole
from parvis.identity.words import ROLES
from parvis.office.people.looking import (
    CHANGE,
    GIVEN,
    SEE,
    Here,
    end_of,
    last_day,
    look,
    written,
    wrong_days,
)
from parvis.web import forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """The last day of a role, or none."""

    until: date | None = None


@get("/office/{emitter:str}/people/{person:uuid}", **SEE)
async def person(request: _AnyRequest, emitter: FromPath[str], person: FromPath[UUID]) -> Response[Any]:
    """Somebody's roles here."""
    here = await look(request, emitter)
    return show_person(request, here, await members.roles_of(here.emitter.id, person), forms.blank())


@get("/office/{emitter:str}/people/{person:uuid}/{grant:uuid}", **SEE)
async def role(
    request: _AnyRequest, emitter: FromPath[str], person: FromPath[UUID], grant: FromPath[UUID]
) -> Response[Any]:
    """One role: when it ends, and taking it away."""
    here = await look(request, emitter)
    held = await _held(here, person, grant)
    return _page(request, here, held, forms.blank(until=last_day(held.ends_at)))


@post("/office/{emitter:str}/people/{person:uuid}/{grant:uuid}", **CHANGE)
async def set_end(
    request: _AnyRequest, emitter: FromPath[str], person: FromPath[UUID], grant: FromPath[UUID]
) -> Response[Any]:
    """Let it end on a day, or on none."""
    here, form = await look(request, emitter), await forms.read(request, Ending)
    held = await _held(here, person, grant)
    form = form.refused(wrong_days(form.decoded.until if form.decoded else None))
    if form.errors:
        return _page(request, here, held, form)
    until = end_of(form.value.until)
    try:
        async with transaction():
            await actions.set_end(grant, until)
            facts = {"role": held.role.value, "grant": str(grant)}
            await here.trace("change-role-end", "person", person, **facts, until=written(until))
    except Refused as refused:
        return _page(request, here, held, form.refused(refused.refusals))
    return pages.see_other(f"{here.base}/{person}?changed=yes")


@post("/office/{emitter:str}/people/{person:uuid}/{grant:uuid}/end", **CHANGE)
async def end(
    request: _AnyRequest, emitter: FromPath[str], person: FromPath[UUID], grant: FromPath[UUID]
) -> Response[Any]:
    """Take it away at once: its holder's sessions end."""
    here = await look(request, emitter)
    held = await _held(here, person, grant)
    try:
        async with transaction():
            await actions.end_grant(grant, here.by)
            facts = {"role": held.role.value, "grant": str(grant)}
            await here.trace("end-role", "person", person, **facts)
    except Refused as refused:
        return _page(request, here, held, forms.blank(until=last_day(held.ends_at)).refused(refused.refusals))
    return pages.see_other("/" if person == here.by else f"{here.base}/{person}?ended={grant}")


def show_person(
    request: _AnyRequest, here: Here, roles: list[HeldRole], form: Form[Any], status: int = 200
) -> Response[Any]:
    """The page of one person, with the form that gives another role."""
    now, ended = clock.now(), request.query_params.get("ended")
    held = [one for one in roles if one.holds(now)]
    own = {one.role.value for one in held}
    return pages.render(
        request,
        "office/people/person.html",
        status=status,
        page=here,
        person=roles[0],
        held=held,
        former=[one for one in roles if not one.holds(now)],
        taken=next((one for one in roles if str(one.id) == ended and one.role.value not in own), None),
        changed="changed" in request.query_params,
        form=form,
        given=[(key, name) for key, name in GIVEN if key not in own],
        roles=ROLES,
        last_day=last_day,
        first=terms.first_last_day(),
    )


def _page(request: _AnyRequest, here: Here, held: HeldRole, form: Form[Any]) -> Response[Any]:
    return pages.render(
        request,
        "office/people/role.html",
        status=422 if form.errors else 200,
        page=here,
        held=held,
        form=form,
        own=held.person == here.by,
        roles=ROLES,
        first=terms.first_last_day(),
    )


async def _held(here: Here, person: UUID, grant: UUID) -> HeldRole:
    """A role that somebody has here now. Raises NotFound."""
    now = clock.now()
    for held in await members.roles_of(here.emitter.id, person):
        if held.id == grant and held.holds(now):
            return held
    raise NotFound


HANDLERS = (person, role, set_end, end)
