"""What a proxy does to somebody's dossier counts only while the mandate holds, and is traced under both accounts."""

from __future__ import annotations

from uuid import UUID

from parvis.audit import actions as audit
from parvis.db import connection
from parvis.errors import Forbidden, Text
from parvis.identity import mandates
from parvis.identity.actors import Actor

_OVER = Text("You may not act for this person here: the right has ended, or does not cover this service.")


async def let(actor: Actor, dossier: UUID, event: str) -> None:
    """Let an act on a dossier through, in the caller's transaction: a proxy's is checked and traced.

    Raises Forbidden for another resident's dossier, a service that is not named, a mandate that has ended.
    """
    behalf = actor.behalf
    if behalf is None:
        return
    async with connection() as c:
        row = await c.fetchrow("SELECT person, service FROM parvis.dossier WHERE id = $1", dossier)
    theirs = row is not None and row["person"] == behalf.resident
    if not theirs or not await mandates.still_holds(behalf.mandate, behalf.resident, row["service"]):
        raise Forbidden(_OVER)
    mandate = str(behalf.mandate)
    await audit.trace(actor, event, "dossier", dossier, behalf=behalf.resident, mandate=mandate)
