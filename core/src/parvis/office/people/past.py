"""Every change of rights at an emitter so far: roles given and taken, what roles may do; and undoing the latter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis import clock
from parvis.db import transaction
from parvis.errors import NotFound, Text
from parvis.identity import members, rights, rules
from parvis.identity.members import HeldRole
from parvis.identity.rights import RightsChanged
from parvis.identity.words import ROLES
from parvis.office.people import wording
from parvis.office.people.looking import CHANGE, SEE, Here, last_day, look
from parvis.web import pages

_AnyRequest = Request[Any, Any, Any]
_PAGE = 30
_MOST = 2**31 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Something that changed (UTC), by whom: of a person, or, with its version, of what roles may do."""

    at: datetime
    by: str
    said: Sequence[Text]
    person: UUID | None = None
    version: int | None = None
    undone: bool = False


@get("/office/{emitter:str}/people/changes", **SEE)
async def changes(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """The changes, the latest first."""
    here = await look(request, emitter)
    before = _instant(request.query_params.get("before", "")) or clock.now()
    found = await _done(here.emitter.id, before)
    older = f"{here.base}/changes?before={found[_PAGE - 1].at.timestamp():.6f}" if len(found) > _PAGE else None
    return pages.render(request, "office/people/changes.html", page=here, rows=found[:_PAGE], older=older)


@get("/office/{emitter:str}/people/changes/{version:int}", **SEE)
async def ask_to_undo(request: _AnyRequest, emitter: FromPath[str], version: FromPath[int]) -> Response[Any]:
    """A change of what roles may do, and what undoing it would make now."""
    here = await look(request, emitter)
    return await _undoing(request, here, await _one(here, version))


@post("/office/{emitter:str}/people/changes/{version:int}", **CHANGE)
async def undo(request: _AnyRequest, emitter: FromPath[str], version: FromPath[int]) -> Response[Any]:
    """Take it back; what others changed since stays."""
    here = await look(request, emitter)
    own, changed = here.emitter.id, await _one(here, version)
    async with transaction():
        done = await rights.undo(own, version, here.by)
        if done:
            facts = {"version": done.version, "undoes": version}
            await here.trace("undo-rights", "emitter", own, **facts)
    if done is None:
        return await _undoing(request, here, changed)
    return pages.see_other(f"{here.base}/roles?published={done.version}")


async def _one(here: Here, version: int) -> RightsChanged:
    if version > _MOST:
        raise NotFound
    return await rights.one_change(here.emitter.id, version)


async def _undoing(request: _AnyRequest, here: Here, changed: RightsChanged) -> Response[Any]:
    _, said = await rights.said_at(here.emitter.id)
    return pages.render(
        request,
        "office/people/undo.html",
        page=here,
        change=changed,
        did=wording.changes(changed.changes),
        said=wording.changes(rules.reversed_where_still(said, changed.changes)),
    )


async def _done(emitter: UUID, before: datetime) -> list[Done]:
    held = await members.changes(emitter, before, _PAGE + 1)
    changed = await rights.changes(emitter, before=before, limit=_PAGE + 1)
    everything = [*(done for one in held for done in _of_role(one)), *map(_of_rights, changed)]
    return sorted((done for done in everything if done.at < before), key=lambda done: done.at, reverse=True)


def _of_role(held: HeldRole) -> Iterator[Done]:
    what: dict[str, Any] = {"name": held.name, "role": ROLES[held.role]}
    until = last_day(held.ends_at)
    given = Text("{name} has the role {role}", what)
    yield Done(at=held.given_at, by=held.given_by, said=[given], person=held.person)
    if held.ended_at is not None:
        by_itself = held.ended_at == held.ends_at
        ended = Text("{name} no longer has the role {role}", what)
        over = Text("{name}: the role {role} ended by itself on {day}", {**what, "day": until})
        yield Done(at=held.ended_at, by=held.ended_by, said=[over if by_itself else ended], person=held.person)


def _of_rights(changed: RightsChanged) -> Done:
    return Done(
        at=changed.at,
        by=changed.name,
        said=wording.changes(changed.changes),
        version=changed.version,
        undone=changed.undoes is not None,
    )


def _instant(typed: str) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(typed), clock.now().tzinfo)
    except (ValueError, OverflowError, OSError):
        return None


HANDLERS = (changes, ask_to_undo, undo)
