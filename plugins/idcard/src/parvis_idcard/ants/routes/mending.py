"""The question about a number that is worth nothing (any more): another one, no need, or coming all the same."""

from __future__ import annotations

from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath

from parvis import clock
from parvis.calendars.queries import booking
from parvis.dossiers.queries import DossierInfo
from parvis.errors import NotFound
from parvis.identity.actors import Actor
from parvis.territory import queries as territory
from parvis.web import pages
from parvis_idcard import queries
from parvis_idcard.ants.coordination import actions
from parvis_idcard.ants.coordination import queries as coordination
from parvis_idcard.ants.coordination.queries import Declaration
from parvis_idcard.ants.coordination.rules import ADVICE, DEAD, Status
from parvis_idcard.routes.finding import PUBLIC
from parvis_idcard.routes.visiting import address, own
from parvis_idcard.rules import changeable

_Request = Request[Actor, None, State]


@get("/visit/{dossier:uuid}/number", **PUBLIC)
async def ask(request: _Request, dossier: FromPath[UUID]) -> Response[Any]:
    """Which numbers are worth nothing, and what can be done. Opening it changes nothing."""
    found = await own(request, dossier)
    visit = found.visit
    if visit is None:
        raise NotFound
    troubled = await _troubled(found)
    return pages.render(
        request,
        "idcard/mend.html",
        visit=visit,
        zone=ZoneInfo((await booking(visit.booking)).zone),
        place=await territory.place(visit.place),
        troubled=troubled,
        open=visit.live and changeable(visit.start, clock.now()) is None,
        until=min((row.answer_by for _, row, _ in troubled if row.answer_by and row.status in DEAD), default=None),
        answered=any(row.answered for _, row, _ in troubled),
        url=lambda part="": address(request, found, part),
    )


@post("/visit/{dossier:uuid}/number/keep", status_code=303, **PUBLIC)
async def keep(request: _Request, dossier: FromPath[UUID]) -> Response[Any]:
    """Say that one comes all the same."""
    found = await own(request, dossier)
    await actions.keep_hour(found.id)
    return pages.see_other(address(request, found, "/number"))


async def _troubled(found: DossierInfo) -> list[tuple[int, Declaration, Any]]:
    """Each number that is worth nothing: its applicant's position, its declaration, what to do."""
    numbers = [row.digest for row in await queries.numbered(found.id)]
    rows = {row.digest: row for row in await coordination.of_dossier(found.id)}
    known = [(position, rows.get(digest)) for position, digest in enumerate(numbers)]
    return [
        (position, row, ADVICE[row.status])
        for position, row in known
        if row is not None and row.status not in {None, Status.VALIDATED} and row.status and row.reason is None
    ]


HANDLERS = (ask, keep)
