"""Writes about people and what they may do."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg

from parvis import clock
from parvis.contract.values import Role
from parvis.db import Connection, new_id, transaction
from parvis.errors import Invalid, NotFound, Refusal, Refused, Text
from parvis.identity import groups, rules
from parvis.identity.endings import end_sessions
from parvis.web import fields

_OF_NO_EMITTER = frozenset({Role.HELPER, Role.OPERATOR})
_LAST = Text("Nobody else would manage for as long. Make somebody else a manager first.")


async def ensure_person(issuer: str, subject: str, *, name: str = "", email: str = "", phone: str = "") -> UUID:
    """The account of (issuer, subject), made if it is new, with what is said of it brought up to date.

    The telephone number is kept in international form, as people's contacts are; one that is none is left out.
    """
    number = fields.phone(phone)
    known = number if isinstance(number, str) else ""
    sql = (
        "INSERT INTO parvis.person (id, issuer, subject, name, email, phone, created_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (issuer, subject) DO UPDATE "
        "SET name = excluded.name, email = excluded.email, phone = excluded.phone RETURNING id"
    )
    async with transaction() as c:
        person: UUID = await c.fetchval(sql, new_id(), issuer, subject, name[:200], email[:254], known, clock.now())
    return person


async def arrive(claims: Mapping[str, Any], language: str = "fr") -> UUID:
    """The account that an id_token's claims stand for; its e-mail counts only if the provider verified it.

    `language` is that of the page where they signed in: mails are written in it.
    """
    email = claims.get("email", "") if claims.get("email_verified") is True else ""
    phone = claims.get("phone_number", "") if claims.get("phone_number_verified") is True else ""
    async with transaction() as c:
        person = await ensure_person(
            claims["iss"],
            claims["sub"],
            name=str(claims.get("name", "")),
            email=str(email),
            phone=str(phone),
        )
        sql = "UPDATE parvis.person SET seen_at = $2, mail_language = $3 WHERE id = $1"
        await c.execute(sql, person, clock.now(), language)
    return person


async def grant(
    person: UUID, role: Role, emitter: UUID | None = None, by: UUID | None = None, until: datetime | None = None
) -> UUID:
    """Give a role, until an instant (UTC) or for good; safe to repeat: given again it may last longer, never less.

    Raises Invalid for a role at the wrong level, NotFound for a stranger.
    """
    if (emitter is None) != (role in _OF_NO_EMITTER):
        raise Invalid(Refusal("role-level", Text("This role cannot be given there."), "role"))
    over = (
        "UPDATE parvis.role_grant SET ended_at = ends_at WHERE person = $1 AND role = $2 "
        "AND emitter IS NOT DISTINCT FROM $3 AND ended_at IS NULL AND ends_at <= $4"
    )
    sql = (
        "INSERT INTO parvis.role_grant AS known (id, person, role, emitter, given_by, given_at, ends_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (person, role, emitter) WHERE ended_at IS NULL DO UPDATE "
        "SET ends_at = CASE WHEN known.ends_at IS NULL OR excluded.ends_at IS NULL THEN NULL "
        "ELSE greatest(known.ends_at, excluded.ends_at) END RETURNING id"
    )
    now = clock.now()
    async with transaction() as c:
        await c.execute(over, person, role.value, emitter, now)
        try:
            given: UUID = await c.fetchval(sql, new_id(), person, role.value, emitter, by, now, until)
            await groups.changed(person)
        except asyncpg.ForeignKeyViolationError as error:
            raise NotFound from error
    return given


async def end_grant(grant_id: UUID, by: UUID | None = None) -> None:
    """Take a role away and end its holder's sessions.

    Raises NotFound if it was over already, Refused if a person (`by`) would leave an emitter without a manager.
    """
    now = clock.now()
    async with transaction() as c:
        person = await _holder(c, grant_id, now, spare_last=by is not None, shortened_to=now)
        sql = "UPDATE parvis.role_grant SET ended_at = $2, ended_by = $3 WHERE id = $1"
        await c.execute(sql, grant_id, now, by)
        await end_sessions(person)
        await groups.changed(person)


async def set_end(grant_id: UUID, until: datetime | None) -> None:
    """Let a role end at an instant to come (UTC), or at none. Raises NotFound if it is over, Refused as `end_grant`."""
    async with transaction() as c:
        await _holder(c, grant_id, clock.now(), spare_last=True, shortened_to=until)
        await c.execute("UPDATE parvis.role_grant SET ends_at = $2 WHERE id = $1", grant_id, until)


async def lock(emitter: UUID) -> None:
    """Let nobody else change the rights at an emitter until the caller's transaction ends."""
    async with transaction() as c:
        await c.execute("SELECT FROM parvis.emitter WHERE id = $1 FOR NO KEY UPDATE", emitter)


async def _holder(
    c: Connection, grant_id: UUID, now: datetime, *, spare_last: bool, shortened_to: datetime | None
) -> UUID:
    """Whose grant it is, while it holds; what else holds at its emitter is decided by nobody else meanwhile."""
    await lock(await c.fetchval("SELECT emitter FROM parvis.role_grant WHERE id = $1", grant_id))
    sql = (
        "SELECT id, person, role, emitter, ends_at FROM parvis.role_grant "
        "WHERE ended_at IS NULL AND (ends_at IS NULL OR ends_at > $2) "
        "AND (id = $1 OR (role = 'manager' AND emitter = (SELECT emitter FROM parvis.role_grant WHERE id = $1)))"
    )
    holding = {row["id"]: row for row in await c.fetch(sql, grant_id, now)}
    held = holding.pop(grant_id, None)
    if held is None:
        raise NotFound
    if spare_last and held["role"] == Role.MANAGER:
        others = [row["ends_at"] for row in holding.values() if row["role"] == Role.MANAGER]
        if rules.left_alone(held["ends_at"], shortened_to, others):
            raise Refused(Refusal("last-manager", _LAST))
    person: UUID = held["person"]
    return person
