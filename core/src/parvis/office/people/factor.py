"""What counts for a second factor at an emitter, where codes are mailed, and the stations that are remembered."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis import settings
from parvis.db import transaction
from parvis.errors import NotFound, Text
from parvis.identity import factors, members, stations
from parvis.office.people.looking import CHANGE, SEE, Here, look
from parvis.web import fields, forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_KEY, _MAIL = "key", "mail"
_ADDRESS = "/office/{emitter:str}/people/{person:uuid}/address"
KINDS = (
    (
        _KEY,
        Text("A key or a code app, at the sign-on"),
        Text("The safest. Each person sets it up once in their account at the sign-on."),
    ),
    (
        _MAIL,
        Text("Or a code that we mail to the work address"),
        Text("Nobody needs a telephone of their own. At the counter a station can be remembered until the evening."),
    ),
)


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What counts from now on."""

    kind: Annotated[Literal["key", "mail"], fields.Missing(Text("Choose what counts."))]


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """Where codes go."""

    address: Annotated[fields.Email, fields.Missing(Text("Enter an e-mail address."))]


@get("/office/{emitter:str}/people/second-factor", **SEE)
async def shown(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """What counts now, and where."""
    here = await look(request, emitter)
    kind = _MAIL if await factors.is_mailed(here.emitter.id) else _KEY
    return await _page(request, here, forms.blank(kind=kind))


@post("/office/{emitter:str}/people/second-factor", **CHANGE)
async def choose(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """Let something else count."""
    here, form = await look(request, emitter), await forms.read(request, Choice)
    if form.errors:
        return await _page(request, here, form)
    mailed = form.value.kind == _MAIL
    async with transaction():
        if await factors.choose(here.emitter.id, mailed, here.by):
            await here.trace("choose-second-factor", "emitter", here.emitter.id, mailed=mailed)
    return pages.see_other(f"{here.base}/second-factor?said=chosen")


@post("/office/{emitter:str}/people/stations/{station:uuid}/forget", **CHANGE)
async def forget(request: _AnyRequest, emitter: FromPath[str], station: FromPath[UUID]) -> Response[Any]:
    """Take a station back: who works there is asked for a code at the next click. Twice is as good as once."""
    here = await look(request, emitter)
    async with transaction():
        if person := await stations.forget(station, here.emitter.id):
            await here.trace("forget-station", "station", station, of=str(person))
    return pages.see_other(f"{here.base}/second-factor?said=forgotten")


@get(_ADDRESS, **SEE)
async def address(request: _AnyRequest, emitter: FromPath[str], person: FromPath[UUID]) -> Response[Any]:
    """Where somebody's codes go."""
    here = await look(request, emitter)
    known = await factors.address_of(here.emitter.id, await _member(here, person))
    return await _address(request, here, person, forms.blank(address=known))


@post(_ADDRESS, **CHANGE)
async def change_address(request: _AnyRequest, emitter: FromPath[str], person: FromPath[UUID]) -> Response[Any]:
    """Let them go elsewhere."""
    here, form = await look(request, emitter), await forms.read(request, Address)
    await _member(here, person)
    if form.errors:
        return await _address(request, here, person, form)
    async with transaction():
        await factors.give_address(here.emitter.id, person, form.value.address, here.by)
        await here.trace("change-work-address", "person", person)
    return pages.see_other(f"{here.base}/{person}?changed=yes")


async def _member(here: Here, person: UUID) -> UUID:
    """Somebody who works here now. Raises NotFound."""
    if person not in {member.person for member in await members.members_of(here.emitter.id)}:
        raise NotFound
    return person


async def _page(request: _AnyRequest, here: Here, form: Form[Any]) -> Response[Any]:
    everybody = await members.members_of(here.emitter.id)
    missing = await factors.without_address(here.emitter.id, [member.person for member in everybody])
    said = request.query_params.get("said")
    return pages.render(
        request,
        "office/people/second-factor.html",
        status=422 if form.errors else 200,
        page=here,
        form=form,
        kinds=KINDS,
        mailed=await factors.is_mailed(here.emitter.id),
        demanded=bool(settings.current().second_factor),
        unreached=[member for member in everybody if member.person in missing],
        stations=await stations.remembered(here.emitter.id),
        said=said if said in {"chosen", "forgotten"} else None,
    )


async def _address(request: _AnyRequest, here: Here, person: UUID, form: Form[Any]) -> Response[Any]:
    held = (await members.roles_of(here.emitter.id, person))[0]
    status = 422 if form.errors else 200
    return pages.render(request, "office/people/address.html", status=status, page=here, person=held, form=form)


HANDLERS = (shown, choose, forget, address, change_address)
