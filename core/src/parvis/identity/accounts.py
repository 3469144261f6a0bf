"""Accounts and the sign-ons that lead to them: a person has one account, however they sign in (docs/decisions/0324)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from parvis import clock
from parvis.contract.values import Role
from parvis.db import connection, transaction
from parvis.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """What an account has (instants UTC), for an operator: numbers and roles, never who it is.

    `roles` are those that hold now, each with the name of its emitter; `merged_into` is set for a further sign-on of
    another account, `sign_ons` counts such ones of this account.
    """

    id: UUID
    issuer: str
    created_at: datetime
    seen_at: datetime | None
    merged_into: UUID | None
    sign_ons: int
    sessions: int
    relatives: int
    proxies: int
    acts_for: int
    roles: tuple[tuple[Role, str], ...]


async def sign_ons(account: UUID) -> Sequence[UUID]:
    """The numbers of everything that one signs in to an account with, its own first."""
    sql = "SELECT id FROM parvis.person WHERE id = $1 OR merged_into = $1 ORDER BY (id <> $1), id"
    async with connection() as c:
        return [row["id"] for row in await c.fetch(sql, account)]


async def settled(sign_on: UUID | None) -> UUID | None:
    """The account that a sign-on leads to, which nobody merges or separates before the caller's transaction ends."""
    sql = "SELECT coalesce(merged_into, id) FROM parvis.person WHERE id = $1 FOR KEY SHARE"
    async with transaction() as c:
        account: UUID | None = await c.fetchval(sql, sign_on)
    return account


async def holdings(account: UUID) -> Holdings:
    """What an account has. Raises NotFound."""
    sql = (
        "SELECT id, issuer, created_at, seen_at, merged_into, "
        "(SELECT count(*) FROM parvis.person AS other WHERE other.merged_into = person.id) AS sign_ons, "
        "(SELECT count(*) FROM parvis.session WHERE session.person = person.id AND ends_at > $2) AS sessions, "
        "(SELECT count(*) FROM parvis.relative WHERE relative.person = person.id) AS relatives, "
        "(SELECT count(*) FROM parvis.mandate WHERE resident = person.id AND ended_at IS NULL) AS proxies, "
        "(SELECT count(*) FROM parvis.mandate WHERE proxy = person.id AND ended_at IS NULL) AS acts_for "
        "FROM parvis.person WHERE id = $1"
    )
    roles = (
        "SELECT role, coalesce(emitter.name, '') AS name FROM parvis.role_grant AS held "
        "LEFT JOIN parvis.emitter ON emitter.id = held.emitter WHERE held.person = $1 AND ended_at IS NULL "
        "AND (held.ends_at IS NULL OR held.ends_at > $2) ORDER BY role, emitter.name"
    )
    now = clock.now()
    async with connection() as c:
        row, held = await c.fetchrow(sql, account, now), await c.fetch(roles, account, now)
    if row is None:
        raise NotFound
    return _holdings(row, held)


def _holdings(row: asyncpg.Record, held: Sequence[asyncpg.Record]) -> Holdings:
    return Holdings(**row, roles=tuple((Role(one["role"]), one["name"]) for one in held))
