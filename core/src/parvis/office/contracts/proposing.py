"""A holder writes down what it wants to offer: where, in which days, and what residents read about it."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis import plugins
from parvis.audit import actions as audit
from parvis.db import transaction
from parvis.errors import NotFound, Refusal, Refused, Text
from parvis.office.contracts import notices
from parvis.office.contracts.looking import CHANGE, SEE, Offered, look_at
from parvis.territory import queries as territory
from parvis.territory.publishing import actions
from parvis.territory.publishing.actions import Overtaken
from parvis.territory.publishing.rules import Act, Terms
from parvis.web import fields, forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_DISABLED = Text("First enable the plugin that brings this service, under Plugins.")


class Proposed(msgspec.Struct, frozen=True, kw_only=True):
    """A proposal as it is typed, over the saving `version`; `submit` hands it in at once."""

    places: tuple[str, ...] = ()
    first_day: Annotated[date, fields.Missing(Text("Enter the first day."))]
    last_day: Annotated[date, fields.Missing(Text("Enter the last day."))]
    about: fields.Wording = fields.Wording()
    version: int = 0
    submit: bool = False


@get("/office/{emitter:str}/contracts/{contract:uuid}/{service:str}/proposal", **SEE)
async def ask(
    request: _AnyRequest, emitter: FromPath[str], contract: FromPath[UUID], service: FromPath[str]
) -> Response[Any]:
    """What is proposed so far, else what is published, else all that the contract names."""
    at = await _may(request, emitter, contract, service)
    terms = at.offer.proposed or at.offer.published
    named = at.here.contract
    places = [str(place) for place in (terms.places if terms else named.places)]
    days = {"first_day": (terms or named).first_day, "last_day": (terms or named).last_day}
    about = {f"about-{language}": text for language, text in (terms.about if terms else {}).items()}
    return _page(request, at, forms.blank(places=places, **days, **about, version=at.offer.version))


@post("/office/{emitter:str}/contracts/{contract:uuid}/{service:str}/proposal", **CHANGE)
async def propose(
    request: _AnyRequest, emitter: FromPath[str], contract: FromPath[UUID], service: FromPath[str]
) -> Response[Any]:
    """Keep it as a draft, or hand it in for review."""
    at, form = await _may(request, emitter, contract, service), await forms.read(request, Proposed)
    if not await _enabled(at):
        form = form.refused([Refusal("plugin-disabled", _DISABLED)])
    if form.errors:
        return _page(request, at, form)
    try:
        await _save(at, form.value)
    except Refused as refused:
        return _page(request, at, form.refused(refused.refusals))
    except Overtaken as error:
        return _page(request, at, form.refused([Refusal(error.code, error.title)]), 409)
    return pages.see_other(f"{at.base}?done={'submit' if form.value.submit else 'save'}")


async def _save(at: Offered, typed: Proposed) -> None:
    here, service = at.here, at.offer.service
    terms = Terms(
        places=frozenset(place for place in here.places if str(place) in typed.places),
        first_day=typed.first_day,
        last_day=typed.last_day,
        about={language: text for language, text in msgspec.structs.asdict(typed.about).items() if text},
    )
    async with transaction():
        saved = await actions.propose(here.contract.id, service, terms, here.by, typed.version)
        act = Act.SUBMIT if typed.submit else Act.SAVE
        if typed.submit:
            await actions.take(here.contract.id, service, act, here.by, version=saved.version)
            await notices.tell(at, act, "")
        await trace(at, act)


async def trace(at: Offered, act: Act) -> None:
    """Trace a step."""
    here = at.here
    await audit.trace(
        here.actor, act.value, "contract", here.contract.id, emitter=here.emitter.id, service=at.offer.service
    )


async def _may(request: _AnyRequest, emitter: str, contract: UUID, service: str) -> Offered:
    """The service of a contract for whoever may propose it now. Raises NotFound for others, Overtaken in review."""
    at = await look_at(request, emitter, contract, service)
    if at.here.is_authority or at.here.over:
        raise NotFound
    if Act.SAVE.value not in at.steps:
        raise Overtaken
    return at


async def _enabled(at: Offered) -> bool:
    plugin, _ = plugins.current().service(at.offer.service)
    return await territory.is_enabled(plugin.key, at.here.emitter.id)


def _page(request: _AnyRequest, at: Offered, form: Form[Any], status: int = 422) -> Response[Any]:
    return pages.render(
        request,
        "office/contracts/propose.html",
        status=status if form.errors else 200,
        page=at,
        contract=at.here.contract,
        places=[(str(place.id), place.name) for place in at.here.places.values()],
        form=form,
    )


HANDLERS = (ask, propose)
