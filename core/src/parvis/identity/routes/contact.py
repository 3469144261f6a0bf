"""Acting without an account: a contact, the code sent to it, and the link that opens the same door later."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath, FromQuery, QueryParameter

from parvis.contract.values import Channel
from parvis.errors import Invalid, NotFound, Refusal, Text, TooMany
from parvis.identity import contacts, guards, links, sessions, shares
from parvis.identity.actors import Actor
from parvis.settings import current
from parvis.web import fields, forms, i18n, pages
from parvis.web.rules import local_path

_Request = Request[Actor, None, State]


class _Asked(msgspec.Struct, frozen=True):
    contact: Annotated[fields.Line, fields.Missing(Text("Enter an e-mail address or a mobile number."))]
    after: str = "/"


class _Typed(msgspec.Struct, frozen=True):
    proof: str
    code: Annotated[fields.Line, fields.Missing(Text("Enter the six figures of the code."))]
    after: str = "/"


class _Again(msgspec.Struct, frozen=True):
    proof: str
    after: str = "/"


@get("/contact", guards=[guards.public()], **guards.declared("everyone"))
async def which(request: _Request, after: Annotated[str, QueryParameter(name="next")] = "/") -> Response[Any]:
    """Ask for a contact."""
    return pages.render(request, "identity/contact.html", form=forms.blank(), after=local_path(after))


@post("/contact", status_code=303, guards=[guards.public()], **guards.declared("everyone"))
async def ask(request: _Request) -> Response[Any]:
    """Send a code to it."""
    form = await forms.read(request, _Asked)
    after = local_path(form.text("after"))
    contact = read_contact(form.text("contact"))
    if not form.errors and isinstance(contact, Text):
        form = form.refused([Refusal("contact", contact, "contact")])
    if form.errors or isinstance(contact, Text):
        return pages.render(request, "identity/contact.html", status=422, form=form, after=after)
    try:
        shares.count_code(request)
        proof = await contacts.ask(contact, i18n.language(request), request.user.session)
    except TooMany as error:
        form = form.refused([Refusal(error.code, error.detail or error.title, "contact")])
        return pages.render(request, "identity/contact.html", status=429, form=form, after=after)
    return _to_code(proof, after)


@get("/contact/code", guards=[guards.public()], **guards.declared("everyone"))
async def which_code(
    request: _Request, proof: FromQuery[UUID], after: Annotated[str, QueryParameter(name="next")] = "/"
) -> Response[Any]:
    """Ask for the code."""
    return _code_page(request, forms.blank(), str(proof), after)


@post("/contact/code", status_code=303, guards=[guards.public()], **guards.declared("everyone"))
async def prove(request: _Request) -> Response[Any]:
    """Compare it, and go on."""
    form = await forms.read(request, _Typed)
    after = local_path(form.text("after"))
    if form.errors:
        return _code_page(request, form, form.text("proof"), after, 422)
    try:
        proved = await contacts.prove(_id(form.value.proof), form.value.code, request.user.session)
    except Invalid as error:
        return _code_page(request, form.refused(error.refusals), form.value.proof, after, 422)
    return _inside(proved, after)


@post("/contact/again", status_code=303, guards=[guards.public()], **guards.declared("everyone"))
async def again(request: _Request) -> Response[Any]:
    """Send another code to the same contact."""
    form = await forms.read(request, _Again)
    after = local_path(form.text("after"))
    proof = _id(form.text("proof"))
    try:
        shares.count_code(request)
        return _to_code(await contacts.ask_again(proof), after)
    except TooMany as error:
        form = form.refused([Refusal(error.code, error.detail or error.title, "code")])
        return _code_page(request, form, str(proof), after, 429)


@get("/access/{token:str}", guards=[guards.public()], **guards.declared("everyone"))
async def offer(request: _Request, token: FromPath[str]) -> Response[Any]:
    """The page of a link; opening it changes nothing, as mail scanners open links too."""
    links.contact_of_link(token)
    return pages.render(request, "identity/access.html", token=token)


@post("/access/{token:str}", status_code=303, guards=[guards.public()], **guards.declared("everyone"))
async def enter(request: _Request, token: FromPath[str]) -> Response[None]:
    """Open the door that the link stands for."""
    contact = links.contact_of_link(token)
    proved = await links.enter(contact, i18n.language(request), request.user.session)
    return _inside(proved, "/my/requests")


def read_contact(typed: str) -> contacts.Contact | Text:
    """A contact as people type it, or what to type instead."""
    # Somebody who forgot the @ meant an address: a telephone number is mostly figures.
    is_mail = "@" in typed or sum(map(str.isalpha, typed)) > sum(map(str.isdecimal, typed))
    kind, read = (Channel.MAIL, fields.email) if is_mail else (Channel.SMS, fields.phone)
    found = read(typed)
    return found if isinstance(found, Text) else contacts.Contact(kind, found)


def _id(typed: str) -> UUID:
    try:
        return UUID(typed)
    except ValueError as error:
        raise NotFound from error


def _to_code(proof: FromQuery[UUID], after: str) -> Response[None]:
    return pages.see_other(f"/contact/code?{urlencode({'proof': str(proof), 'next': after})}")


def _code_page(request: _Request, form: forms.Form[Any], proof: str, after: str, status: int = 200) -> Response[Any]:
    return pages.render(request, "identity/code.html", status=status, form=form, proof=proof, after=local_path(after))


def _inside(proved: contacts.Proved, after: str) -> Response[None]:
    answer = pages.see_other(after)
    answer.cookies.append(sessions.cookie(current(), proved.token))
    return answer
