"""Recognising who makes a request: one statement per request that carries a session's cookie, none for others.

Every few minutes (a setting) the provider is asked whether the account still stands. Exactly one request of a session
does it, by claiming the row; the others go on meanwhile, as a refresh token that is used twice ends the session.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import structlog
from litestar.connection import ASGIConnection
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from parvis import clock, crypto
from parvis.contract.values import Behalf, Channel, Role
from parvis.db import connection, transaction
from parvis.identity import endings, sessions, stations
from parvis.identity.actors import ANONYMOUS, Actor, Grant, Powers, Proof, narrowed
from parvis.identity.oidc.protocol import SignInRefused
from parvis.identity.oidc.sign_on import SignOn, SignOnDown
from parvis.identity.tokens import claimed_roles, opened, reached, sealed
from parvis.settings import current

log = structlog.get_logger()

_SILENCE = timedelta(minutes=15)
_CLAIM = timedelta(seconds=30)
_SEEN_EVERY = timedelta(minutes=1)

_RECOGNISE = """
    SELECT session.id, session.person, session.seen_at, refreshed_at, claimed, acr,
           person.name, person.subject, person.issuer, person.merged_into, acting,
           mandate.resident, mandate.services, mandate.bond, mandate.ends_at AS acts_until, resident.name AS acts_for,
           COALESCE((SELECT jsonb_agg(jsonb_build_array(role_grant.role, emitter.id, slug, emitter.name,
                            -- what the emitter says of the role, read with the grant: no memory that could be old
                            (SELECT jsonb_object_agg(permission, allowed) FROM parvis.role_permission AS said
                             WHERE said.emitter = role_grant.emitter AND said.role = role_grant.role),
                            EXISTS (SELECT FROM parvis.mailed_factor AS chosen WHERE chosen.emitter = emitter.id AND (
                             EXISTS (SELECT FROM parvis.session_factor AS given
                                     WHERE given.session = session.id AND given.emitter = emitter.id)
                             OR EXISTS (SELECT FROM parvis.station WHERE device = $4 AND ends_at > $2
                                        AND station.emitter = emitter.id AND station.person = session.person)))))
                     FROM parvis.role_grant LEFT JOIN parvis.emitter ON emitter.id = role_grant.emitter
                     WHERE role_grant.person = session.person AND ended_at IS NULL
                     AND (role_grant.ends_at IS NULL OR role_grant.ends_at > $2)), '[]') AS grants,
           ARRAY(SELECT ROW(proof.id, proof.kind, proof.digest, proof.ends_at) FROM parvis.contact_proof AS proof
                 WHERE proof.session = session.id AND proved_at IS NOT NULL AND proof.ends_at > $2
                 ORDER BY proved_at) AS proofs
    FROM parvis.session LEFT JOIN parvis.person ON person.id = session.person
    -- read with every request: a mandate that is revoked or over gives nothing from then on
    LEFT JOIN parvis.mandate ON mandate.id = acting AND mandate.proxy = COALESCE(person.merged_into, person.id)
        AND accepted_at IS NOT NULL AND ended_at IS NULL AND mandate.ends_at > $2
    LEFT JOIN parvis.person AS resident ON resident.id = mandate.resident
    WHERE digest = $1 AND session.ends_at > $2 AND session.seen_at > $3
"""


class Recognition(ASGIMiddleware):
    """Puts the `Actor` of each request into its scope as `user`."""

    scopes = (ScopeType.HTTP,)
    # Static files and the choice of a language are the same for everybody.
    exclude_opt_key = "public"

    def __init__(self, powers: Powers) -> None:
        self._powers = powers

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Recognise, then pass on."""
        asked = ASGIConnection[Any, Any, Any, Any](scope)
        token = asked.cookies.get(sessions.cookie_name(current()))
        # What a page asks for by itself is no sign that somebody sits before it.
        looking_on = bool(scope["route_handler"].opt.get("passive"))
        device = stations.device_of(asked.cookies)
        known = recognise(token, asked.app.state.sign_on, self._powers, looking_on, device) if token else None
        scope["user"] = await known if known else ANONYMOUS
        scope["auth"] = None
        await next_app(scope, receive, send)


async def recognise(
    token: str, sign_on: SignOn, powers: Powers, looking_on: bool = False, device: UUID | None = None
) -> Actor:
    """The actor of a session's token; ANONYMOUS for one that has ended, or ends now.

    `looking_on` is no activity; `device` is the station that the browser says it is.
    """
    now = clock.now()
    row = await _session(token, now, device)
    if row is None:
        return ANONYMOUS
    if row["refreshed_at"] and now - row["refreshed_at"] > current().session_refresh:
        await _confirm(row, sign_on, now)
        row = await _session(token, now, device)
        if row is None:
            return ANONYMOUS
    if now - row["seen_at"] > _SEEN_EVERY and not looking_on:
        async with transaction() as c:
            await c.execute("UPDATE parvis.session SET seen_at = $2 WHERE id = $1", row["id"], now)
    return _actor(row, powers, now)


async def _session(token: str, now: datetime, device: UUID | None) -> asyncpg.Record | None:
    async with connection() as c:
        return await c.fetchrow(_RECOGNISE, crypto.digest(token), now, now - current().session_idle, device)


async def _confirm(row: asyncpg.Record, sign_on: SignOn, now: datetime) -> None:
    """Ask the provider about a session: renew its tokens, or end it if it is over there."""
    tokens = await _claim(row, now)
    if tokens is None:
        return
    try:
        found = await sign_on.refresh(opened(tokens).refresh_token)
        if (found.claims["iss"], found.claims["sub"]) != (row["issuer"], row["subject"]):
            raise SignInRefused("sub")
    except SignOnDown:
        if now - row["refreshed_at"] > _SILENCE:
            log.warning("session.unconfirmed", session=str(row["id"]))
            await endings.end(row["id"])
    except (SignInRefused, crypto.Unreadable) as error:
        log.info("session.ended", session=str(row["id"]), reason=getattr(error, "reason", error.code))
        await endings.end(row["id"])
    else:
        sql = (
            "UPDATE parvis.session SET tokens = $2, claimed = $3, acr = $4, refreshed_at = $5, "
            "refreshing_until = NULL WHERE id = $1"
        )
        told = (claimed_roles(found.claims), reached(found.claims))
        async with transaction() as c:
            await c.execute(sql, row["id"], sealed(found), *told, now)


async def _claim(row: asyncpg.Record, now: datetime) -> bytes | None:
    """The tokens, for the one request that may use them; None for every other one."""
    # The claim lives in the row, as a lock would hold a connection while the provider thinks.
    sql = (
        "UPDATE parvis.session SET refreshing_until = $3 WHERE id = $1 AND refreshed_at = $2 "
        "AND (refreshing_until IS NULL OR refreshing_until < $4) RETURNING tokens"
    )
    async with transaction() as c:
        tokens: bytes | None = await c.fetchval(sql, row["id"], row["refreshed_at"], now + _CLAIM, now)
    return tokens


def _actor(row: asyncpg.Record, powers: Powers, now: datetime) -> Actor:
    wanted = current().second_factor
    grants = (_grant(*found, reached=not wanted or row["acr"] == wanted) for found in row["grants"])
    confirmed = row["refreshed_at"]
    actor = Actor(
        person=row["person"],
        session=row["id"],
        name=row["name"] or "",
        grants=narrowed(grants, row["claimed"]),
        proofs=tuple(Proof(id_, Channel(kind), digest, until) for id_, kind, digest, until in row["proofs"]),
        powers=powers,
        sign_on_silent=bool(confirmed) and now - confirmed > current().session_refresh + _CLAIM,
        merged_into=row["merged_into"],
    )
    # Whoever acts for somebody has none of their own rights meanwhile.
    return replace(actor, grants=(), proofs=(), behalf=_behalf(row)) if row["acting"] else actor


def _behalf(row: asyncpg.Record) -> Behalf:
    return Behalf(
        mandate=row["acting"],
        resident=row["resident"],
        name=row["acts_for"] or "",
        services=frozenset(row["services"] or ()),
        until=row["acts_until"],
        bond=row["bond"] or "",
    )


def _grant(
    role: str,
    emitter: str | None,
    slug: str | None,
    name: str | None,
    said: Mapping[str, bool] | None,
    mailed: bool,
    *,
    reached: bool,
) -> Grant:
    allowed = said or {}
    return Grant(
        Role(role),
        UUID(emitter) if emitter else None,
        slug,
        name,
        gained=frozenset(permission for permission, gained in allowed.items() if gained),
        lost=frozenset(permission for permission, gained in allowed.items() if not gained),
        # A helper works at no emitter's pages: what they may see is what they booked themselves.
        confirmed=reached or mailed or role == Role.HELPER,
    )
