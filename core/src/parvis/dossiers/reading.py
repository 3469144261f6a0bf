"""Dossiers as staff and proxies read them: each reading leaves a trace, which the resident is shown."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from parvis.audit import actions as audit
from parvis.db import connection, transaction
from parvis.dossiers import queries
from parvis.dossiers.queries import DossierInfo
from parvis.errors import NotFound
from parvis.identity.actors import Actor


async def read(dossier_id: UUID, actor: Actor, emitter: UUID) -> DossierInfo:
    """A dossier of an emitter, for one of its staff. Raises NotFound for another emitter's."""
    async with transaction():
        found = await queries.dossier(dossier_id)
        if found.emitter != emitter:
            raise NotFound
        await audit.saw(actor, dossier_id, emitter)
    return found


async def for_resident(dossier_id: UUID, actor: Actor, key: str | None) -> DossierInfo:
    """A dossier for the person it is about, or who acts for them (`queries.for_resident`), whose reading is traced."""
    found = await queries.for_resident(dossier_id, actor, key)
    await _seen(actor, [found])
    return found


async def of_actor(actor: Actor) -> list[DossierInfo]:
    """Somebody's dossiers, or of whom they act for (`queries.of_actor`); that a proxy saw the list is traced."""
    found = await queries.of_actor(actor)
    await _seen(actor, found)
    return found


async def by_reference(reference: str, actor: Actor, emitter: UUID) -> DossierInfo:
    """The dossier of a reference at an emitter, for one of its staff. Raises NotFound for another emitter's."""
    sql = "SELECT id FROM parvis.dossier WHERE reference = $1 AND emitter = $2 AND state <> 'erased'"
    async with connection() as c:
        found = await c.fetchval(sql, reference, emitter)
    if found is None:
        raise NotFound
    return await read(found, actor, emitter)


async def _seen(actor: Actor, found: Sequence[DossierInfo]) -> None:
    # A proxy goes from page to page of what they do: half an hour of it is one reading.
    if actor.behalf:
        await audit.saw_several(actor, [dossier.id for dossier in found], None)
