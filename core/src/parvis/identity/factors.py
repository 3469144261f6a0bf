"""A second factor without a key: a code mailed to the work address, where an emitter takes that for one.

Whose code it is follows from the row of the work address, which a manager or an accepted invitation wrote: what the
sign-on says of somebody's e-mail is no proof, as whoever has their password may change it there.
"""

from __future__ import annotations

from uuid import UUID

from parvis import clock, crypto
from parvis.contract.values import Channel
from parvis.db import connection, new_id, transaction
from parvis.errors import Invalid, NotFound, Refusal, Text
from parvis.identity import contacts, groups
from parvis.identity.contacts import Contact
from parvis.identity.members import members_of

_ADDRESS = "work-address"
_USED = Text("This code is no longer valid. Ask for a new one.")


async def is_mailed(emitter: UUID) -> bool:
    """Whether an emitter takes a mailed code for a second factor."""
    async with connection() as c:
        return bool(await c.fetchval("SELECT EXISTS (SELECT FROM parvis.mailed_factor WHERE emitter = $1)", emitter))


async def choose(emitter: UUID, mailed: bool, by: UUID | None) -> bool:
    """Take mailed codes from now on, or only what the sign-on confirms; False if it is so already.

    Without mailed codes nothing that was confirmed by one counts any more.
    """
    taken = (
        "INSERT INTO parvis.mailed_factor (emitter, chosen_at, chosen_by) VALUES ($1, $2, $3) "
        "ON CONFLICT DO NOTHING RETURNING emitter"
    )
    async with transaction() as c:
        if mailed:
            taken_now = await c.fetchval(taken, emitter, clock.now(), by) is not None
            for member in await members_of(emitter) if taken_now else ():
                # Their groups wait for no key any more.
                await groups.changed(member.person)
            return taken_now
        for table in ("session_factor", "station"):
            sql = f"DELETE FROM parvis.{table} WHERE emitter = $1"  # noqa: S608 - two names of ours
            await c.execute(sql, emitter)
        gone = "DELETE FROM parvis.mailed_factor WHERE emitter = $1 RETURNING emitter"
        return await c.fetchval(gone, emitter) is not None


async def address_of(emitter: UUID, person: UUID) -> str | None:
    """Where somebody gets their codes at an emitter."""
    sql = "SELECT address FROM parvis.work_address WHERE emitter = $1 AND person = $2"
    async with connection() as c:
        sealed = await c.fetchval(sql, emitter, person)
    return crypto.decrypt(sealed, _ADDRESS).decode() if sealed else None


async def without_address(emitter: UUID, people: list[UUID]) -> set[UUID]:
    """Those of several people to whom no code could be mailed."""
    sql = "SELECT person FROM parvis.work_address WHERE emitter = $1 AND person = ANY($2)"
    async with connection() as c:
        rows = await c.fetch(sql, emitter, people)
    return set(people) - {row["person"] for row in rows}


async def give_address(emitter: UUID, person: UUID, address: str | None, by: UUID | None) -> None:
    """Say where somebody gets their codes, or nowhere; what was confirmed by the address before counts no longer."""
    sql = (
        "INSERT INTO parvis.work_address (id, emitter, person, address, digest, given_at, given_by) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (emitter, person) DO UPDATE SET address = excluded.address, "
        "digest = excluded.digest, given_at = excluded.given_at, given_by = excluded.given_by"
    )
    async with transaction() as c:
        await _forget(emitter, person)
        if address is None:
            await c.execute("DELETE FROM parvis.work_address WHERE emitter = $1 AND person = $2", emitter, person)
            return
        sealed, digest = crypto.encrypt(address.encode(), _ADDRESS), Contact(Channel.MAIL, address).digest
        await c.execute(sql, new_id(), emitter, person, sealed, digest, clock.now(), by)


async def ask(emitter: UUID, person: UUID, session: UUID, language: str) -> UUID:
    """Mail a code; `give` takes the id it returns. Raises NotFound without an address, TooMany."""
    address = await address_of(emitter, person)
    if address is None or not await is_mailed(emitter):
        raise NotFound
    return await contacts.ask(Contact(Channel.MAIL, address), language, origin=session)


async def require_own(emitter: UUID, person: UUID, session: UUID, proof: UUID) -> None:
    """Raise NotFound unless a code was asked for in this session, for the address that counts now."""
    sql = "SELECT digest FROM parvis.work_address WHERE emitter = $1 AND person = $2"
    origin, digest = await contacts.origin_of(proof)
    async with connection() as c:
        own = await c.fetchval(sql, emitter, person)
    if origin != session or own is None or not crypto.same(own, digest) or not await is_mailed(emitter):
        raise NotFound


async def confirm(emitter: UUID, session: UUID, proof: UUID, device: UUID | None) -> None:
    """Let a session count at an emitter, by a code that `contacts.compare` found right. Raises Invalid if it is spent.

    `device` is the station where that is remembered.
    """
    sql = (
        "INSERT INTO parvis.session_factor (id, session, emitter, device, given_at) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT (session, emitter) DO UPDATE SET device = excluded.device, given_at = excluded.given_at"
    )
    async with transaction() as c:
        if not await contacts.spend(proof):
            raise Invalid(Refusal("code-lapsed", _USED, "code"))
        await c.execute(sql, new_id(), session, emitter, device, clock.now())


async def _forget(emitter: UUID, person: UUID) -> None:
    confirmed = (
        "DELETE FROM parvis.session_factor USING parvis.session WHERE session.id = session_factor.session "
        "AND session.person = $2 AND emitter = $1"
    )
    async with transaction() as c:
        await c.execute(confirmed, emitter, person)
        await c.execute("DELETE FROM parvis.station WHERE emitter = $1 AND person = $2", emitter, person)
