"""Mandates: a proxy may act for a resident in named services until an instant, because the resident wants it so.

Either begins it, and the other accepts by a link, with a sign-on of their own: the address says where the link goes and
nothing else (docs/decisions/0322). It is read again with every request, so that an end counts at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import asyncpg

from parvis import clock, crypto
from parvis.db import connection, new_id, transaction
from parvis.errors import Invalid, NotFound, ParvisError, Refusal, Text
from parvis.identity import accounts
from parvis.identity.actors import Actor

LASTS = timedelta(days=7)
_LINK = "mandate"
_ADDRESS = "mandate-address"
_STANDS = "accepted_at IS NULL AND ended_at IS NULL AND expires_at > $1 AND mandate.ends_at > $1"
_HOLDS = "accepted_at IS NOT NULL AND ended_at IS NULL AND mandate.ends_at > $1"
_COLUMNS = (
    "SELECT mandate.id, resident, proxy, coalesce(them.name, '') AS resident_name, "
    "coalesce(who.name, '') AS proxy_name, bond, services, mandate.ends_at, address, language, begun_at, "
    "expires_at, accepted_at, ended_at, ended_by"
)
_FROM = (
    "FROM parvis.mandate LEFT JOIN parvis.person AS them ON them.id = resident "
    "LEFT JOIN parvis.person AS who ON who.id = proxy"
)
_SELECT = f"{_COLUMNS}, {_HOLDS} AS holds, {_STANDS} AS stands {_FROM}"
_LINKED = "SELECT serial, expires_at FROM parvis.mandate WHERE id = $2"
_ACCEPT = (
    "UPDATE parvis.mandate SET resident = coalesce(resident, $4), proxy = coalesce(proxy, $4), address = NULL, "
    "accepted_by = $5, accepted_at = $1 WHERE id = $2 AND serial = $3"
)
_NAMED = "SELECT id FROM parvis.mandate WHERE id = $2 AND resident = $3 AND $4 = ANY (services)"
# Acts go on beside each other; who ends the mandate waits for those under way.
_LOCK = "FOR SHARE"
_MINE = "SELECT id FROM parvis.mandate WHERE id = $2 AND proxy = $3"
_SELF = Refusal("own-mandate", Text("This is your own account. Sign in with the account of the person it is for."))


class MandateOver(ParvisError):
    """The link of a mandate that was accepted, ended, sent again, or is too old."""

    status = 410
    code = "mandate-over"
    title = Text("This link no longer counts.")


class Bond(StrEnum):
    """Who a proxy is to the resident: guardian, social worker, accredited digital adviser, relative."""

    GUARDIAN = "guardian"
    SOCIAL = "social"
    ADVISER = "adviser"
    RELATIVE = "relative"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """In which services (keys) somebody may act, until when (UTC), and who they are to the resident."""

    bond: Bond
    services: tuple[str, ...]
    ends_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """A mandate between two accounts (instants are UTC); the one who has not accepted yet is None.

    `holds`: the proxy may act now; `stands`: its link can be accepted now. `address` is where that link went.
    """

    id: UUID
    resident: UUID | None
    proxy: UUID | None
    resident_name: str
    proxy_name: str
    bond: Bond
    services: tuple[str, ...]
    ends_at: datetime
    address: str
    language: str
    begun_at: datetime
    expires_at: datetime
    accepted_at: datetime | None
    ended_at: datetime | None
    ended_by: UUID | None
    holds: bool
    stands: bool


async def begin(actor: Actor, wish: Wish, address: str, language: str, *, as_proxy: bool) -> UUID:
    """Begin a mandate: for oneself as the resident, or asking for it `as_proxy`. Its link goes to `address`."""
    now = clock.now()
    sql = (
        "INSERT INTO parvis.mandate (id, resident, proxy, bond, services, ends_at, address, language, begun_by, "
        "begun_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
    )
    sealed = crypto.encrypt(address.encode(), _ADDRESS)
    asked = (wish.bond.value, list(wish.services), wish.ends_at, sealed, language)
    async with transaction() as c:
        account = await accounts.settled(actor.person)
        sides = (None, account) if as_proxy else (account, None)
        await c.execute(sql, begun := new_id(), *sides, *asked, actor.person, now, now + LASTS)
    return begun


async def link(mandate: UUID) -> str:
    """The path of the link that counts, for the one mail that carries it. Raises NotFound."""
    async with connection() as c:
        row = await c.fetchrow(f"{_LINKED} AND {_STANDS}", clock.now(), mandate)
    if row is None:
        raise NotFound
    token = crypto.sign(f"{mandate}.{row['serial']}", _LINK, row["expires_at"])
    return f"/mandate/{token}"


async def again(mandate: UUID, actor: Actor) -> Mandate:
    """Let one's own unanswered mandate have a new link; the one before no longer counts. Raises NotFound."""
    sql = (
        "UPDATE parvis.mandate SET serial = serial + 1, expires_at = $3 WHERE id = $2 AND $4 IN (resident, proxy) "
        "AND accepted_at IS NULL AND ended_at IS NULL AND mandate.ends_at > $1 RETURNING id"
    )
    now = clock.now()
    async with transaction() as c:
        if await c.fetchval(sql, now, mandate, now + LASTS, actor.account) is None:
            raise NotFound
        return await of_account(mandate, actor.account)


async def of_link(token: str) -> Mandate:
    """The mandate that a link's last part stands for, if it can be accepted now. Raises MandateOver."""
    mandate, serial = _read(token)
    async with connection() as c:
        row = await c.fetchrow(f"{_SELECT} WHERE mandate.id = $2 AND serial = $3", clock.now(), mandate, serial)
    if row is None or not row["stands"]:
        raise MandateOver
    return _mandate(row)


async def accept(token: str, actor: Actor) -> Mandate:
    """Be the other of the two, once. Raises MandateOver, Invalid for one's own mandate."""
    mandate, serial = _read(token)
    sql = f"{_ACCEPT} AND {_STANDS} RETURNING id"
    async with transaction() as c:
        account = await accounts.settled(actor.person)
        if account in {(found := await of_link(token)).resident, found.proxy}:
            raise Invalid(_SELF)
        if await c.fetchval(sql, clock.now(), mandate, serial, account, actor.person) is None:
            raise MandateOver
        return await of_account(mandate, account)


async def end(mandate: UUID, actor: Actor) -> None:
    """End one's own mandate at once, from either side: not one more act of the proxy counts. Raises NotFound."""
    sql = (
        "UPDATE parvis.mandate SET ended_at = $3, ended_by = $4, address = NULL WHERE id = $1 "
        "AND $2 IN (resident, proxy) AND ended_at IS NULL RETURNING id"
    )
    async with transaction() as c:
        if await c.fetchval(sql, mandate, actor.account, clock.now(), actor.person) is None:
            raise NotFound


async def act(mandate: UUID, actor: Actor) -> None:
    """Act for the resident of a mandate from now on, in this session. Raises NotFound unless one is its proxy."""
    async with transaction() as c:
        if await c.fetchval(f"{_MINE} AND {_HOLDS}", clock.now(), mandate, actor.account) is None:
            raise NotFound
        await c.execute("UPDATE parvis.session SET acting = $2 WHERE id = $1", actor.session, mandate)


async def stop(actor: Actor) -> None:
    """Act for oneself again."""
    async with transaction() as c:
        await c.execute("UPDATE parvis.session SET acting = NULL WHERE id = $1", actor.session)


async def still_holds(mandate: UUID, resident: UUID | None, service: str) -> bool:
    """Whether a mandate lets its proxy act in a service now; it cannot be ended before the caller's transaction is."""
    async with transaction() as c:
        return await c.fetchval(f"{_NAMED} AND {_HOLDS} {_LOCK}", clock.now(), mandate, resident, service) is not None


async def of_account(mandate: UUID, account: UUID | None) -> Mandate:
    """One mandate of an account, on whichever side. Raises NotFound."""
    async with connection() as c:
        row = await c.fetchrow(
            f"{_SELECT} WHERE mandate.id = $2 AND $3 IN (resident, proxy)", clock.now(), mandate, account
        )
    if row is None:
        raise NotFound
    return _mandate(row)


async def all_of(account: UUID | None) -> Sequence[Mandate]:
    """Every mandate of an account, on both sides, the latest first."""
    sql = f"{_SELECT} WHERE resident = $2 OR proxy = $2 ORDER BY begun_at DESC LIMIT 200"
    async with connection() as c:
        return [_mandate(row) for row in await c.fetch(sql, clock.now(), account)]


def _read(token: str) -> tuple[UUID, int]:
    try:
        mandate, _, serial = crypto.verify(token, _LINK, clock.now()).partition(".")
        return UUID(mandate), int(serial)
    except (crypto.Unreadable, ValueError) as error:
        raise MandateOver from error


def _mandate(row: asyncpg.Record) -> Mandate:
    address = crypto.decrypt(row["address"], _ADDRESS).decode() if row["address"] else ""
    told = {"bond": Bond(row["bond"]), "services": tuple(row["services"]), "address": address}
    return Mandate(**{**row, **told})
