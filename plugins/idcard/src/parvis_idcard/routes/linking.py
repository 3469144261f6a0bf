"""From a town's own paper and site into the journey: permanent links with their codes, the frame of the next free
hours, and the page of one hour to which the frame leads in the whole window."""

from __future__ import annotations

import io
from typing import Annotated, Any
from urllib.parse import urlencode

import msgspec
import segno
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath

from parvis import crypto, settings
from parvis.calendars.queries import place_of, zone_of
from parvis.calendars.slots import read_slot
from parvis.errors import NotFound
from parvis.identity.actors import Actor
from parvis.territory import queries as territory
from parvis.territory.queries import EmitterInfo
from parvis.web import challenges, forms, headers, i18n, pages
from parvis.web.forms import Form
from parvis_idcard import framing, queries, work
from parvis_idcard.hours import Search, What
from parvis_idcard.routes import finding
from parvis_idcard.routes.finding import PUBLIC, Taken
from parvis_idcard.rules import KINDS, PEOPLE, WITHOUT_PAPER

_Request = Request[Actor, None, State]
_FRAMED = {"Cache-Control": "public, max-age=60", "X-Robots-Tag": "noindex"}


class _Wish(msgspec.Struct, frozen=True):
    """For what and for how many an hour of the frame is taken."""

    what: What
    page: Annotated[str, msgspec.Meta(max_length=40)]
    people: Annotated[int, msgspec.Meta(ge=1, le=PEOPLE)] = 1
    answer: challenges.Answer = ""


@get("/link", **PUBLIC)
async def permanent_link(request: _Request, emitter: FromPath[str]) -> Response[Any]:
    """A page to print: the permanent links of a town hall with their codes."""
    found = await territory.emitter_by_slug(emitter)
    kinds = await finding.kinds_open()
    links = [(kind, f"{settings.current().base_url}/e/{found.slug}/idcard?kind={kind.key}") for kind in kinds]
    return pages.render(request, "idcard/link.html", emitter=found, links=links, snippet=_snippet(found))


@get("/link/{kind:str}", **PUBLIC)
async def permanent_code(emitter: FromPath[str], kind: FromPath[str]) -> Response[bytes]:
    """The permanent link of a kind as a QR code in SVG."""
    found = await territory.emitter_by_slug(emitter)
    if kind not in {known.key for known in KINDS}:
        raise NotFound
    drawn = io.BytesIO()
    address = f"{settings.current().base_url}/e/{found.slug}/idcard?kind={kind}"
    segno.make(address, error="m").save(drawn, kind="svg", scale=8, border=4, dark="#000", light="#fff")
    return Response(drawn.getvalue(), media_type="image/svg+xml", headers={"Cache-Control": "public, max-age=86400"})


@get("/frame", **PUBLIC)
async def frame(request: _Request, emitter: FromPath[str]) -> Response[Any]:
    """The next free hours, for the sites that the emitter names; `?kind=` and `?lang=` choose. Sets no cookie."""
    found = await territory.emitter_by_slug(emitter)
    shown = await framing.next_hours(found, request.query_params.get("kind", ""))
    lang = request.query_params.get("lang", "")
    spoken = {"lang": lang} if i18n.speak(request, lang) else {}
    base, query = f"/e/{found.slug}/idcard", urlencode({"kind": shown.kind.key} | spoken)
    return pages.render(
        request,
        "idcard/frame.html",
        headers=_FRAMED | headers.framed((await queries.settings(found.id)).framed_by),
        emitter=found,
        shown=shown,
        kinds=[(kind, f"{base}/frame?{urlencode({'kind': kind.key} | spoken)}") for kind in shown.kinds],
        hour_url=lambda slot: f"{base}/hour/{slot.id}?{query}",
        search_url=f"{base}?{query}",
        everywhere_url=f"/e/{settings.current().territory}/idcard?{query}",
    )


@get("/hour/{slot:str}", **PUBLIC)
async def hour(request: _Request, emitter: FromPath[str], slot: FromPath[str]) -> Response[Any]:
    """One hour that somebody chose in a frame: what for, for how many. The frame's language goes on from here."""
    found, kind = await territory.emitter_by_slug(emitter), request.query_params.get("kind")
    known = forms.blank(what=kind if kind in WITHOUT_PAPER else None, people=1)
    return i18n.arrive(request, await _hour(request, found, slot, known))


@post("/hour/{slot:str}", status_code=303, **PUBLIC)
async def take_hour(request: _Request, emitter: FromPath[str], slot: FromPath[str]) -> Response[Any]:
    """Hold it, as if it had been chosen on a page of results."""
    found, form = await territory.emitter_by_slug(emitter), await forms.read(request, _Wish)
    if form.errors:
        return await _hour(request, found, slot, form, 422)
    wish = form.value
    asked = Search(what=wish.what, people=wish.people)
    return await finding.taken(request, found, Taken(slot, asked.query(), wish.page, answer=wish.answer), asked)


def _snippet(emitter: EmitterInfo) -> str:
    """What a town's webmaster copies into a page, in the language of these towns."""
    address = f"{settings.current().base_url}/e/{emitter.slug}/idcard/frame?lang=fr"
    title = "Carte d’identité ou passeport : les prochaines heures libres"
    return f'<iframe src="{address}" title="{title}" width="100%" height="720" loading="lazy"></iframe>'


async def _hour(
    request: _Request, emitter: EmitterInfo, code: str, form: Form[Any], status: int = 200
) -> Response[Any]:
    """The page of an hour. Raises UnknownSlot, NotFound."""
    slot, base = read_slot(code), f"/e/{emitter.slug}/idcard"
    place = await territory.place(await place_of(slot.calendar))
    return pages.render(
        request,
        "idcard/wish.html",
        status=status,
        form=form,
        slot=slot,
        zone=await zone_of(slot.calendar),
        place=place,
        page=crypto.new_secret(),
        base=base,
        asking=await work.asking(base, {place.emitter}),
    )


HANDLERS = (permanent_link, permanent_code, frame, hour, take_hour)
