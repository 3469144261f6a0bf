"""A link that proves a contact until it lapses; it holds the contact encrypted."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from uuid import UUID

from parvis import clock, crypto
from parvis.contract.values import Channel
from parvis.db import new_id, transaction
from parvis.identity.contacts import Contact, Proved, open_door

_LINK = "access-link"


def access_link(contact: Contact, until: datetime) -> str:
    """The path of a link that proves `contact` until then; it holds it encrypted."""
    plain = f"{int(until.timestamp())}.{contact.kind}.{contact.address}"
    return "/access/" + base64.urlsafe_b64encode(crypto.encrypt(plain.encode(), _LINK)).rstrip(b"=").decode()


def contact_of_link(token: str) -> Contact:
    """The contact that a link's last part proves. Raises Unreadable if it was altered or is too old."""
    try:
        sealed = base64.b64decode(token + "=" * (-len(token) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise crypto.Unreadable from error
    until, kind, address = crypto.decrypt(sealed, _LINK).decode().split(".", 2)
    if datetime.fromtimestamp(int(until), UTC) < clock.now():
        raise crypto.Unreadable
    return Contact(Channel(kind), address)


async def enter(contact: Contact, language: str, session: UUID | None) -> Proved:
    """Open or renew the session of somebody who followed their link."""
    proof, now = new_id(), clock.now()
    sql = (
        "INSERT INTO parvis.contact_proof (id, kind, digest, address, language, asked_at, ends_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $6)"
    )
    sealed = crypto.encrypt(contact.address.encode(), "contact")
    async with transaction() as c:
        await c.execute(sql, proof, contact.kind.value, contact.digest, sealed, language, now)
        token = await open_door(proof, session)
    return Proved(proof, contact, token)
