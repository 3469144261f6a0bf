"""Inviting somebody by mail, sending the mail again, and taking the invitation back."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis import settings
from parvis.contract.values import Channel, Role
from parvis.db import transaction
from parvis.errors import Refusal, Text, TooMany
from parvis.identity import invitations, terms
from parvis.identity.words import ROLES
from parvis.messages import actions as messages
from parvis.messages.reactions import INVITATION
from parvis.office.people.looking import CHANGE, GIVEN, SEE, Here, end_of, last_day, look, wrong_days
from parvis.office.people.sharing import count_invitation
from parvis.web import fields, forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]


class Invited(msgspec.Struct, frozen=True, kw_only=True):
    """Whom to invite, for what, until which day, and in which language to write."""

    address: Annotated[fields.Email, fields.Missing(Text("Enter an e-mail address."))]
    role: Annotated[Literal["reader", "agent", "manager", "accountant"], fields.Missing(Text("Choose a role."))]
    until: date | None = None
    language: Literal["fr", "de", "en"] = "fr"


@get("/office/{emitter:str}/people/invite", **SEE)
async def ask(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """Whom?"""
    here = await look(request, emitter)
    return _page(request, here, forms.blank(language=here.lang))


@post("/office/{emitter:str}/people/invite", **CHANGE)
async def invite(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """Invite, and write to them."""
    here, form = await look(request, emitter), await forms.read(request, Invited)
    form = form.refused(wrong_days(form.decoded.until if form.decoded else None))
    if form.errors:
        return _page(request, here, form)
    try:
        count_invitation(request)
    except TooMany as error:
        return _page(request, here, form.refused([Refusal(error.code, error.detail or error.title)]), 429)
    typed, own = form.value, here.emitter.id
    role, until = Role(typed.role), end_of(typed.until)
    async with transaction():
        made = await invitations.invite(own, role, typed.address, here.by, until, typed.language)
        await _write(here, made)
        await here.trace("invite", "invitation", made, role=role.value)
    return pages.see_other(f"{here.base}?sent=yes")


@post("/office/{emitter:str}/people/invitations/{invitation:uuid}/again", **CHANGE)
async def again(request: _AnyRequest, emitter: FromPath[str], invitation: FromPath[UUID]) -> Response[Any]:
    """Write again, with another link; the one before no longer counts."""
    here = await look(request, emitter)
    count_invitation(request)
    async with transaction():
        await invitations.again(invitation, here.emitter.id, here.by)
        await _write(here, invitation)
        await here.trace("invite-again", "invitation", invitation)
    return pages.see_other(f"{here.base}?sent=yes")


@post("/office/{emitter:str}/people/invitations/{invitation:uuid}/revoke", **CHANGE)
async def revoke(request: _AnyRequest, emitter: FromPath[str], invitation: FromPath[UUID]) -> Response[Any]:
    """Take it back."""
    here = await look(request, emitter)
    async with transaction():
        await invitations.revoke(invitation, here.emitter.id, here.by)
        await here.trace("revoke-invitation", "invitation", invitation)
    return pages.see_other(f"{here.base}?revoked=yes")


async def _write(here: Here, invitation: UUID) -> None:
    """Queue the mail with the link that counts, and note which mail it is."""
    made = await invitations.pending_one(invitation)
    context = {
        "by": made.by or here.emitter.name,
        "role": ROLES[made.role],
        "until": last_day(made.ends_at),
        "last": made.expires_at,
        "link": settings.current().base_url + await invitations.link(invitation),
    }
    mail = await messages.send(
        INVITATION, Channel.MAIL, made.address, made.language, here.emitter.id, context, made.expires_at
    )
    await invitations.sent(invitation, mail)


def _page(request: _AnyRequest, here: Here, form: Form[Any], status: int | None = None) -> Response[Any]:
    return pages.render(
        request,
        "office/people/invite.html",
        status=status or (422 if form.errors else 200),
        page=here,
        form=form,
        given=GIVEN,
        first=terms.first_last_day(),
        days=invitations.LASTS.days,
    )


HANDLERS = (ask, invite, again, revoke)
