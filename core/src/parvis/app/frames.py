"""What stands around a page: whose it is, where one can go, who is signed in."""

from __future__ import annotations

from typing import Any

from litestar import Request

from parvis import settings
from parvis.app import navigation
from parvis.branding.queries import brand_of
from parvis.contract.values import Role
from parvis.errors import NotFound, Text
from parvis.identity.actors import Actor
from parvis.identity.guards import actor_of
from parvis.office.permissions import REQUESTS
from parvis.territory import queries as territory
from parvis.territory.queries import EmitterInfo
from parvis.web.houses import house_of
from parvis.web.pages import Acting, Frame, Link

_AnyRequest = Request[Any, Any, Any]
_LEGAL = (
    Link(label=Text("Accessibility: partially conforming"), url="/accessibility"),
    Link(label=Text("Legal notice"), url="/legal"),
    Link(label=Text("Personal data"), url="/privacy"),
)


async def frame_of(request: _AnyRequest) -> Frame:
    """The frame of a page: the territory's, an emitter's, or the back office's."""
    actor = actor_of(request)
    portal = await _emitter(settings.current().territory)
    if portal is None:
        return Frame(legal=_LEGAL, acting=_acting(actor))
    house = house_of(request.scope)
    emitter = await _emitter(request.path_params.get("emitter") or house)
    office = _in_their_office(request, actor, emitter)
    asked = emitter or portal
    return Frame(
        portal=await brand_of(portal.slug, f"{settings.current().base_url}/" if house else "/"),
        emitter=await brand_of(emitter.slug) if emitter and emitter.id != portal.id else None,
        navigation=() if office else navigation.of_resident(request.url.path, actor),
        areas=await navigation.of_office(request.url.path, actor, emitter) if office else (),
        person=actor.name or None if actor.person else None,
        account=None if actor.behalf else "/account",
        acting=_acting(actor),
        sign_in="/login",
        sign_out="/logout",
        help_phone=asked.phone or portal.phone or None,
        help_hours=asked.phone_hours or portal.phone_hours or None,
        emitters=_desks(actor, emitter) if office else (),
        legal=_LEGAL,
        canonical=_canonical(request, house),
        search=_search(actor, emitter) if office else None,
        notice=Text("Demonstration data: places, hours and people are invented.") if _demo() else None,
    )


def _acting(actor: Actor) -> Acting | None:
    behalf = actor.behalf
    return Acting(name=behalf.name, until=behalf.until, stop="/acting/stop") if behalf else None


def _canonical(request: _AnyRequest, house: str | None) -> str | None:
    """The address under the portal's host name of a page that is shown under an emitter's."""
    path = f"/e/{house}" if request.url.path == "/" else request.url.path
    return f"{settings.current().base_url}{path}" if house else None


def _search(actor: Actor, emitter: EmitterInfo | None) -> str | None:
    return f"/office/{emitter.slug}/requests" if emitter and actor.may(REQUESTS, emitter.slug) else None


def _in_their_office(request: _AnyRequest, actor: Actor, emitter: EmitterInfo | None) -> bool:
    """Whether this is a page of a back office where they work; a page that says no is a resident's."""
    path = request.url.path
    if path.startswith("/operator"):
        return actor.has(Role.OPERATOR)
    return path.startswith("/office") and (emitter is None or bool(actor.roles_at(emitter.slug)))


def _demo() -> bool:
    return settings.current().env == "demo"


async def _emitter(slug: Any) -> EmitterInfo | None:
    try:
        return await territory.emitter_by_slug(str(slug)) if slug else None
    except NotFound:
        return None


def _desks(actor: Actor, emitter: EmitterInfo | None) -> tuple[Link, ...]:
    return tuple(
        Link(
            label=grant.name or "",
            url=f"/office/{grant.slug}",
            current=bool(emitter and emitter.slug == grant.slug),
        )
        for grant in actor.desks
    )
