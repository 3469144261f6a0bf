"""One's family: whom one books for, so that their names need not be typed each time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath

from parvis import clock, settings
from parvis.errors import Refusal, Refused, Text
from parvis.identity import family, guards
from parvis.identity.actors import Actor
from parvis.identity.family import Details, Kin, Relative
from parvis.identity.words import KIN
from parvis.web import fields, forms, pages
from parvis.web.forms import Form

_Request = Request[Actor, None, State]
_MINE = guards.page(guards.account(), "signed-in")
_NAME = msgspec.Meta(max_length=100)


class _Typed(msgspec.Struct, frozen=True, kw_only=True):
    given: Annotated[fields.Line, fields.Missing(Text("Write the given name.")), _NAME]
    family: Annotated[fields.Line, fields.Missing(Text("Write the family name.")), _NAME]
    born: Annotated[fields.BirthDate, fields.Missing(Text("Write the date of birth."))]
    kin: Annotated[Kin, fields.Missing(Text("Say who this person is to you."))]


@get("/account/family", **_MINE)
async def show(request: _Request) -> Response[Any]:
    """Everybody who is kept, and the form for one more."""
    return await _page(request, forms.blank())


@post("/account/family", status_code=303, **_MINE)
async def add(request: _Request) -> Response[Any]:
    """Keep one more."""
    form = await _read(request)
    if form.errors:
        return await _page(request, form, 422)
    try:
        await family.add(request.user, _details(form.value))
    except Refused as refused:
        return await _page(request, form.refused(refused.refusals), refused.status)
    return pages.see_other("/account/family?told=added")


@get("/account/family/{relative:uuid}", **_MINE)
async def ask(request: _Request, relative: FromPath[UUID]) -> Response[Any]:
    """One of them, to correct or to remove."""
    found = await family.one_of(relative, request.user.account)
    return _one(request, found, forms.of(found))


@post("/account/family/{relative:uuid}", status_code=303, **_MINE)
async def change(request: _Request, relative: FromPath[UUID]) -> Response[Any]:
    """Correct them."""
    found, form = await family.one_of(relative, request.user.account), await _read(request)
    if form.errors:
        return _one(request, found, form, 422)
    await family.change(relative, request.user, _details(form.value))
    return pages.see_other("/account/family?told=changed")


@post("/account/family/{relative:uuid}/remove", status_code=303, **_MINE)
async def remove(request: _Request, relative: FromPath[UUID]) -> Response[Any]:
    """Keep them no longer."""
    await family.remove(relative, request.user)
    return pages.see_other("/account/family?told=removed")


async def _read(request: _Request) -> Form[_Typed]:
    form = await forms.read(request, _Typed)
    return form.refused(_wrong_day(form.decoded)) if form.decoded else form


def _wrong_day(typed: _Typed) -> Iterator[Refusal]:
    if typed.born > clock.now().astimezone(settings.current().zone).date():
        yield Refusal("born-ahead", Text("This day is still to come. Write the date of birth."), "born")


def _details(typed: _Typed) -> Details:
    return Details(**msgspec.structs.asdict(typed))


async def _page(request: _Request, form: Form[Any], status: int = 200) -> Response[Any]:
    people, told = await family.all_of(request.user.account), request.query_params.get("told", "")
    return pages.render(
        request, "identity/family.html", status=status, form=form, people=people, told=told, kin=_kin(), words=KIN
    )


def _one(request: _Request, found: Relative, form: Form[Any], status: int = 200) -> Response[Any]:
    return pages.render(request, "identity/relative.html", status=status, form=form, relative=found, kin=_kin())


def _kin() -> list[tuple[str, Text]]:
    return [(kin.value, text) for kin, text in KIN.items()]


HANDLERS = (show, add, ask, change, remove)
