"""Sessions in PostgreSQL: begun by a sign-in or a proof, never for an anonymous visitor, renewed at each.

The browser holds a random token, the database its digest. Nothing else is kept in the browser.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from litestar.datastructures import Cookie

from parvis import clock, crypto
from parvis.db import connection, new_id, transaction
from parvis.identity.oidc.protocol import LogoutOrder
from parvis.identity.oidc.sign_on import SignedIn
from parvis.settings import Settings, current

_PURPOSE = "session-tokens"
_ROLES_CLAIM = "parvis_roles"


class Kept(msgspec.Struct, frozen=True):
    """What is kept of a provider's tokens, encrypted."""

    refresh_token: str
    id_token: str


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
        "INSERT INTO parvis.session (id, digest, person, issuer, sid, tokens, claimed, started_at, seen_at, "
        "ends_at, refreshed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9, $10)"
    )
    values = (person, claims.get("iss"), claims.get("sid"), sealed(signed_in), claimed_roles(claims))
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


async def end(session: UUID, person: UUID | None = None) -> Kept | None:
    """End one session, of `person` if one is named; what the provider needs to end its own too."""
    sql = "DELETE FROM parvis.session WHERE id = $1 AND ($2::uuid IS NULL OR person = $2) RETURNING tokens"
    async with transaction() as c:
        row = await c.fetchrow(sql, session, person)
    return opened(row["tokens"]) if row and row["tokens"] else None


async def end_sessions(person: UUID) -> int:
    """End every session of a person, and how many there were: after a grant was taken, or an account closed."""
    async with transaction() as c:
        ended = await c.fetch("DELETE FROM parvis.session WHERE person = $1 RETURNING id", person)
    return len(ended)


async def obey(order: LogoutOrder, issuer: str) -> int | None:
    """End what a back-channel logout names, and how many; None for a token that was obeyed before."""
    once = "INSERT INTO parvis.logout_seen (jti, until) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING jti"
    by_sid = "DELETE FROM parvis.session WHERE issuer = $1 AND sid = $2 RETURNING id"
    by_sub = (
        "DELETE FROM parvis.session USING parvis.person WHERE person.id = session.person "
        "AND person.issuer = $1 AND subject = $2 RETURNING session.id"
    )
    async with transaction() as c:
        if await c.fetchval(once, order.jti, order.until) is None:
            return None
        return len(await c.fetch(by_sid if order.sid else by_sub, issuer, order.sid or order.sub))


async def open_sessions(person: UUID) -> list[OpenSession]:
    """A person's running sessions, the latest first."""
    sql = (
        "SELECT id, started_at, seen_at FROM parvis.session WHERE person = $1 AND ends_at > $2 AND seen_at > $3 "
        "ORDER BY seen_at DESC"
    )
    now = clock.now()
    async with connection() as c:
        rows = await c.fetch(sql, person, now, now - current().session_idle)
    return [OpenSession(**row) for row in rows]


async def sweep() -> int:
    """Delete what has lapsed: sessions, codes, the memory of logout tokens. Returns how many rows."""
    now = clock.now()
    gone = 0
    async with transaction() as c:
        for sql, instant in (
            ("DELETE FROM parvis.session WHERE ends_at < $1 RETURNING id", now),
            ("DELETE FROM parvis.session WHERE seen_at < $1 RETURNING id", now - current().session_idle),
            # an hour longer, for the limit on codes an hour
            ("DELETE FROM parvis.contact_proof WHERE ends_at < $1 RETURNING id", now - timedelta(hours=1)),
            ("DELETE FROM parvis.logout_seen WHERE until < $1 RETURNING jti", now),
        ):
            gone += len(await c.fetch(sql, instant))
    return gone


def claimed_roles(claims: Mapping[str, Any]) -> list[str] | None:
    """The provider's role claim; None if it makes none, nothing at all if it is malformed.

    >>> claimed_roles({}), claimed_roles({"parvis_roles": "/operator"})
    (None, [])
    """
    if _ROLES_CLAIM not in claims:
        return None
    roles = claims[_ROLES_CLAIM]
    return [role for role in roles if isinstance(role, str)] if isinstance(roles, list) else []


def sealed(signed_in: SignedIn | None) -> bytes | None:
    """The tokens to keep, encrypted."""
    if signed_in is None:
        return None
    kept = Kept(signed_in.tokens.refresh_token, signed_in.tokens.id_token)
    return crypto.encrypt(msgspec.json.encode(kept), _PURPOSE)


def opened(tokens: bytes) -> Kept:
    """The tokens kept. Raises Unreadable if their key is gone."""
    return msgspec.json.decode(crypto.decrypt(tokens, _PURPOSE), type=Kept)
