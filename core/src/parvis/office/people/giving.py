"""Giving another role to somebody who has or had one at the emitter."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, post
from litestar.params import FromPath

from parvis.contract.values import Role
from parvis.db import transaction
from parvis.errors import Text
from parvis.identity import actions, members
from parvis.office.people.holding import show_person
from parvis.office.people.looking import CHANGE, end_of, look, written, wrong_days
from parvis.web import fields, forms, pages

_AnyRequest = Request[Any, Any, Any]


class Giving(msgspec.Struct, frozen=True, kw_only=True):
    """A role, and its last day or none."""

    role: Annotated[Literal["reader", "agent", "manager", "accountant"], fields.Missing(Text("Choose a role."))]
    until: date | None = None


@post("/office/{emitter:str}/people/{person:uuid}/give", **CHANGE)
async def give(request: _AnyRequest, emitter: FromPath[str], person: FromPath[UUID]) -> Response[Any]:
    """Give it. Whoever never had a role here is invited instead, and signs in themselves."""
    here, form = await look(request, emitter), await forms.read(request, Giving)
    known = await members.roles_of(here.emitter.id, person)
    form = form.refused(wrong_days(form.decoded.until if form.decoded else None))
    if form.errors:
        return show_person(request, here, known, form, 422)
    role, until = Role(form.value.role), end_of(form.value.until)
    async with transaction():
        grant = await actions.grant(person, role, here.emitter.id, here.by, until)
        facts = {"role": role.value, "grant": str(grant)}
        await here.trace("give-role", "person", person, **facts, until=written(until))
    return pages.see_other(f"{here.base}/{person}?changed=yes")


HANDLERS = (give,)
