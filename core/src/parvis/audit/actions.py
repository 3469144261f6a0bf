"""Adding to the trace, in the transaction of what is traced."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from parvis import clock, settings
from parvis.db import new_id, transaction
from parvis.identity.actors import Actor

READ = "read"
_BATCH = 5000
_SAME_LOOK = timedelta(minutes=30)


async def trace(
    actor: Actor,
    action: str,
    subject: str,
    subject_id: UUID | None = None,
    *,
    emitter: UUID | None = None,
    behalf: UUID | None = None,
    **details: Any,
) -> None:
    """Note that `actor` did `action` (a verb, e.g. `cancel`) to a subject (`dossier`), perhaps for somebody else.

    `details` are facts such as a reason's key; never a name, an address or a number of a person.
    """
    sql = (
        "INSERT INTO parvis.audit_trace (id, at, person, behalf, emitter, action, subject, subject_id, details) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
    )
    who = (actor.person, behalf, emitter)
    async with transaction() as c:
        await c.execute(sql, new_id(), clock.now(), *who, action, subject, subject_id, details)


async def saw(actor: Actor, dossier: UUID, emitter: UUID | None) -> None:
    """Note that an agent, or a helper for no emitter, read a dossier; the resident is shown it."""
    await trace(actor, READ, "dossier", dossier, emitter=emitter)


async def saw_several(actor: Actor, dossiers: Sequence[UUID], emitter: UUID | None) -> None:
    """Note that somebody read several dossiers at once, in a list; within half an hour the same list counts once."""
    if not dossiers:
        return
    sql = (
        "INSERT INTO parvis.audit_trace (id, at, person, emitter, action, subject, subject_id, details) "
        "SELECT seen.id, $3, $4, $5::uuid, $6::varchar, 'dossier', seen.dossier, '{}' "
        "FROM unnest($1::uuid[], $2::uuid[]) AS seen (id, dossier) WHERE NOT EXISTS (SELECT FROM parvis.audit_trace t "
        "WHERE t.subject = 'dossier' AND t.subject_id = seen.dossier AND t.at > $7 AND t.person = $4 "
        "AND t.emitter IS NOT DISTINCT FROM $5::uuid AND t.action = $6::varchar)"
    )
    now, ids = clock.now(), [new_id() for _ in dossiers]
    async with transaction() as c:
        await c.execute(sql, ids, list(dossiers), now, actor.person, emitter, READ, now - _SAME_LOOK)


async def forget_old() -> int:
    """Forget traces kept longer than the setting says, batch by batch; how many."""
    before, gone = clock.now() - settings.current().audit_kept, 0
    while True:
        async with transaction() as c:
            batch = int(await c.fetchval("SELECT parvis.forget_audit_traces($1, $2)", before, _BATCH))
        gone += batch
        if batch < _BATCH:
            return gone
