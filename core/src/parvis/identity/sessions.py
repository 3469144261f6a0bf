"""Sessions in PostgreSQL: begun by a sign-in or a proof, never for an anonymous visitor, renewed at each.

The browser holds a random token, the database its digest. Nothing else is kept in the browser.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from litestar.datastructures import Cookie

from parvis import clock, crypto
from parvis.db import connection, new_id, transaction
from parvis.identity.oidc.sign_on import SignedIn
from parvis.identity.tokens import claimed_roles, reached, sealed
from parvis.settings import Settings, current


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A running session, as the account page shows it."""

    id: UUID
    started_at: datetime
    seen_at: datetime


def cookie_name(settings: Settings) -> str:
    """`__Host-parvis` over https; elsewhere a name with the port, as two ports of a host share their cookies."""
    return "__Host-parvis" if settings.secure else f"parvis_{settings.port}"


def cookie(settings: Settings, token: str | None) -> Cookie:
    """The cookie that carries `token`, or that forgets it when there is none."""
    return Cookie(
        cookie_name(settings),
        value=token or "",
        path="/",
        httponly=True,
        samesite="lax",
        secure=settings.secure,
        max_age=None if token else 0,
    )


async def begin(previous: UUID | None, person: UUID | None = None, signed_in: SignedIn | None = None) -> str:
    """Begin a session and return its token. The `previous` one ends and its proved contacts move over,
    so that an identifier planted before the sign-in is worth nothing after it."""
    token, session, now = crypto.new_secret(), new_id(), clock.now()
    claims: Mapping[str, Any] = signed_in.claims if signed_in else {}
    sql = (
        "INSERT INTO parvis.session (id, digest, person, issuer, sid, tokens, claimed, acr, started_at, "
        "seen_at, ends_at, refreshed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10, $11)"
    )
    values = (person, claims.get("iss"), claims.get("sid"), sealed(signed_in), claimed_roles(claims), reached(claims))
    async with transaction() as c:
        # Without a refresh token there is nothing to ask the provider with.
        confirmed = now if signed_in and signed_in.tokens.refresh_token else None
        ends = now + current().session_max
        await c.execute(sql, session, crypto.digest(token), *values, now, ends, confirmed)
        if previous is not None:
            await c.execute("UPDATE parvis.contact_proof SET session = $1 WHERE session = $2", session, previous)
            await c.execute("DELETE FROM parvis.session WHERE id = $1", previous)
    return token


async def renew(session: UUID) -> str:
    """Give a session a new token, as what it may do grew; the old one is worth nothing any more."""
    token = crypto.new_secret()
    async with transaction() as c:
        await c.execute("UPDATE parvis.session SET digest = $2 WHERE id = $1", session, crypto.digest(token))
    return token


async def session_of(token: str) -> UUID | None:
    """The session a token opens, if it runs."""
    sql = "SELECT id FROM parvis.session WHERE digest = $1 AND ends_at > $2 AND seen_at > $3"
    now = clock.now()
    async with connection() as c:
        found: UUID | None = await c.fetchval(sql, crypto.digest(token), now, now - current().session_idle)
    return found


async def open_sessions(person: UUID) -> list[OpenSession]:
    """An account's running sessions, with whichever of its sign-ons, the latest first."""
    sql = (
        "SELECT id, started_at, seen_at FROM parvis.session WHERE ends_at > $2 AND seen_at > $3 "
        "AND person IN (SELECT id FROM parvis.person WHERE id = $1 OR merged_into = $1) ORDER BY seen_at DESC"
    )
    now = clock.now()
    async with connection() as c:
        rows = await c.fetch(sql, person, now, now - current().session_idle)
    return [OpenSession(**row) for row in rows]
