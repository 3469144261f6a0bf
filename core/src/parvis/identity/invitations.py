"""Invitations: a role at an emitter that whoever has the link may accept once, with an account of their own.

The address says where the link goes and nothing else: who accepts is known by the account that they sign in with.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from parvis import clock, crypto
from parvis.contract.values import Channel, Role
from parvis.db import connection, new_id, transaction
from parvis.errors import NotFound, ParvisError, Text
from parvis.identity import actions, factors
from parvis.identity.contacts import Contact

LASTS = timedelta(days=7)
_LINK = "invitation"
_ADDRESS = "invitation-address"
# Who invited must still manage there: a manager who left leaves nobody behind a door.
_STANDS = (
    "state = 'pending' AND expires_at > $1 AND (ends_at IS NULL OR ends_at > $1) AND EXISTS (SELECT FROM "
    "parvis.role_grant AS held WHERE held.person = invited_by AND held.emitter = invitation.emitter "
    "AND role = 'manager' AND held.ended_at IS NULL AND (held.ends_at IS NULL OR held.ends_at > $1))"
)
_COLUMNS = "SELECT invitation.id, emitter, role, ends_at, address, invited_at, expires_at, message, language"
_PENDING = "FROM parvis.invitation LEFT JOIN parvis.person ON person.id = invited_by WHERE state = 'pending'"
_SELECT = f"{_COLUMNS}, coalesce(person.name, '') AS by, {_STANDS} AS stands {_PENDING}"
_ACCEPTED = (
    "UPDATE parvis.invitation SET state = 'accepted', address = NULL, ended_at = $1, ended_by = $4 "
    "WHERE id = $2 AND serial = $3"
)
_ACCEPT = f"{_ACCEPTED} AND {_STANDS} RETURNING invited_by"


class InvitationOver(ParvisError):
    """The link of an invitation that was accepted, revoked, sent again, or is too old."""

    status = 410
    code = "invitation-over"
    title = Text("This invitation no longer counts.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """An invitation (instants are UTC): the role ends at `ends_at`. `stands`: its link can be accepted now.

    `by` is the name of who invited; `message` is the last mail, `language` its language.
    """

    id: UUID
    emitter: UUID
    role: Role
    ends_at: datetime | None
    address: str
    invited_at: datetime
    expires_at: datetime
    by: str
    message: UUID | None
    language: str
    stands: bool


async def invite(
    emitter: UUID, role: Role, address: str, by: UUID, until: datetime | None = None, language: str = "fr"
) -> UUID:
    """Invite an address, or anew whoever was invited for the same role: then only the new link counts."""
    now, digest = clock.now(), Contact(Channel.MAIL, address).digest
    sql = (
        "INSERT INTO parvis.invitation AS known (id, emitter, role, ends_at, address, digest, invited_by, "
        "invited_at, expires_at, language) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) "
        "ON CONFLICT (emitter, digest, role) WHERE state = 'pending' DO UPDATE SET serial = known.serial + 1, "
        "ends_at = excluded.ends_at, address = excluded.address, invited_by = excluded.invited_by, "
        "invited_at = excluded.invited_at, expires_at = excluded.expires_at, language = excluded.language "
        "RETURNING id"
    )
    sealed = crypto.encrypt(address.encode(), _ADDRESS)
    async with transaction() as c:
        row = (new_id(), emitter, role.value, until, sealed, digest, by, now, now + LASTS, language)
        invited: UUID = await c.fetchval(sql, *row)
    return invited


async def again(invitation: UUID, emitter: UUID, by: UUID) -> None:
    """Let a pending invitation have a new link, by whoever sends it now. Raises NotFound."""
    sql = (
        "UPDATE parvis.invitation SET serial = serial + 1, invited_by = $3, invited_at = $4, expires_at = $5 "
        "WHERE id = $1 AND emitter = $2 AND state = 'pending' AND (ends_at IS NULL OR ends_at > $4) RETURNING id"
    )
    now = clock.now()
    async with transaction() as c:
        if await c.fetchval(sql, invitation, emitter, by, now, now + LASTS) is None:
            raise NotFound


async def sent(invitation: UUID, message: UUID) -> None:
    """Note the mail that carries the link that counts."""
    async with transaction() as c:
        await c.execute("UPDATE parvis.invitation SET message = $2 WHERE id = $1", invitation, message)


async def link(invitation: UUID) -> str:
    """The path of the link that counts, for the one mail that carries it. Raises NotFound."""
    sql = "SELECT serial, expires_at FROM parvis.invitation WHERE id = $1 AND state = 'pending'"
    async with connection() as c:
        row = await c.fetchrow(sql, invitation)
    if row is None:
        raise NotFound
    token = crypto.sign(f"{invitation}.{row['serial']}", _LINK, row["expires_at"])
    return f"/invitation/{token}"


async def revoke(invitation: UUID, emitter: UUID, by: UUID | None) -> None:
    """Revoke a pending invitation; its address is forgotten. Raises NotFound."""
    sql = (
        "UPDATE parvis.invitation SET state = 'revoked', address = NULL, ended_at = $3, ended_by = $4 "
        "WHERE id = $1 AND emitter = $2 AND state = 'pending' RETURNING id"
    )
    async with transaction() as c:
        if await c.fetchval(sql, invitation, emitter, clock.now(), by) is None:
            raise NotFound


async def pending(emitter: UUID) -> list[Invitation]:
    """The invitations of an emitter that nobody accepted or revoked, the latest first."""
    async with connection() as c:
        rows = await c.fetch(f"{_SELECT} AND emitter = $2 ORDER BY invited_at DESC", clock.now(), emitter)
    return [_invitation(row) for row in rows]


async def pending_one(invitation: UUID) -> Invitation:
    """A pending invitation. Raises NotFound."""
    async with connection() as c:
        row = await c.fetchrow(f"{_SELECT} AND invitation.id = $2", clock.now(), invitation)
    if row is None:
        raise NotFound
    return _invitation(row)


async def of_link(token: str) -> Invitation:
    """The invitation that a link's last part stands for, if it can be accepted now. Raises InvitationOver."""
    invitation, serial = _read(token)
    async with connection() as c:
        row = await c.fetchrow(f"{_SELECT} AND invitation.id = $2 AND serial = $3", clock.now(), invitation, serial)
    if row is None or not row["stands"]:
        raise InvitationOver
    return _invitation(row)


async def accept(token: str, person: UUID) -> tuple[Invitation, UUID]:
    """Give the role to an account, once; the invitation and the grant. Raises InvitationOver."""
    async with transaction() as c:
        found = await of_link(token)
        await actions.lock(found.emitter)
        by = await c.fetchval(_ACCEPT, clock.now(), *_read(token), person)
        if by is None:
            raise InvitationOver
        if await factors.address_of(found.emitter, person) is None:
            # Whoever reads that address was sent the link there.
            await factors.give_address(found.emitter, person, found.address, by)
        return found, await actions.grant(person, found.role, found.emitter, by, found.ends_at)


async def accepted_by(token: str, person: UUID) -> UUID | None:
    """The emitter whose invitation somebody accepted with this very link, so that they can go on from it."""
    try:
        invitation, _ = _read(token)
    except InvitationOver:
        return None
    sql = "SELECT emitter FROM parvis.invitation WHERE id = $1 AND state = 'accepted' AND ended_by = $2"
    async with connection() as c:
        found: UUID | None = await c.fetchval(sql, invitation, person)
    return found


def _read(token: str) -> tuple[UUID, int]:
    try:
        invitation, _, serial = crypto.verify(token, _LINK, clock.now()).partition(".")
        return UUID(invitation), int(serial)
    except (crypto.Unreadable, ValueError) as error:
        raise InvitationOver from error


def _invitation(row: asyncpg.Record) -> Invitation:
    address = crypto.decrypt(row["address"], _ADDRESS).decode()
    return Invitation(**{**row, "role": Role(row["role"]), "address": address})
