"""The operator's page of accounts: found by a number or a reference, shown as figures, merged with a reason."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.audit import actions as audit
from parvis.db import InvalidReference, read_reference, transaction
from parvis.dossiers import owners
from parvis.errors import NotFound, Refusal, Refused, Text
from parvis.identity import accounts, guards, merging
from parvis.identity.words import ROLES
from parvis.office.accounts import actions
from parvis.web import fields, forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_SEE = guards.page(guards.operator(), "operator")
_CHANGE = guards.page(guards.operator(), "operator", status_code=200)
_BASE = "/operator/accounts"
_MOST = 50
_MISSING = Text("Write the number of an account, or the reference of a request in it.")
_WHY = Text("Say how it is known that they are one person’s.")
_UNKNOWN = Text("No account has this number, and no request in an account this reference.")


class Two(msgspec.Struct, frozen=True, kw_only=True):
    """Two accounts, each by its number or by the reference of a request in it."""

    one: Annotated[fields.Line, fields.Missing(_MISSING)]
    other: Annotated[fields.Line, fields.Missing(_MISSING)]


class Wanted(Two, frozen=True, kw_only=True):
    """Which of them stays, and why they are one person's."""

    keep: Annotated[Literal["one", "other"], fields.Missing(Text("Choose which account stays."))]
    reason: Annotated[
        fields.Line,
        fields.Missing(_WHY),
        msgspec.Meta(max_length=300),
    ]
    sure: Annotated[Literal["yes"], fields.Missing(Text("Tick that it is one person."))]


@get(_BASE, **_SEE)
async def show(request: _AnyRequest) -> Response[Any]:
    """Which two, and what was merged before."""
    return await _page(request, forms.blank())


@post(f"{_BASE}/compare", **_CHANGE)
async def compare(request: _AnyRequest) -> Response[Any]:
    """What each of them has; that it was looked at is traced."""
    form = await forms.read(request, Two)
    form, found = await _found(form)
    if form.errors:
        return await _page(request, form, 422)
    async with transaction():
        for account in found:
            await audit.trace(guards.actor_of(request), "look-account", "person", account)
    return await _compared(request, form, found)


@post(f"{_BASE}/merge", **_CHANGE)
async def merge(request: _AnyRequest) -> Response[Any]:
    """Make one of them."""
    form = await forms.read(request, Wanted)
    checked, found = await _found(form)
    if len(found) < 2:
        return await _page(request, checked, 422)
    if form.errors:
        return await _compared(request, form, found, 422)
    kept, merged = found if form.value.keep == "one" else found[::-1]
    try:
        await actions.merge(kept, merged, form.value.reason, guards.actor_of(request))
    except Refused as refused:
        return await _compared(request, form.refused(refused.refusals), found, refused.status)
    return pages.see_other(f"{_BASE}?told=merged")


@post(f"{_BASE}/{{merge:uuid}}/separate", **_CHANGE)
async def separate(request: _AnyRequest, merge: FromPath[UUID]) -> Response[Any]:
    """Make two of it again."""
    await actions.separate(merge, guards.actor_of(request))
    return pages.see_other(f"{_BASE}?told=separated")


async def _found(form: Form[Any]) -> tuple[Form[Any], list[UUID]]:
    """The accounts that were written, as far as they are known, and what is wrong with the others."""
    found = []
    for name in ("one", "other"):
        typed = form.text(name).strip()
        account = await _account(typed) if typed else None
        if account is not None:
            found.append(account)
        elif typed:
            form = form.refused([Refusal("account-unknown", _UNKNOWN, name)])
    if len(set(found)) < len(found):
        form = form.refused([Refusal("same-account", Text("These are one and the same account."), "other")])
    return form, found


async def _account(typed: str) -> UUID | None:
    try:
        return (await accounts.holdings(UUID(typed))).id
    except NotFound:
        return None
    except ValueError:
        pass
    try:
        return await owners.owner_of(read_reference(typed))
    except InvalidReference:
        return None


async def _compared(request: _AnyRequest, form: Form[Any], found: list[UUID], status: int = 200) -> Response[Any]:
    names = zip(("one", "other"), found, strict=True)
    two = [(name, await accounts.holdings(one), await owners.counts(one)) for name, one in names]
    return pages.render(
        request, "office/accounts/compare.html", status=status, form=form, two=two, roles=ROLES, base=_BASE
    )


async def _page(request: _AnyRequest, form: Form[Any], status: int = 200) -> Response[Any]:
    return pages.render(
        request,
        "office/accounts/accounts.html",
        status=status,
        form=form,
        merges=await merging.merges(_MOST),
        told=request.query_params.get("told", ""),
        base=_BASE,
    )


HANDLERS = (show, compare, merge, separate)
