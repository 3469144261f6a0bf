"""How sessions end: by signing out, by the provider's word, with a role that was taken, or by lapsing."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from parvis import clock
from parvis.db import transaction
from parvis.identity import groups
from parvis.identity.oidc.protocol import LogoutOrder
from parvis.identity.tokens import Kept, opened
from parvis.settings import current

# How long a manager sees that nobody answered an invitation, and can send it again.
_UNANSWERED = timedelta(days=30)
_FORGET_INVITATIONS = "DELETE FROM parvis.invitation WHERE state = 'pending' AND expires_at < $1 RETURNING id"
_FORGET_MANDATES = "DELETE FROM parvis.mandate WHERE accepted_at IS NULL AND expires_at < $1 RETURNING id"
_END_ROLES = "UPDATE parvis.role_grant SET ended_at = ends_at WHERE ended_at IS NULL AND ends_at <= $1 RETURNING person"

# A work address goes with the last role there.
_FORGET_ADDRESSES = (
    "DELETE FROM parvis.work_address AS known WHERE NOT EXISTS (SELECT FROM parvis.role_grant AS held WHERE "
    "held.person = known.person AND held.emitter = known.emitter AND held.ended_at IS NULL "
    "AND (held.ends_at IS NULL OR held.ends_at > $1)) RETURNING id"
)


async def end(session: UUID, person: UUID | None = None) -> Kept | None:
    """End one session, of an account (`person`) if one is named; what the provider needs to end its own too."""
    sql = (
        "DELETE FROM parvis.session WHERE id = $1 AND ($2::uuid IS NULL OR person IN "
        "(SELECT id FROM parvis.person WHERE id = $2 OR merged_into = $2)) RETURNING tokens"
    )
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


async def sweep() -> int:
    """Delete what lapsed (sessions, codes, stations, invitations, unanswered mandates, addresses of who left).

    Roles whose time is over end. Returns how many rows.
    """
    now = clock.now()
    gone = 0
    async with transaction() as c:
        for sql, instant in (
            ("DELETE FROM parvis.session WHERE ends_at < $1 RETURNING id", now),
            ("DELETE FROM parvis.session WHERE seen_at < $1 RETURNING id", now - current().session_idle),
            # an hour longer, for the limit on codes an hour
            ("DELETE FROM parvis.contact_proof WHERE ends_at < $1 RETURNING id", now - timedelta(hours=1)),
            ("DELETE FROM parvis.logout_seen WHERE until < $1 RETURNING jti", now),
            (_FORGET_INVITATIONS, now - _UNANSWERED),
            (_FORGET_MANDATES, now - _UNANSWERED),
            (_FORGET_ADDRESSES, now),
            ("DELETE FROM parvis.station WHERE ends_at < $1 RETURNING id", now),
        ):
            gone += len(await c.fetch(sql, instant))
        ended = await c.fetch(_END_ROLES, now)
        for person in {row["person"] for row in ended}:
            await groups.changed(person)
    return gone + len(ended)
