"""Reading the trace: for a resident, who read a dossier; for a manager, what happened to something."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from parvis.audit.actions import READ
from parvis.contract.values import Role
from parvis.db import connection
from parvis.identity import accounts
from parvis.identity.mandates import Bond

_MOST = 500
_FEW = 20
_READINGS = (
    "SELECT trace.id, trace.at, trace.person, details ->> 'role' AS role, details ->> 'bond' AS bond, "
    "COALESCE(person.name, '') AS name, "
    "COALESCE(emitter.name, '') AS emitter, trace.emitter AS emitter_id FROM parvis.audit_trace AS trace "
    "LEFT JOIN parvis.person ON person.id = trace.person LEFT JOIN parvis.emitter ON emitter.id = trace.emitter "
)


@dataclass(frozen=True, slots=True)
class Reading:
    """Somebody read a dossier (UTC): of an emitter's staff, in a role if it was noted, or as a proxy with a bond.

    The name is empty once the account was erased.
    """

    id: UUID
    at: datetime
    person: UUID | None
    name: str
    emitter: str
    emitter_id: UUID | None
    role: Role | None
    bond: Bond | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """One act of the trace."""

    at: datetime
    action: str
    person: UUID | None
    behalf: UUID | None
    details: Mapping[str, Any]
    subject_id: UUID | None = None


async def readers_of(dossier: UUID) -> list[Reading]:
    """Who read a dossier, for which emitter, the latest first."""
    where = "WHERE trace.subject = 'dossier' AND trace.subject_id = $1 AND trace.action = $2 "
    return await _readings(f"{where}ORDER BY trace.id DESC LIMIT $3", dossier, READ, _MOST)


async def readings(ids: Sequence[UUID]) -> dict[UUID, Reading]:
    """Several readings by their id; those that are forgotten are left out."""
    return {found.id: found for found in await _readings("WHERE trace.id = ANY($1)", list(ids))}


async def _readings(where: str, *given: object) -> list[Reading]:
    async with connection() as c:
        rows = await c.fetch(_READINGS + where, *given)
    return [_reading(row) for row in rows]


def _reading(row: asyncpg.Record) -> Reading:
    role, bond = row["role"], row["bond"]
    return Reading(**{**row, "role": Role(role) if role else None, "bond": Bond(bond) if bond else None})


async def trail(subject: str, subject_id: UUID) -> list[Act]:
    """Everything that was done to a subject, the oldest first."""
    sql = (
        "SELECT at, action, person, behalf, details FROM parvis.audit_trace "
        "WHERE subject = $1 AND subject_id = $2 ORDER BY id LIMIT $3"
    )
    async with connection() as c:
        return [Act(**row) for row in await c.fetch(sql, subject, subject_id, _MOST)]


async def latest(subject: str, subject_id: UUID, actions: Sequence[str], about: Mapping[str, Any]) -> list[Act]:
    """What was done last to a subject, of some actions and with these details, the latest first."""
    sql = (
        "SELECT at, action, person, behalf, details FROM parvis.audit_trace WHERE subject = $1 AND subject_id = $2 "
        "AND action = ANY($3) AND details @> $4 ORDER BY id DESC LIMIT $5"
    )
    async with connection() as c:
        return [Act(**row) for row in await c.fetch(sql, subject, subject_id, list(actions), about, _FEW)]


async def acts_for(behalf: UUID, about: Mapping[str, Any]) -> list[Act]:
    """What others did on behalf of an account, with these details, the latest first; `subject` says to what."""
    sql = (
        "SELECT at, action, person, behalf, details, subject_id FROM parvis.audit_trace WHERE behalf = $1 "
        "AND details @> $2 ORDER BY id DESC LIMIT $3"
    )
    async with connection() as c:
        return [Act(**row) for row in await c.fetch(sql, behalf, about, _MOST)]


async def acts_of(person: UUID) -> list[dict[str, Any]]:
    """What somebody did or saw with any of their sign-ons, or had done for them, the latest first."""
    sql = (
        "SELECT at, action, subject, details FROM parvis.audit_trace WHERE person = ANY($1) OR behalf = ANY($1) "
        "ORDER BY id DESC"
    )
    every = await accounts.sign_ons(person)
    async with connection() as c:
        return [dict(row) for row in await c.fetch(sql, every)]
