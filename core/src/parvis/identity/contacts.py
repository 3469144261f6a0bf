"""Acting without an account: an e-mail address or a telephone number, proved by a code of six figures.

`ask` records that a code is wanted; `messages` calls `code_to_send` and sends it; `prove` compares. Later, a link
that expires opens the same door. Limits are for each contact, and for each origin (the held hour, the session) that
asks for codes to many; `shares` counts clients. None rests on the network address alone: libraries and France services
share one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from parvis import clock, crypto, outbox
from parvis.contract.values import Channel
from parvis.db import Connection, connection, in_transaction, new_id, transaction
from parvis.errors import Invalid, NotFound, Refusal, Text, TooMany
from parvis.events import ContactCodeRequested
from parvis.identity import sessions
from parvis.settings import current
from parvis.web.limits import too_many

CODE_LASTS = timedelta(minutes=15)
_AGAIN_AFTER = timedelta(seconds=60)
_HOUR = timedelta(hours=1)
_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class Contact:
    """Where somebody is reached: an e-mail address, or a telephone number in international form (+33…)."""

    kind: Channel
    address: str

    @property
    def digest(self) -> bytes:
        """A keyed digest that finds what belongs to this contact, without its being written anywhere."""
        return crypto.code_digest(self.address.casefold(), f"contact-{self.kind}")


@dataclass(frozen=True, slots=True)
class CodeToSend:
    """A code on its way, worth nothing after `until` (UTC)."""

    contact: Contact
    code: str
    language: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Proved:
    """A contact proved in a session; the browser gets `token` as its cookie."""

    proof: UUID
    contact: Contact
    token: str


async def ask(contact: Contact, language: str, origin: UUID | None = None) -> UUID:
    """Ask for a code, from a held hour or a session; `prove` takes the id it returns.

    Raises TooMany within 60 s, after the settings' number in an hour, or for too many contacts from one origin.
    """
    now = clock.now()
    sql = (
        "INSERT INTO parvis.contact_proof (id, kind, digest, address, language, asked_at, ends_at, origin) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
    )
    sealed = crypto.encrypt(contact.address.encode(), "contact")
    async with transaction() as c:
        if current().limits:
            await _limit_origin(c, contact, origin, now)
            await _limit(c, contact, now)
        proof = new_id()
        values = (contact.kind.value, contact.digest, sealed, language, now, now + CODE_LASTS)
        await c.execute(sql, proof, *values, origin)
        await outbox.record(ContactCodeRequested(proof=proof))
    return proof


async def ask_again(proof: UUID) -> UUID:
    """Ask for another code for the same contact, under the same limits. Raises NotFound, TooMany."""
    async with connection() as c:
        row = await c.fetchrow(
            "SELECT kind, address, language, origin FROM parvis.contact_proof WHERE id = $1 AND proved_at IS NULL",
            proof,
        )
    if row is None:
        raise NotFound
    return await ask(_contact(row["kind"], row["address"]), row["language"], row["origin"])


async def code_to_send(proof: UUID) -> CodeToSend | None:
    """Make the code of a proof, once: None if it was made already, proved, or asked for too long ago.

    Call it in the transaction that queues the message, so that code and message exist together or not at all.
    """
    code = crypto.random_code()
    sql = (
        "UPDATE parvis.contact_proof SET code = $2 WHERE id = $1 AND code IS NULL AND proved_at IS NULL "
        "AND ends_at > $3 RETURNING kind, address, language, ends_at"
    )
    async with transaction() as c:
        row = await c.fetchrow(sql, proof, crypto.code_digest(code, str(proof)), clock.now())
    if row is None:
        return None
    return CodeToSend(_contact(row["kind"], row["address"]), code, row["language"], row["ends_at"])


async def prove(proof: UUID, typed: str, session: UUID | None) -> Proved:
    """Compare a typed code, and open or renew the session. Raises what `compare` does."""
    contact = await compare(proof, typed)
    async with transaction():
        token = await open_door(proof, session)
    return Proved(proof, contact, token)


async def compare(proof: UUID, typed: str) -> Contact:
    """The contact that a typed code is right for. Raises Invalid; five attempts a code.

    Not inside a transaction: an attempt counts even though the refusal would roll it back.
    """
    if in_transaction():
        raise RuntimeError("compare() has to commit each attempt: call it outside a transaction")
    sql = (
        "UPDATE parvis.contact_proof SET attempts = attempts + 1 WHERE id = $1 AND proved_at IS NULL "
        "AND attempts < $2 AND ends_at > $3 RETURNING code, attempts, kind, address"
    )
    async with transaction() as c:
        row = await c.fetchrow(sql, proof, _ATTEMPTS, clock.now())
    if row is None:
        raise Invalid(Refusal("code-lapsed", Text("This code is no longer valid. Ask for a new one."), "code"))
    figures = "".join(sign for sign in typed if sign.isdecimal())
    if not crypto.same(row["code"] or b"", crypto.code_digest(figures, str(proof))):
        raise Invalid(_wrong(_ATTEMPTS - row["attempts"]))
    return _contact(row["kind"], row["address"])


async def origin_of(proof: UUID) -> tuple[UUID | None, bytes]:
    """What a code was asked for from, and the digest of its contact. Raises NotFound."""
    async with connection() as c:
        row = await c.fetchrow("SELECT origin, digest FROM parvis.contact_proof WHERE id = $1", proof)
    if row is None:
        raise NotFound
    return row["origin"], row["digest"]


async def spend(proof: UUID) -> bool:
    """Mark a code as used up without opening a door with it; False if somebody was quicker."""
    sql = "UPDATE parvis.contact_proof SET proved_at = $2, code = NULL WHERE id = $1 AND proved_at IS NULL RETURNING id"
    async with transaction() as c:
        return await c.fetchval(sql, proof, clock.now()) is not None


async def _limit(c: Connection, contact: Contact, now: datetime) -> None:
    digest = contact.digest
    await _alone(c, digest)
    sql = "SELECT asked_at FROM parvis.contact_proof WHERE digest = $1 AND asked_at > $2 ORDER BY asked_at DESC"
    asked = [row["asked_at"] for row in await c.fetch(sql, digest, now - _HOUR)]
    if asked and now - asked[0] < _AGAIN_AFTER:
        wait = _AGAIN_AFTER - (now - asked[0])
        raise TooMany(Text("You can ask for another code after a minute."), int(wait.total_seconds()) + 1)
    if len(asked) >= (most := current().limit_codes):
        wait = (asked[most - 1] + _HOUR - now).total_seconds()
        raise too_many(Text("Too many codes were asked for. Please try again at {hour}, or call us."), wait)


async def _limit_origin(c: Connection, contact: Contact, origin: UUID | None, now: datetime) -> None:
    """Somebody who is nobody's contact shall not make us write to many: SMS cost money, and annoy."""
    if origin is None:
        return
    await _alone(c, origin.bytes)
    sql = (
        "SELECT max(asked_at) AS latest FROM parvis.contact_proof WHERE origin = $1 AND asked_at > $2 "
        "AND digest <> $3 GROUP BY digest ORDER BY latest DESC"
    )
    others = [row["latest"] for row in await c.fetch(sql, origin, now - _HOUR, contact.digest)]
    if len(others) >= (most := current().limit_contacts):
        wait = (others[most - 1] + _HOUR - now).total_seconds()
        text = Text(
            "Codes were sent to {n} different contacts already. Please try again at {hour}, or call us.",
            {"n": len(others)},
        )
        raise too_many(text, wait)


async def _alone(c: Connection, key: bytes) -> None:
    """Let nobody else ask for the same meanwhile, so that what is counted stays true."""
    await c.execute("SELECT pg_advisory_xact_lock($1)", int.from_bytes(key[-8:], "big", signed=True))


async def open_door(proof: UUID, session: UUID | None) -> str:
    """Mark a contact as proved in a session, begun or renewed; its token."""
    token = await sessions.renew(session) if session else await sessions.begin(None)
    sql = (
        "UPDATE parvis.contact_proof SET session = session.id, proved_at = $2, ends_at = session.ends_at, code = NULL "
        "FROM parvis.session WHERE contact_proof.id = $1 AND session.digest = $3"
    )
    async with transaction() as c:
        await c.execute(sql, proof, clock.now(), crypto.digest(token))
    return token


def _wrong(left: int) -> Refusal:
    if left == 0:
        return Refusal("code-lapsed", Text("This code is no longer valid. Ask for a new one."), "code")
    return Refusal("code-wrong", Text("This is not the code we sent. Attempts left: {left}.", {"left": left}), "code")


def _contact(kind: str, sealed: bytes) -> Contact:
    return Contact(Channel(kind), crypto.decrypt(sealed, "contact").decode())
