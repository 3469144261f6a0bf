"""Reads of contracts, of what is published under them, of what is proposed, and of what was said about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from parvis.db import connection
from parvis.errors import NotFound
from parvis.territory.publishing.rules import Act, Side, Standing, Terms
from parvis.territory.queries import today

_CONTRACT = (
    "SELECT k.*, a.slug AS authority_slug, a.name AS authority_name, h.slug AS holder_slug, h.name AS holder_name "
    "FROM parvis.contract k JOIN parvis.emitter a ON a.id = k.authority JOIN parvis.emitter h ON h.id = k.holder"
)
_OFFER = (
    "SELECT k.id AS contract, s.service, u.state AS live, u.suspended_by, u.places, u.about, u.first_day, u.last_day, "
    "q.state AS proposal, q.version, q.places AS new_places, q.about AS new_about, q.first_day AS new_first_day, "
    "q.last_day AS new_last_day FROM parvis.contract k CROSS JOIN unnest(k.services) AS s (service) "
    "LEFT JOIN parvis.publication u ON u.contract = k.id AND u.service = s.service "
    "LEFT JOIN parvis.proposal q ON q.contract = k.id AND q.service = s.service"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractInfo:
    """A contract with its two sides; it holds from `first_day` to `last_day`, local days, both included."""

    id: UUID
    authority: UUID
    authority_slug: str
    authority_name: str
    holder: UUID
    holder_slug: str
    holder_name: str
    title: str
    services: tuple[str, ...]
    places: frozenset[UUID]
    first_day: date
    last_day: date

    def side_of(self, emitter: UUID) -> Side:
        """On which side an emitter is. Raises NotFound for neither."""
        if emitter not in (self.authority, self.holder):
            raise NotFound
        return Side.AUTHORITY if emitter == self.authority else Side.HOLDER


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferInfo:
    """A service under a contract: what is published of it, and what is proposed, by the version of its saving."""

    contract: UUID
    service: str
    standing: Standing
    published: Terms | None
    proposed: Terms | None
    version: int
    suspended_by: UUID | None

    def suspended_on(self, contract: ContractInfo) -> Side | None:
        """Which side suspended it, if it is suspended."""
        return contract.side_of(self.suspended_by) if self.suspended_by else None


@dataclass(frozen=True, slots=True)
class Said:
    """A step (UTC) by an account for an emitter, with what was said; the account's name is empty once erased."""

    at: datetime
    act: Act
    emitter: str
    name: str
    comment: str


async def contracts_of(emitter: UUID) -> list[ContractInfo]:
    """The contracts of an emitter, on either side, the last to end first."""
    async with connection() as c:
        rows = await c.fetch(f"{_CONTRACT} WHERE $1 IN (k.authority, k.holder) ORDER BY k.last_day DESC, k.id", emitter)
    return [_contract(row) for row in rows]


async def ending_between(first: date, last: date) -> list[ContractInfo]:
    """The contracts whose last day lies between two others, both included, the first to end first."""
    async with connection() as c:
        rows = await c.fetch(f"{_CONTRACT} WHERE k.last_day BETWEEN $1 AND $2 ORDER BY k.last_day, k.id", first, last)
    return [_contract(row) for row in rows]


async def contract(contract_id: UUID) -> ContractInfo:
    """One contract. Raises NotFound."""
    async with connection() as c:
        row = await c.fetchrow(f"{_CONTRACT} WHERE k.id = $1", contract_id)
    if row is None:
        raise NotFound
    return _contract(row)


async def offers(contracts: Iterable[UUID]) -> list[OfferInfo]:
    """Every service of several contracts, by contract and key."""
    async with connection() as c:
        rows = await c.fetch(f"{_OFFER} WHERE k.id = ANY ($1) ORDER BY k.id, s.service", list(contracts))
    return [_offer(row) for row in rows]


async def offer(contract_id: UUID, service: str) -> OfferInfo:
    """One service of a contract. Raises NotFound."""
    async with connection() as c:
        row = await c.fetchrow(f"{_OFFER} WHERE k.id = $1 AND s.service = $2", contract_id, service)
    if row is None:
        raise NotFound
    return _offer(row)


async def shown(holder: UUID) -> list[OfferInfo]:
    """What a holder offers today or has suspended, within the days of its contracts."""
    sql = (
        f"{_OFFER} WHERE k.holder = $1 AND u.id IS NOT NULL AND $2 BETWEEN greatest(k.first_day, u.first_day) "
        "AND least(k.last_day, u.last_day) ORDER BY s.service, k.id"
    )
    async with connection() as c:
        return [_offer(row) for row in await c.fetch(sql, holder, today())]


async def said(contract_id: UUID, service: str) -> list[Said]:
    """What was done and said about a service under contract, the oldest first."""
    sql = (
        "SELECT a.at, a.act, e.name AS emitter, coalesce(p.name, '') AS name, a.comment FROM parvis.publication_act a "
        "JOIN parvis.emitter e ON e.id = a.emitter LEFT JOIN parvis.person p ON p.id = a.person "
        "WHERE a.contract = $1 AND a.service = $2 ORDER BY a.id"
    )
    async with connection() as c:
        rows = await c.fetch(sql, contract_id, service)
    return [Said(row["at"], Act(row["act"]), row["emitter"], row["name"], row["comment"]) for row in rows]


async def count_waiting(emitter: UUID) -> int:
    """How many proposals wait for an authority's answer."""
    sql = (
        "SELECT count(*) FROM parvis.proposal q JOIN parvis.contract k ON k.id = q.contract "
        "WHERE k.authority = $1 AND q.state = 'review'"
    )
    async with connection() as c:
        return int(await c.fetchval(sql, emitter))


def _contract(row: asyncpg.Record) -> ContractInfo:
    plain = dict(row)
    return ContractInfo(**{**plain, "services": tuple(row["services"]), "places": frozenset(row["places"])})


def _offer(row: asyncpg.Record) -> OfferInfo:
    return OfferInfo(
        contract=row["contract"],
        service=row["service"],
        standing=Standing(row["live"], row["proposal"]),
        published=_terms(row, "") if row["live"] else None,
        proposed=_terms(row, "new_") if row["proposal"] else None,
        version=row["version"] or 0,
        suspended_by=row["suspended_by"] if row["live"] == "suspended" else None,
    )


def _terms(row: asyncpg.Record, prefix: str) -> Terms:
    found: dict[str, Any] = {name: row[f"{prefix}{name}"] for name in ("first_day", "last_day", "about")}
    return Terms(places=frozenset(row[f"{prefix}places"]), **found)
