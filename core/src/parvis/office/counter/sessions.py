"""A till's sessions, those left open first, and each of them on paper."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from litestar import Request, Response, get
from litestar.params import FromPath

from parvis import clock, settings
from parvis.errors import NotFound
from parvis.identity import queries as people
from parvis.office.counter import looking
from parvis.office.tills.daily import paper, sender
from parvis.office.tills.looking import SEE, Here, look
from parvis.payments.books.receipting import WAYS
from parvis.payments.counter import counting, takings, till_sessions
from parvis.payments.counter.takings import Taking
from parvis.payments.counter.till_sessions import TillSession
from parvis.payments.money import euros, price
from parvis.payments.wallclock import bounds
from parvis.web import pages
from parvis.web.papers import Sheet, drawn

_AnyRequest = Request[Any, Any, Any]
_SIGNED = "Signature : ................................................"


@get("/office/{emitter:str}/tills/{till:uuid}/sessions", **SEE)
async def listed(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """Who had a session when, and what was missing or too much."""
    here, found = await look(request, emitter, till), await till_sessions.sessions_at(till)
    zone = settings.current().zone
    morning, _ = bounds(clock.now().astimezone(zone).date(), zone)
    return pages.render(
        request,
        "office/counter/sessions.html",
        page=here,
        sessions=found,
        morning=morning,
        names=await people.names(list({one.person for one in found})),
    )


@get("/office/{emitter:str}/tills/{till:uuid}/sessions/{number:int}", **SEE)
async def show(
    request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID], number: pages.Number
) -> Response[Any]:
    """A session with everything taken in it, to print."""
    here = await look(request, emitter, till)
    found = await till_sessions.session_numbered(till, number)
    return await _slip(request, here, found, f"{here.base}/sessions")


@get("/office/{emitter:str}/tills/{till:uuid}/sessions/{number:int}/paper", **SEE)
async def as_paper(
    request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID], number: pages.Number
) -> Response[bytes]:
    """It as PDF."""
    here = await look(request, emitter, till)
    return await _paper(here, await till_sessions.session_numbered(till, number))


@get("/office/{emitter:str}/counter/{till:uuid}/sessions/{number:int}", **looking.SEE)
async def show_mine(
    request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID], number: pages.Number
) -> Response[Any]:
    """One's own, to print and sign."""
    at, found = await _mine(request, emitter, till, number)
    return await _slip(request, at.here, found, at.base)


@get("/office/{emitter:str}/counter/{till:uuid}/sessions/{number:int}/paper", **looking.SEE)
async def my_paper(
    request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID], number: pages.Number
) -> Response[bytes]:
    """One's own as PDF."""
    at, found = await _mine(request, emitter, till, number)
    return await _paper(at.here, found)


async def _mine(request: _AnyRequest, slug: str, till: UUID, number: int) -> tuple[looking.Counter, TillSession]:
    at, found = await looking.look(request, slug, till), await till_sessions.session_numbered(till, number)
    if found.person != at.here.by:
        raise NotFound
    return at, found


async def _slip(request: _AnyRequest, here: Here, found: TillSession, back: str) -> Response[Any]:
    return pages.render(
        request,
        "office/counter/session.html",
        page=here,
        back=back,
        own=request.url.path,
        session=found,
        who=(await people.names([found.person])).get(found.person, "–"),
        closer=(await people.names([found.closed_by])).get(found.closed_by, "–") if found.closed_by else "",
        taken=await takings.takings_in(found.id),
        sums=await takings.sums_in(found.id),
        expected=await till_sessions.expected_in(found),
        pieces=[(face, number) for face in counting.FACES if (number := (found.pieces or {}).get(str(face)))],
        ways=counting.BY_HAND,
        told=request.query_params.get("told", ""),
    )


async def _paper(here: Here, found: TillSession) -> Response[bytes]:
    sheet = await _sheet(here, found, await takings.takings_in(found.id))
    return paper(await asyncio.to_thread(drawn, sheet), f"session-{here.till.slug}-{found.number}.pdf")


async def _sheet(here: Here, found: TillSession, taken: Sequence[Taking]) -> Sheet:
    names = await people.names([found.person])
    rows = [(one.name, ", ".join(one.labels), _ways(one), euros(one.cents)) for one in reversed(taken)]
    return Sheet(
        **await sender(here),
        title=f"Session de caisse n° {found.number}",
        facts=list(_facts(found, names.get(found.person, "–"))),
        header=("N°", "Objet", "Moyen", "Montant (€)"),
        rows=[*rows, *await _totals(found)],
        widths=(12, 46, 26, 16),
        figures_from=3,
        notes=[*_notes(found), _SIGNED],
    )


def _facts(found: TillSession, who: str) -> Iterator[tuple[str, str]]:
    zone = settings.current().zone
    yield "Tenue par", who
    yield "Ouverte le", found.opened_at.astimezone(zone).strftime("%d/%m/%Y à %H:%M")
    if found.closed_at:
        yield "Fermée le", found.closed_at.astimezone(zone).strftime("%d/%m/%Y à %H:%M")


def _ways(one: Taking) -> str:
    if one.back_at:
        return "repris"
    return ", ".join(WAYS[way] for way in one.parts)


async def _totals(found: TillSession) -> list[tuple[str, str, str, str]]:
    sums = await takings.sums_in(found.id)
    rows = [("", f"Total, {sums[way].number} fois", WAYS[way], euros(sums[way].cents)) for way in WAYS if way in sums]
    rows.append(("", "Fonds de caisse à l’ouverture", "espèces", euros(found.float_cents)))
    if not found.is_open:
        rows.append(("", "Attendu dans le tiroir", "espèces", euros(found.expected_cents or 0)))
        rows.append(("", "Compté dans le tiroir", "espèces", euros(found.counted_cents or 0)))
        rows.append(("", "Écart", "espèces", euros(found.difference)))
    return rows


def _by_worth(pieces: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(pieces.items(), key=lambda piece: -int(piece[0]))


def _notes(found: TillSession) -> Iterator[str]:
    if found.pieces:
        counted = [f"{number} × {price(int(face))}" for face, number in _by_worth(found.pieces)]
        yield f"Comptage : {', '.join(counted)}."
    if found.explanation:
        yield f"Explication de l’écart : {found.explanation}"


HANDLERS = (listed, show, as_paper, show_mine, my_paper)
