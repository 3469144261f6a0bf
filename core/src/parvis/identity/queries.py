"""Reads about people and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from parvis import clock
from parvis.contract.values import Role
from parvis.db import connection
from parvis.errors import NotFound


@dataclass(frozen=True, slots=True)
class PersonInfo:
    """An account; e-mail and telephone are those the provider verified, or empty."""

    id: UUID
    issuer: str
    subject: str
    name: str
    email: str
    phone: str


async def person(person_id: UUID) -> PersonInfo:
    """One account. Raises NotFound."""
    sql = "SELECT id, issuer, subject, name, email, phone FROM parvis.person WHERE id = $1"
    async with connection() as c:
        row = await c.fetchrow(sql, person_id)
    if row is None:
        raise NotFound
    return PersonInfo(**row)


async def account(issuer: str, subject: str) -> UUID | None:
    """The account of somebody whom the sign-on knows, None before they were ever here or named."""
    sql = "SELECT id FROM parvis.person WHERE issuer = $1 AND subject = $2"
    async with connection() as c:
        found: UUID | None = await c.fetchval(sql, issuer, subject)
    return found


async def has_grant(person: UUID, role: Role, emitter: UUID | None = None) -> bool:
    """Whether somebody has a role at an emitter now, or at none for a helper and an operator."""
    sql = (
        "SELECT EXISTS (SELECT FROM parvis.role_grant WHERE person = $1 AND role = $2 "
        "AND emitter IS NOT DISTINCT FROM $3 AND ended_at IS NULL AND (ends_at IS NULL OR ends_at > $4))"
    )
    async with connection() as c:
        return bool(await c.fetchval(sql, person, role.value, emitter, clock.now()))


async def names(people: list[UUID]) -> dict[UUID, str]:
    """What several people are called."""
    async with connection() as c:
        rows = await c.fetch("SELECT id, name FROM parvis.person WHERE id = ANY($1)", people)
    return {row["id"]: row["name"] for row in rows}


async def proved_digest(proof: UUID) -> bytes | None:
    """The digest of the contact that a proof stands for, while it holds; None for one that was never typed."""
    sql = "SELECT digest FROM parvis.contact_proof WHERE id = $1 AND proved_at IS NOT NULL AND ends_at > $2"
    async with connection() as c:
        found: bytes | None = await c.fetchval(sql, proof, clock.now())
    return found


async def is_staff(person_id: UUID) -> bool:
    """Whether somebody has a back office to go to: a role at an emitter or on the instance; a helper has none."""
    sql = (
        "SELECT EXISTS (SELECT FROM parvis.role_grant WHERE person = $1 AND role <> 'helper' "
        "AND ended_at IS NULL AND (ends_at IS NULL OR ends_at > $2))"
    )
    async with connection() as c:
        return bool(await c.fetchval(sql, person_id, clock.now()))
