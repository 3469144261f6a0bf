"""Writes about people and what they may do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import asyncpg

from parvis import clock
from parvis.contract.values import Role
from parvis.db import new_id, transaction
from parvis.errors import Invalid, NotFound, Refusal, Text
from parvis.identity.endings import end_sessions
from parvis.web import fields

_OF_NO_EMITTER = frozenset({Role.HELPER, Role.OPERATOR})


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


async def arrive(claims: Mapping[str, Any]) -> UUID:
    """The account that an id_token's claims stand for; its e-mail counts only if the provider verified it."""
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
        await c.execute("UPDATE parvis.person SET seen_at = $2 WHERE id = $1", person, clock.now())
    return person


async def grant(person: UUID, role: Role, emitter: UUID | None = None, by: UUID | None = None) -> UUID:
    """Give a role; safe to repeat. Raises Invalid for a role at the wrong level, NotFound for a stranger."""
    if (emitter is None) != (role in _OF_NO_EMITTER):
        raise Invalid(Refusal("role-level", Text("This role cannot be given there."), "role"))
    sql = (
        "INSERT INTO parvis.role_grant (id, person, role, emitter, given_by, given_at) "
        "VALUES ($1, $2, $3, $4, $5, $6) "
        "ON CONFLICT (person, role, emitter) WHERE ended_at IS NULL DO UPDATE SET role = excluded.role RETURNING id"
    )
    async with transaction() as c:
        try:
            given: UUID = await c.fetchval(sql, new_id(), person, role.value, emitter, by, clock.now())
        except asyncpg.ForeignKeyViolationError as error:
            raise NotFound from error
    return given


async def end_grant(grant_id: UUID, by: UUID | None = None) -> None:
    """Take a role away and end its holder's sessions. Raises NotFound if it was over already."""
    sql = (
        "UPDATE parvis.role_grant SET ended_at = $2, ended_by = $3 WHERE id = $1 AND ended_at IS NULL RETURNING person"
    )
    async with transaction() as c:
        person = await c.fetchval(sql, grant_id, clock.now(), by)
        if person is None:
            raise NotFound
        await end_sessions(person)
