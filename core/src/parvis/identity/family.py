"""The family that somebody keeps in their account: children and others they book for. Encrypted, for them alone."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from uuid import UUID

import asyncpg
import msgspec

from parvis import clock, crypto
from parvis.db import Connection, connection, fold, new_id, transaction
from parvis.errors import NotFound, Refusal, Refused, Text
from parvis.identity import accounts
from parvis.identity.actors import Actor

MOST = 20
_PURPOSE = "family"
_FULL = Refusal("family-full", Text("You can keep {most} people here. Remove somebody first.", {"most": MOST}))


class Kin(StrEnum):
    """Who somebody is to whoever keeps them in their account."""

    CHILD = "child"
    GRANDCHILD = "grandchild"
    PARTNER = "partner"
    PARENT = "parent"
    WARD = "ward"
    OTHER = "other"


class Details(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of somebody, as one sealed value."""

    given: str
    family: str
    born: date
    kin: Kin

    @property
    def name(self) -> str:
        """What they are called."""
        return f"{self.given} {self.family}"

    def years(self, on: date) -> int:
        """Full years they have on a day; born on 29 February they turn on 1 March in other years."""
        return on.year - self.born.year - ((on.month, on.day) < (self.born.month, self.born.day))


class Relative(Details, frozen=True, kw_only=True):
    """Somebody of a family, with the number of their row."""

    id: UUID


async def all_of(account: UUID | None) -> list[Relative]:
    """Everybody whom an account keeps, the eldest first."""
    async with connection() as c:
        found = await _rows(c, account)
    return sorted(found, key=lambda one: (one.born, fold(one.name), one.id))


async def one_of(relative: UUID, account: UUID | None) -> Relative:
    """One of an account's. Raises NotFound."""
    async with connection() as c:
        row = await c.fetchrow("SELECT * FROM parvis.relative WHERE id = $1 AND person = $2", relative, account)
    if row is None:
        raise NotFound
    return _relative(row)


async def add(actor: Actor, details: Details) -> UUID:
    """Keep somebody in one's account; the same person twice is once. Raises Refused once there are too many."""
    sql = "INSERT INTO parvis.relative (id, person, details, kept_by, kept_at) VALUES ($1, $2, $3, $4, $5)"
    async with transaction() as c:
        account = await accounts.settled(actor.person)
        # One after the other, or two clicks would keep two.
        await c.execute("SELECT FROM parvis.person WHERE id = $1 FOR NO KEY UPDATE", account)
        known = await _rows(c, account)
        if (same := next((one for one in known if _is_same(one, details)), None)) is not None:
            return same.id
        if len(known) >= MOST:
            raise Refused(_FULL)
        await c.execute(sql, added := new_id(), account, _sealed(details), actor.person, clock.now())
    return added


async def change(relative: UUID, actor: Actor, details: Details) -> None:
    """Correct what is kept of somebody. Raises NotFound."""
    sql = "UPDATE parvis.relative SET details = $3 WHERE id = $1 AND person = $2 RETURNING id"
    async with transaction() as c:
        if await c.fetchval(sql, relative, actor.account, _sealed(details)) is None:
            raise NotFound


async def remove(relative: UUID, actor: Actor) -> None:
    """Keep somebody no longer; twice is once. What was booked for them stays."""
    async with transaction() as c:
        await c.execute("DELETE FROM parvis.relative WHERE id = $1 AND person = $2", relative, actor.account)


async def _rows(c: Connection, account: UUID | None) -> list[Relative]:
    return [_relative(row) for row in await c.fetch("SELECT * FROM parvis.relative WHERE person = $1", account)]


def _is_same(one: Details, other: Details) -> bool:
    return (fold(one.name), one.born) == (fold(other.name), other.born)


def _sealed(details: Details) -> bytes:
    return crypto.encrypt(msgspec.json.encode(details), _PURPOSE)


def _relative(row: asyncpg.Record) -> Relative:
    kept = msgspec.json.decode(crypto.decrypt(row["details"], _PURPOSE), type=Details)
    return Relative(id=row["id"], **msgspec.structs.asdict(kept))
