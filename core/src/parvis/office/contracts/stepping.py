"""One service under contract: what is published, what is proposed, what differs, what was said; and each step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis import clock, settings
from parvis.calendars import offering
from parvis.calendars import queries as calendars
from parvis.calendars.queries import BookingInfo
from parvis.db import transaction
from parvis.errors import Refusal, Refused
from parvis.office.contracts import notices, words
from parvis.office.contracts.looking import CHANGE, SEE, Offered, look_at
from parvis.office.contracts.proposing import trace
from parvis.territory.publishing import actions, queries, rules
from parvis.territory.publishing.actions import Overtaken
from parvis.territory.publishing.rules import Act, Difference
from parvis.web import fields, forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_SHOWN = 50


class Stepped(msgspec.Struct, frozen=True, kw_only=True):
    """The button that was pressed, what was seen by then, and why."""

    act: Act
    version: int = 0
    comment: Annotated[fields.Words, msgspec.Meta(max_length=1000)] = ""


@dataclass(frozen=True, slots=True)
class Left:
    """Appointments that residents have although the service is suspended, or after its last day."""

    suspended: bool
    count: int
    first: list[BookingInfo]


@get("/office/{emitter:str}/contracts/{contract:uuid}/{service:str}", **SEE)
async def show(
    request: _AnyRequest, emitter: FromPath[str], contract: FromPath[UUID], service: FromPath[str]
) -> Response[Any]:
    """A service under contract, as this side sees it."""
    at = await look_at(request, emitter, contract, service)
    return await _page(request, at, forms.blank())


@post("/office/{emitter:str}/contracts/{contract:uuid}/{service:str}/steps", **CHANGE)
async def step(
    request: _AnyRequest, emitter: FromPath[str], contract: FromPath[UUID], service: FromPath[str]
) -> Response[Any]:
    """Take a step: the other side is written to."""
    at, form = await look_at(request, emitter, contract, service), await forms.read(request, Stepped)
    if form.errors:
        return await _page(request, at, form)
    typed = form.value
    try:
        if typed.act is Act.SAVE or typed.act.value not in at.steps:
            raise Overtaken
        async with transaction():
            seen, said = typed.version, typed.comment
            await actions.take(contract, service, typed.act, at.here.by, version=seen, comment=said)
            await offering.tell(at.here.contract.authority)
            await notices.tell(at, typed.act, typed.comment.strip())
            await trace(at, typed.act)
    except Refused as refused:
        return await _page(request, at, form.refused(refused.refusals))
    except Overtaken as error:
        at = await look_at(request, emitter, contract, service)
        return await _page(request, at, form.refused([Refusal(error.code, error.title)]), 409)
    return pages.see_other(f"{at.base}?done={typed.act}")


async def _page(request: _AnyRequest, at: Offered, form: Form[Any], status: int = 422) -> Response[Any]:
    offer, done = at.offer, request.query_params.get("done", "")
    return pages.render(
        request,
        "office/contracts/service.html",
        status=status if form.errors else 200,
        page=at,
        contract=at.here.contract,
        places=at.here.places,
        states=words.states_of(offer.standing),
        fields=words.FIELDS,
        differences=_differences(at),
        said=[(one, words.DONE[one.act]) for one in await _said(at)],
        left=await _left(at),
        done=words.DONE[Act(done)] if done in Act.__members__.values() else None,
        form=form,
    )


def _differences(at: Offered) -> tuple[Difference, ...]:
    return rules.differences(at.offer.published, at.offer.proposed) if at.offer.proposed else ()


async def _said(at: Offered) -> list[queries.Said]:
    """What was said; the savings of a draft are of no interest to the authority."""
    found = await queries.said(at.here.contract.id, at.offer.service)
    return [one for one in found if not at.here.is_authority or one.act not in {Act.SAVE, Act.DROP}]


async def _left(at: Offered) -> Left | None:
    """What the authority has to look after; nothing is cancelled by itself."""
    offer, contract = at.offer, at.here.contract
    if not at.here.is_authority or offer.published is None:
        return None
    suspended = offer.standing.live == "suspended"
    last = min(contract.last_day, offer.published.last_day)
    ends = rules.over_from(last, settings.current().zone)
    since = clock.now() if suspended else max(ends, clock.now())
    found = await calendars.booked_from(contract.places, offer.service, since)
    return Left(suspended, len(found), found[:_SHOWN]) if found else None


HANDLERS = (show, step)
