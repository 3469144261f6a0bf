"""Who has, and had, which role at an emitter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from uuid import UUID

import asyncpg

from parvis import clock
from parvis.contract.values import Role
from parvis.db import connection, fold
from parvis.errors import NotFound

_SELECT = (
    "SELECT held.id, held.person, person.name, role, given_at, coalesce(giver.name, '') AS given_by, ends_at, "
    "ended_at, coalesce(ender.name, '') AS ended_by FROM parvis.role_grant AS held "
    "JOIN parvis.person ON person.id = held.person "
    "LEFT JOIN parvis.person AS giver ON giver.id = held.given_by "
    "LEFT JOIN parvis.person AS ender ON ender.id = held.ended_by "
)
_ADDRESSES = (
    "SELECT DISTINCT ON (email) email, mail_language FROM parvis.role_grant AS held "
    "JOIN parvis.person ON person.id = held.person WHERE emitter = $1 AND role = $3 AND email <> ''"
)
_HOLDS = "held.ended_at IS NULL AND (ends_at IS NULL OR ends_at > $2)"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRole:
    """A role that somebody has or had at an emitter, since when and until when (UTC), and whose doing it was.

    `given_by` and `ended_by` are names, empty for the instance's operator or an account that was erased. `ended_at`
    is also that of an end that came by itself.
    """

    id: UUID
    person: UUID
    name: str
    role: Role
    given_at: datetime
    given_by: str
    ends_at: datetime | None
    ended_at: datetime | None
    ended_by: str

    def holds(self, now: datetime) -> bool:
        """Whether they have it still."""
        return self.ended_at is None and (self.ends_at is None or self.ends_at > now)


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody with at least one role at an emitter."""

    person: UUID
    roles: tuple[HeldRole, ...]

    @property
    def name(self) -> str:
        """What they are called."""
        return self.roles[0].name


@dataclass(frozen=True, slots=True)
class Addressee:
    """Where somebody is written to, and in which language."""

    address: str
    language: str


async def members_of(emitter: UUID) -> list[Member]:
    """Who has which role at an emitter now, by name."""
    sql = f"{_SELECT} WHERE emitter = $1 AND {_HOLDS} ORDER BY held.person, role"
    async with connection() as c:
        rows = [_held(row) for row in await c.fetch(sql, emitter, clock.now())]
    people = [Member(person, tuple(held)) for person, held in groupby(rows, lambda held: held.person)]
    return sorted(people, key=lambda member: (fold(member.name), member.person))


async def managers_to_write_to(emitter: UUID) -> list[Addressee]:
    """The verified e-mail addresses of those who are managers of an emitter now, each once."""
    return await to_write_to(emitter, Role.MANAGER)


async def to_write_to(emitter: UUID, role: Role) -> list[Addressee]:
    """The verified e-mail addresses of those who have a role at an emitter now, each once."""
    sql = f"{_ADDRESSES} AND {_HOLDS} ORDER BY email, seen_at DESC NULLS LAST"
    async with connection() as c:
        rows = await c.fetch(sql, emitter, clock.now(), role.value)
    return [Addressee(row["email"], row["mail_language"]) for row in rows]


async def roles_of(emitter: UUID, person: UUID) -> list[HeldRole]:
    """Every role that somebody has or had at an emitter, the latest first. Raises NotFound if there never was one."""
    sql = f"{_SELECT} WHERE emitter = $1 AND held.person = $2 ORDER BY given_at DESC, held.id DESC"
    async with connection() as c:
        rows = await c.fetch(sql, emitter, person)
    if not rows:
        raise NotFound
    return [_held(row) for row in rows]


async def changes(emitter: UUID, before: datetime, limit: int) -> list[HeldRole]:
    """The roles at an emitter that were given or ended before an instant, those of the latest change first."""
    sql = (
        f"{_SELECT} WHERE emitter = $1 AND (given_at < $2 OR held.ended_at < $2) "
        "ORDER BY greatest(CASE WHEN given_at < $2 THEN given_at END, "
        "CASE WHEN held.ended_at < $2 THEN held.ended_at END) DESC LIMIT $3"
    )
    async with connection() as c:
        return [_held(row) for row in await c.fetch(sql, emitter, before, limit)]


def _held(row: asyncpg.Record) -> HeldRole:
    return HeldRole(**{**row, "role": Role(row["role"])})
