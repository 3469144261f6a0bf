"""Adding to the trace, in the transaction of what is traced."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from parvis import clock, crypto, settings
from parvis.audit.rules import FORGET, Line
from parvis.contract.values import Role
from parvis.db import new_id, transaction
from parvis.identity.actors import Actor

READ = "read"
STAMP = "audit-trace"
_SAME_LOOK = timedelta(minutes=30)
_STRONGEST = (Role.MANAGER, Role.AGENT, Role.READER, Role.ACCOUNTANT, Role.HELPER)


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
        "INSERT INTO parvis.audit_trace "
        "(id, at, person, behalf, emitter, action, subject, subject_id, details, stamp) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
    )
    line = Line(
        id=new_id(),
        at=clock.now(),
        person=actor.person,
        behalf=behalf,
        emitter=emitter,
        action=action,
        subject=subject,
        subject_id=subject_id,
        details=details,
    )
    who = (line.person, line.behalf, line.emitter)
    async with transaction() as c:
        stamp = crypto.stamp(line.content, STAMP)
        await c.execute(sql, line.id, line.at, *who, action, subject, subject_id, details, stamp)


async def saw(actor: Actor, dossier: UUID, emitter: UUID | None) -> None:
    """Note that an agent, or a helper for no emitter, read a dossier, in which role; the resident is shown it."""
    await trace(actor, READ, "dossier", dossier, emitter=emitter, **_role(actor, emitter))


async def saw_several(actor: Actor, dossiers: Sequence[UUID], emitter: UUID | None) -> None:
    """Note that somebody read several dossiers at once, in a list; within half an hour the same list counts once.

    Whoever acts as a proxy read them on behalf of their resident.
    """
    if not dossiers:
        return
    sql = (
        "INSERT INTO parvis.audit_trace (id, at, person, behalf, emitter, action, subject, subject_id, details, stamp) "
        "SELECT seen.id, $4, $5, $10::uuid, $6::uuid, $7::varchar, 'dossier', seen.dossier, $8, seen.stamp "
        "FROM unnest($1::uuid[], $2::uuid[], $3::varchar[]) AS seen (id, dossier, stamp) "
        "WHERE NOT EXISTS (SELECT FROM parvis.audit_trace t "
        "WHERE t.subject = 'dossier' AND t.subject_id = seen.dossier AND t.at > $9 AND t.person = $5 "
        "AND t.emitter IS NOT DISTINCT FROM $6::uuid AND t.behalf IS NOT DISTINCT FROM $10::uuid "
        "AND t.action = $7::varchar)"
    )
    now, role = clock.now(), _role(actor, emitter)
    lines = [_look(actor, dossier, emitter, now, role) for dossier in dossiers]
    ids, stamps = [line.id for line in lines], [crypto.stamp(line.content, STAMP) for line in lines]
    async with transaction() as c:
        who = (actor.person, emitter, READ)
        await c.execute(sql, ids, list(dossiers), stamps, now, *who, role, now - _SAME_LOOK, _behalf(actor))


async def forget_old() -> int:
    """Forget the months whose term is over, and trace it; how many traces there were."""
    before = clock.now() - settings.current().audit_kept
    async with transaction() as c:
        row = await c.fetchrow("SELECT * FROM parvis.forget_audit_months($1)", before)
        if row["gone"]:
            month = f"{row['last_month']:%Y-%m}"
            await trace(Actor(), FORGET, "audit", through=row["through"], month=month, lines=row["gone"])
    return int(row["gone"])


def _look(actor: Actor, dossier: UUID, emitter: UUID | None, at: datetime, role: Mapping[str, str]) -> Line:
    return Line(
        id=new_id(),
        at=at,
        person=actor.person,
        behalf=_behalf(actor),
        emitter=emitter,
        action=READ,
        subject="dossier",
        subject_id=dossier,
        details=role,
    )


def _behalf(actor: Actor) -> UUID | None:
    return actor.behalf.resident if actor.behalf else None


def _role(actor: Actor, emitter: UUID | None) -> dict[str, Any]:
    """In which role somebody reads, as a trace's detail: what they are by then is not what they were."""
    if actor.behalf:
        return {"mandate": str(actor.behalf.mandate), "bond": actor.behalf.bond}
    there = {grant.role for grant in actor.grants if grant.emitter == emitter}
    return {"role": role.value} if (role := next((one for one in _STRONGEST if one in there), None)) else {}
