"""Everything identity keeps about an account, and closing one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import asyncpg
import msgspec

from parvis import clock, crypto
from parvis.db import connection, transaction
from parvis.identity import accounts, endings, family, mandates
from parvis.identity.mandates import Mandate
from parvis.settings import current

_SIGN_ON = "SELECT issuer, subject, name, email, phone, mail_language, created_at, seen_at FROM parvis.person"
_ACCOUNT, _FURTHER = f"{_SIGN_ON} WHERE id = $1", f"{_SIGN_ON} WHERE merged_into = $1"
_ROLES = (
    "SELECT role, emitter.name AS emitter, given_at, coalesce(ended_at, ends_at) AS ended_at FROM parvis.role_grant "
    "LEFT JOIN parvis.emitter ON emitter.id = role_grant.emitter WHERE person = ANY($1) ORDER BY given_at"
)
_SESSIONS = "SELECT started_at, seen_at, ends_at FROM parvis.session WHERE person = ANY($1) ORDER BY started_at"
_PROOFS = (
    "SELECT contact_proof.kind, address, proved_at, contact_proof.ends_at FROM parvis.contact_proof "
    "JOIN parvis.session ON session.id = contact_proof.session WHERE session.person = ANY($1) ORDER BY proved_at"
)


_ADDRESSES = (
    "SELECT emitter.name AS emitter, address, given_at FROM parvis.work_address "
    "JOIN parvis.emitter ON emitter.id = emitter WHERE person = ANY($1) ORDER BY given_at"
)
_STATIONS = "SELECT name, since, ends_at FROM parvis.station WHERE person = ANY($1) ORDER BY since"


async def export(person: UUID) -> dict[str, Any]:
    """The account, its roles, sessions, stations, proved contacts, where its codes go, its mandates and its family."""
    every = await accounts.sign_ons(person)
    async with connection() as c:
        account, further = await c.fetchrow(_ACCOUNT, person), await c.fetch(_FURTHER, person)
        kinds = (("roles", _ROLES), ("sessions", _SESSIONS), ("stations", _STATIONS))
        rows = {name: await c.fetch(sql, every) for name, sql in kinds}
        proofs, addresses = await c.fetch(_PROOFS, every), await c.fetch(_ADDRESSES, every)
    return {
        **dict(account or {}),
        "sign_ons": [dict(row) for row in further],
        **{name: [dict(row) for row in found] for name, found in rows.items()},
        "contacts": [_readable(row, "contact") for row in proofs],
        "work_addresses": [_readable(row, "work-address") for row in addresses],
        "mandates": [_mandate(one, person) for one in await mandates.all_of(person)],
        "family": [msgspec.to_builtins(one) for one in await family.all_of(person)],
    }


def _readable(row: asyncpg.Record, purpose: str) -> dict[str, Any]:
    return {**row, "address": crypto.decrypt(row["address"], purpose).decode()}


def _mandate(found: Mandate, account: UUID) -> dict[str, Any]:
    """A mandate as one of the two is told of it."""
    mine = found.resident == account
    plain = ("begun_at", "accepted_at", "ends_at", "ended_at")
    told = {"who": found.proxy_name if mine else found.resident_name, "acts_for_me": mine, "bond": found.bond.value}
    return told | {"services": list(found.services), **{name: getattr(found, name) for name in plain}}


async def has_worked(person: UUID) -> bool:
    """Whether somebody has a role, or had one within the time for which the trace is kept."""
    sql = (
        "SELECT EXISTS (SELECT FROM parvis.role_grant WHERE person = ANY($1) AND coalesce(ended_at, ends_at, $3) > $2)"
    )
    every, now = await accounts.sign_ons(person), clock.now()
    async with connection() as c:
        return bool(await c.fetchval(sql, every, now - current().audit_kept, now))


async def close(person: UUID) -> None:
    """Erase an account with all its sign-ons and sessions, and the contacts proved in them.

    Its traces keep a number without a name.
    """
    proofs = (
        "DELETE FROM parvis.contact_proof USING parvis.session WHERE session.id = contact_proof.session "
        "AND session.person = ANY($1)"
    )
    async with transaction() as c:
        await c.execute(proofs, every := await accounts.sign_ons(person))
        for sign_on in every:
            await endings.end_sessions(sign_on)
        await c.execute("DELETE FROM parvis.person WHERE id = $1", person)
