"""The territory's and each emitter's home page; legal pages; a municipality's name completed."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, Response, get
from litestar.params import FromPath, QueryParameter

from parvis import plugins, settings
from parvis.errors import NotFound
from parvis.identity import guards
from parvis.portal import mine, proxies, queries
from parvis.territory import queries as territory
from parvis.web.houses import house_of
from parvis.web.pages import render

_AnyRequest = Request[Any, Any, Any]
_PUBLIC = guards.page(guards.public(), "everyone")


@get("/", **_PUBLIC)
async def home(request: _AnyRequest) -> Response[Any]:
    """The territory's portal; under an emitter's own host name, the emitter's page."""
    if house := house_of(request.scope):
        return await _emitter_page(request, house)
    try:
        whole = await territory.emitter_by_slug(settings.current().territory)
    except NotFound:
        return render(request, "portal/unfounded.html", slug=settings.current().territory)
    return render(
        request,
        "portal/home.html",
        territory=whole,
        offers=await queries.offers(whole),
        towns=await territory.emitters("municipality"),
        publishers=await queries.publishing(),
    )


@get("/e/{emitter:str}", **_PUBLIC)
async def emitter_home(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """An emitter's own page, in its look: what it offers, and what the whole territory does."""
    return await _emitter_page(request, emitter)


async def _emitter_page(request: _AnyRequest, emitter: str) -> Response[Any]:
    found = await territory.emitter_by_slug(emitter)
    whole = await territory.emitter_by_slug(settings.current().territory)
    return render(
        request,
        "portal/emitter.html",
        emitter=found,
        offers=await queries.offers(found),
        everywhere=await queries.offers(whole) if found.id != whole.id else [],
        places=await territory.places(found.id),
    )


@get("/accessibility", **_PUBLIC)
async def accessibility(request: _AnyRequest) -> Response[Any]:
    """The accessibility statement."""
    return render(request, "portal/accessibility.html")


@get("/legal", **_PUBLIC)
async def legal(request: _AnyRequest) -> Response[Any]:
    """The legal notice."""
    return render(request, "portal/legal.html", territory=await territory.emitter_by_slug(settings.current().territory))


@get("/privacy", **_PUBLIC)
async def privacy(request: _AnyRequest) -> Response[Any]:
    """What personal data each installed service holds, why and for how long: from the plugins' own manifests."""
    return render(request, "portal/privacy.html", manifests=[plugin.manifest for plugin in plugins.current()])


@get("/municipalities", **{**_PUBLIC, "include_in_schema": False})
async def municipalities(typed: Annotated[str, QueryParameter(name="q", max_length=100)] = "") -> list[dict[str, str]]:
    """Municipalities that fit what is being typed, for completion as one types."""
    found = await territory.municipalities_like(typed)
    return [{"name": town.name, "postcode": " ".join(town.postcodes)} for town in found]


HANDLERS = (home, emitter_home, accessibility, legal, privacy, municipalities, *mine.HANDLERS, *proxies.HANDLERS)
