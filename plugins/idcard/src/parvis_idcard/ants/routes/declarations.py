"""The agents' list of what is not declared to the coordination service, with its reason; tried again or overridden."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.audit import actions as audit
from parvis.db import transaction
from parvis.dossiers import queries as dossiers
from parvis.dossiers.queries import DossierInfo
from parvis.errors import NotFound, Text
from parvis.identity import guards
from parvis.territory import queries as territory
from parvis.territory.queries import EmitterInfo
from parvis.web import fields, forms, pages
from parvis.web.forms import Form
from parvis_idcard.ants.coordination import actions, queries
from parvis_idcard.ants.coordination.queries import Declaration
from parvis_idcard.ants.coordination.rules import Status
from parvis_idcard.permissions import DECLARATIONS

_AnyRequest = Request[Any, Any, Any]
_STAFF = guards.page(guards.staff(DECLARATIONS), "agent", "manager")
_WHY = {
    "": Text("It is being declared."),
    "down": Text("The service does not answer. We keep trying."),
    "token": Text("The service refuses our token: municipal IT has to renew it."),
    "refused": Text("The service refused it. We keep trying."),
    "unreadable": Text("The service answered something that cannot be read. We keep trying."),
    "status-consumed": Text("The number was used already."),
    "status-expired": Text("The number is too old."),
    "status-unknown": Text("The service does not know the number."),
    "status-declared": Text("The pre-application is not finished."),
}


_FEW_WORDS = Text("Write in a few words why the appointment stands.")


def _in_words(raw: str) -> str | Text:
    """A reason that says something."""
    found = fields.line(raw)
    return _FEW_WORDS if isinstance(found, str) and len(found) < 5 else found


class _Chosen(msgspec.Struct, frozen=True):
    """The declaration to try again, or `all`."""

    declaration: str = ""


class _Reason(msgspec.Struct, frozen=True):
    """Why an appointment stands, whatever its number is worth."""

    reason: Annotated[str, fields.Reader(_in_words), fields.Missing(_FEW_WORDS)]


@dataclass(frozen=True, slots=True)
class _Row:
    declaration: Declaration
    dossier: DossierInfo
    why: Text
    overridable: bool


@get("/declarations", **_STAFF)
async def show(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """What is not declared, with its reason; whose it is, which is traced."""
    return await _page(request, await territory.emitter_by_slug(emitter), forms.blank())


@post("/declarations/replay", status_code=303, **_STAFF)
async def replay(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """Try one again at once, or all of them."""
    found, form = await territory.emitter_by_slug(emitter), await forms.read(request, _Chosen)
    rows = await queries.not_declared(found.id)
    chosen = form.text("declaration")
    await actions.try_again([row for row in rows if chosen in {"all", str(row.id)}])
    return pages.see_other(f"/office/{emitter}/idcard/declarations")


@post("/declarations/{declaration:uuid}/override", status_code=303, **_STAFF)
async def override(request: _AnyRequest, emitter: FromPath[str], declaration: FromPath[UUID]) -> Response[Any]:
    """Say why the appointment stands. Raises NotFound for another emitter's."""
    found, form = await territory.emitter_by_slug(emitter), await forms.read(request, _Reason)
    row = await queries.declaration(declaration)
    if row.emitter != found.id:
        raise NotFound
    if form.errors:
        return await _page(request, found, form, declaration, 422)
    actor = guards.actor_of(request)
    async with transaction():
        await actions.override(row, actor.person, form.value.reason)
        await audit.trace(actor, "override", "declaration", row.id, emitter=found.id)
    return pages.see_other(f"/office/{emitter}/idcard/declarations")


async def _page(
    request: _AnyRequest, emitter: EmitterInfo, form: Form[Any], wrong: UUID | None = None, status: int = 200
) -> Response[Any]:
    rows = await _rows(await queries.not_declared(emitter.id))
    names = await _names_seen(request, emitter, rows)
    base = f"/office/{emitter.slug}/idcard/declarations"
    return pages.render(
        request, "idcard/declarations.html", status=status, form=form, wrong=wrong, rows=rows, names=names, base=base
    )


async def _rows(declarations: Sequence[Declaration]) -> list[_Row]:
    """The declarations with their dossiers, the soonest hour first."""
    rows = [_row(declaration, await dossiers.dossier(declaration.dossier)) for declaration in declarations]
    return sorted(rows, key=lambda row: row.dossier.visit.start if row.dossier.visit else row.dossier.opened_at)


def _row(declaration: Declaration, dossier: DossierInfo) -> _Row:
    overridable = declaration.status not in {None, Status.VALIDATED}
    return _Row(declaration, dossier, _WHY.get(declaration.error, _WHY["refused"]), overridable)


async def _names_seen(request: _AnyRequest, emitter: EmitterInfo, rows: Sequence[_Row]) -> dict[UUID, tuple[str, ...]]:
    """Whom they are for; that the agent saw them is traced, and shown to each resident."""
    ids = sorted({row.dossier.id for row in rows})
    async with transaction():
        await audit.saw_several(guards.actor_of(request), ids, emitter.id)
        return await dossiers.names(ids)


HANDLERS = (show, replay, override)
