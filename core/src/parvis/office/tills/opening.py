"""The tills of an emitter: opening one, and saying where it collects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis import plugins, settings
from parvis.audit import actions as audit
from parvis.contract.payments import OutcomeUnknown
from parvis.contract.values import PaymentProvider
from parvis.db import fold, transaction
from parvis.errors import Conflict, Invalid, NotFound, Refusal, Text
from parvis.identity import guards
from parvis.office.permissions import OPEN_TILL
from parvis.office.settings import asking
from parvis.office.tills.looking import OPEN, OPENED, SEE, Here, look
from parvis.payments import money, providers, stranded
from parvis.payments.accounts import BY_OURSELVES, Account, account_details, accounts_of, add_account, keep_details
from parvis.payments.asking import answer
from parvis.payments.books import days, ledger, limits
from parvis.territory import queries as territory
from parvis.territory.queries import EmitterInfo
from parvis.web import fields, forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
S = TypeVar("S", bound=msgspec.Struct)
KINDS = {
    "regie": Text("Public till (régie)"),
    "mandate": Text("Collects for a public body (mandate)"),
    "own": Text("The body’s own money"),
}
_TAKEN = Text("There is a till of this name already.")


class NewTill(msgspec.Struct, frozen=True, kw_only=True):
    """A till to open."""

    name: Annotated[fields.Line, fields.Missing(Text("Write the till’s name."))]
    kind: Annotated[Literal["regie", "mandate", "own"], fields.Missing(Text("Choose whose money it is."))]
    alone: fields.Line = ""
    mentions: Annotated[str, fields.Reader(fields.words), msgspec.Meta(max_length=500)] = ""


class NewAccount(msgspec.Struct, frozen=True, kw_only=True):
    """The way to pay to add."""

    provider: str


@get("/office/{emitter:str}/tills", **SEE)
async def listed(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """Each till with what came in today, and what waits there."""
    own, actor = await territory.emitter_by_slug(emitter), guards.actor_of(request)
    return pages.render(
        request,
        "office/tills/tills.html",
        tills=(tills := await ledger.tills_of(own.id)),
        duties={till.id: await limits.due_at(till) for till in tills},
        waiting=await days.waiting(own.id, ledger.today()),
        idle=await stranded.counts(own.id),
        kinds=KINDS,
        base=f"/office/{emitter}/tills",
        may_open=actor.may(OPEN_TILL, emitter),
    )


@get("/office/{emitter:str}/tills/new", **OPEN)
async def ask(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """Which till?"""
    return _form(request, await territory.emitter_by_slug(emitter), forms.blank(kind="regie", alone="0,00"))


@post("/office/{emitter:str}/tills/new", **OPENED)
async def open_till(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """Open it, with its books."""
    own, form = await territory.emitter_by_slug(emitter), await forms.read(request, NewTill)
    alone = 0
    try:
        alone = money.read_cents(form.text("alone") or "0", "alone")
    except Invalid as wrong:
        form = form.refused(wrong.refusals)
    slug = _slug(form.text("name"))
    if slug in {till.slug for till in await ledger.tills_of(own.id)}:
        form = form.refused([Refusal("till-there", _TAKEN, "name")])
    if form.errors:
        return _form(request, own, form)
    typed = form.value
    async with transaction():
        till = await ledger.open_till(own.id, slug, typed.name, typed.kind, alone_up_to=alone, mentions=typed.mentions)
        actor = guards.actor_of(request)
        await audit.trace(actor, "open-till", "till", till, emitter=own.id, kind=typed.kind, alone_up_to=alone)
    # Who sells for themselves says first who they are: the law wants it on every invoice.
    following = "seller" if typed.kind == "own" else "accounts"
    return pages.see_other(f"/office/{emitter}/tills/{till}/{following}?told=opened")


@get("/office/{emitter:str}/tills/{till:uuid}/accounts", **OPEN)
async def accounts(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """Where the till collects, and what it can collect by besides."""
    here = await look(request, emitter, till)
    return await accounts_page(request, here, forms.blank())


@post("/office/{emitter:str}/tills/{till:uuid}/accounts", **OPENED)
async def add(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """Let the till collect by a provider, or say something else of its account there."""
    here = await look(request, emitter, till)
    chosen = await forms.read(request, NewAccount)
    provider = await _provider(here.emitter, chosen.text("provider"))
    form: Form[Any] = chosen
    if provider.account:
        before = await _said(here, provider.key, provider.account)
        form = forms.of_raw(provider.account, asking.with_secrets(chosen.raw, before))
    if not form.errors and provider.fault:
        form = form.refused(provider.fault(form.decoded))
    if not form.errors:
        form = form.refused(await _checked(provider, form.decoded))
    if form.errors:
        return await accounts_page(request, here, form)
    async with transaction():
        await _keep(here, provider, form)
        # What was said may be a secret; that it was said is none.
        await here.trace("collect-by", provider=provider.key)
    return pages.see_other(f"{here.base}/accounts?told=kept")


async def _checked(provider: PaymentProvider, told: Any) -> Sequence[Refusal]:
    """What the provider itself says is wrong; nothing if it does not answer, as the first payment tells too."""
    if provider.checked is None:
        return ()
    try:
        return await answer(provider.key, provider.checked(told))
    except OutcomeUnknown:
        return ()


async def _keep(here: Here, provider: PaymentProvider, form: Form[Any]) -> None:
    able = provider.provider.caps("").refund
    key = _key(here, provider.key)
    try:
        await add_account(key, here.till.id, provider.key, "provider" if able else "mandate")
    except Conflict as error:
        raise NotFound from error
    if provider.account and form.decoded is not None:
        await keep_details(key, form.decoded)


def _key(here: Here, provider: str) -> str:
    return f"{provider.rpartition('.')[2]}-{here.till.id.hex[-12:]}"


async def _said(here: Here, provider: str, kind: type[S]) -> S:
    """What the till said of its account before, by default what `kind` has."""
    try:
        return await account_details(_key(here, provider), kind)
    except NotFound:
        return kind()


async def _provider(emitter: EmitterInfo, key: str) -> PaymentProvider:
    """A way to pay that the emitter has enabled. Raises NotFound."""
    for found in await providers.offered(emitter.id):
        if found.key == key:
            return found
    raise NotFound


async def accounts_page(request: _AnyRequest, here: Here, form: Form[Any]) -> Response[Any]:
    """The page that says where a till collects."""
    names = {one.key: one.name for plugin in plugins.current() for one in plugin.payment_providers}
    offered = providers.fitting(await providers.offered(here.emitter.id), here.till.kind)
    found = [one for one in await accounts_of(here.till.id) if one.provider not in BY_OURSELVES]
    return pages.render(
        request,
        "office/tills/accounts.html",
        status=422 if form.errors else 200,
        page=here,
        kinds=KINDS,
        accounts=found,
        labels={one.key: forms.blank(label=one.label) for one in found},
        kept={one.provider: await _kept(one, offered) for one in found},
        names=names,
        told_at={one.key: _told_at(here, one) for one in offered},
        offered=[(one, asking.questions(one.account) if one.account else []) for one in offered],
        chosen=form.text("provider"),
        form=form,
        blank=forms.blank(),
        told=request.query_params.get("told", ""),
    )


def _told_at(here: Here, provider: PaymentProvider) -> str:
    """The address to give to a provider, empty where it needs none."""
    if not provider.notified:
        return ""
    return f"{settings.current().base_url}{provider.notified}/{_key(here, provider.key)}"


async def _kept(account: Account, offered: Sequence[PaymentProvider]) -> Form[Any]:
    """What was said of an account, as a form to correct it."""
    kind = next((one.account for one in offered if one.key == account.provider), None)
    return asking.filled(await account_details(account.key, kind)) if kind else forms.blank()


def _form(request: _AnyRequest, own: EmitterInfo, form: Form[Any]) -> Response[Any]:
    return pages.render(
        request,
        "office/tills/new.html",
        status=422 if form.errors else 200,
        form=form,
        kinds=list(KINDS.items()),
        base=f"/office/{own.slug}/tills",
    )


def _slug(name: str) -> str:
    return "-".join(fold(name).split())[:60]


HANDLERS = (listed, ask, open_till, accounts, add)
