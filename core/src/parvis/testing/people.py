"""People for tests: accounts with roles, and their sessions without a provider."""

from __future__ import annotations

from uuid import UUID

from parvis import crypto
from parvis.contract.values import Role
from parvis.db import new_id, transaction
from parvis.identity import actions, sessions
from parvis.settings import current

ISSUER = "https://sign-on.example"


async def a_person(role: Role | str | None = None, emitter: UUID | None = None, *, name: str = "Sophie Keller") -> UUID:
    """An account, with a role at an emitter (or on the territory or the instance) if one is named."""
    async with transaction():
        person = await actions.ensure_person(ISSUER, str(new_id()), name=name)
        if role is not None:
            await actions.grant(person, Role(role), emitter)
    return person


async def a_session(person: UUID | None, acr: str | None = "2fa") -> dict[str, str]:
    """The cookie of a fresh session that reached a level, ready for a test client's `cookies`."""
    token = await sessions.begin(None, person)
    async with transaction() as c:
        await c.execute("UPDATE parvis.session SET acr = $2 WHERE digest = $1", crypto.digest(token), acr)
    return {sessions.cookie_name(current()): token}
