"""Dossiers as staff reads them: each reading leaves a trace, which the resident is shown."""

from __future__ import annotations

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


async def by_reference(reference: str, actor: Actor, emitter: UUID) -> DossierInfo:
    """The dossier of a reference at an emitter, for one of its staff. Raises NotFound for another emitter's."""
    sql = "SELECT id FROM parvis.dossier WHERE reference = $1 AND emitter = $2 AND state <> 'erased'"
    async with connection() as c:
        found = await c.fetchval(sql, reference, emitter)
    if found is None:
        raise NotFound
    return await read(found, actor, emitter)
