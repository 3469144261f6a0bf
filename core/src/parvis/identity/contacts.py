"""Acting without an account: an e-mail address or a telephone number, proved by a code of six figures.

`ask` records that a code is wanted; `messages` calls `code_to_send` and sends it; `prove` compares. Later, a link
that expires opens the same door. Limits are for each contact, never for the network address alone: libraries
and France services share one.
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

CODE_LASTS = timedelta(minutes=15)
_AGAIN_AFTER = timedelta(seconds=60)
_AN_HOUR = 6
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


async def ask(contact: Contact, language: str) -> UUID:
    """Ask for a code; `prove` takes the id it returns. Raises TooMany within 60 s, or after six in an hour."""
    now = clock.now()
    sql = (
        "INSERT INTO parvis.contact_proof (id, kind, digest, address, language, asked_at, ends_at) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7)"
    )
    sealed = crypto.encrypt(contact.address.encode(), "contact")
    async with transaction() as c:
        if current().limits:
            await _limit(c, contact, now)
        proof = new_id()
        values = (contact.kind.value, contact.digest, sealed, language, now, now + CODE_LASTS)
        await c.execute(sql, proof, *values)
        await outbox.record(ContactCodeRequested(proof=proof))
    return proof


async def ask_again(proof: UUID) -> UUID:
    """Ask for another code for the same contact, under the same limits. Raises NotFound, TooMany."""
    async with connection() as c:
        row = await c.fetchrow(
            "SELECT kind, address, language FROM parvis.contact_proof WHERE id = $1 AND proved_at IS NULL", proof
        )
    if row is None:
        raise NotFound
    return await ask(_contact(row["kind"], row["address"]), row["language"])


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
    """Compare a typed code, and open or renew the session. Raises Invalid; five attempts a code.

    Not inside a transaction: an attempt counts even though the refusal would roll it back.
    """
    if in_transaction():
        raise RuntimeError("prove() has to commit each attempt: call it outside a transaction")
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
    async with transaction():
        token = await open_door(proof, session)
    return Proved(proof, _contact(row["kind"], row["address"]), token)


async def _limit(c: Connection, contact: Contact, now: datetime) -> None:
    digest = contact.digest
    await c.execute("SELECT pg_advisory_xact_lock($1)", int.from_bytes(digest[:8], "big", signed=True))
    sql = (
        "SELECT count(*) AS asked, max(asked_at) AS latest FROM parvis.contact_proof "
        "WHERE digest = $1 AND asked_at > $2"
    )
    row = await c.fetchrow(sql, digest, now - timedelta(hours=1))
    if row["latest"] and now - row["latest"] < _AGAIN_AFTER:
        wait = _AGAIN_AFTER - (now - row["latest"])
        raise TooMany(Text("You can ask for another code after a minute."), int(wait.total_seconds()) + 1)
    if row["asked"] >= _AN_HOUR:
        raise TooMany(Text("Too many codes were asked for. Please try again in an hour, or call us."), 3600)


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
