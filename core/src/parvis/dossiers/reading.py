"""Dossiers as staff reads them: each reading leaves a trace, which the resident is shown."""

from __future__ import annotations

from uuid import UUID

from parvis.audit import actions as audit
from parvis.db import transaction
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
