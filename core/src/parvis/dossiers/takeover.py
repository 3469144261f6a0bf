"""Taking over: a resident takes what was booked for them into their own account, with a code they were given.

A slip or a mail carries it once; what is kept is a keyed digest. A code works once, until the visit is over (a week at
least), and only for what staff or a helper opened and nobody has in their account yet (docs/decisions/0320).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal, NoReturn
from uuid import UUID

import asyncpg

from parvis import clock, crypto, outbox, settings
from parvis.audit import actions as audit
from parvis.contract.values import Channel
from parvis.db import Connection, new_id, new_word, transaction
from parvis.dossiers import actions, queries
from parvis.dossiers.actions import By
from parvis.errors import Invalid, NotFound, NotSignedIn, Refusal, Text
from parvis.events import DossierTakenOver
from parvis.identity import accounts
from parvis.identity import queries as people
from parvis.identity.actors import Actor
from parvis.identity.contacts import Contact
from parvis.web import attempts
from parvis.web.limits import Limit, too_many

Way = Literal["slip", "mail"]
_SIGNS = 10
_AT_LEAST = timedelta(days=7)
_PURPOSE = "takeover"
_UNKNOWN = Text("Nobody gave out this code. Check it on your slip or your mail.")
_USED = Text("This code was used already.")
_REPLACED = Text("Another slip was printed since: the code on the newer one counts.")
_LAPSED = Text("This code is too old. Ask for a new one where the appointment was booked.")
_GONE = Text("This request is in an account already, or no longer exists.")


async def make(dossier: UUID, way: Way, by: By) -> str:
    """A new code for a dossier, as people read it; the one that went the same way before is worth nothing any more.

    Raises NotFound for what nobody can take over: a resident opened it, it is in an account, it is erased.
    """
    code = new_word(_SIGNS)
    sql = (
        "INSERT INTO parvis.takeover_code (id, dossier, digest, way, made_at, ends_at) VALUES ($1, $2, $3, $4, $5, $6)"
    )
    async with transaction() as c:
        await _lock(c, dossier)
        found = await queries.dossier(dossier)
        if found.state == "erased" or await queries.opener_of(dossier) is None:
            raise NotFound
        now = clock.now()
        ends = max(found.visit.end if found.visit else now, now + _AT_LEAST)
        await _end(c, dossier, now, way)
        await c.execute(sql, new_id(), dossier, _digest(code), way, now, ends)
        if by.person:
            await actions.note(dossier, "code.printed", by)
            await audit.trace(Actor(by.person), "make-code", "dossier", dossier, emitter=by.emitter)
    return f"{code[:5]}-{code[5:]}"


async def can_be(dossier: UUID) -> bool:
    """Whether a dossier can be taken over at all."""
    return await queries.opener_of(dossier) is not None


async def take(typed: str, actor: Actor) -> UUID:
    """Take a dossier over into one's account; the same code again is the same. Counted for each account.

    Not inside a transaction: an attempt counts even though it fails. Raises Invalid, TooMany, NotSignedIn.
    """
    if actor.account is None:
        raise NotSignedIn
    limit = Limit("take-over", settings.current().limit_finds, timedelta(hours=1))
    if wait := await attempts.count(limit, str(actor.account)):
        raise too_many(Text("Too many codes were tried. Please try again at {hour}, or call us."), wait)
    async with transaction() as c:
        dossier = await _take(c, _digest(typed), actor)
    await attempts.forget(limit, str(actor.account))
    return dossier


async def _take(c: Connection, digest: bytes, actor: Actor) -> UUID:
    dossier: UUID | None = await c.fetchval("SELECT dossier FROM parvis.takeover_code WHERE digest = $1", digest)
    if dossier is None:
        _refuse(_UNKNOWN)
    # The dossier first, as everywhere: of two who come with one code the second finds it used.
    await _lock(c, dossier)
    code = await c.fetchrow("SELECT ends_at, over_at, used_by FROM parvis.takeover_code WHERE digest = $1", digest)
    now = clock.now()
    if not _was_theirs(code, actor):
        _check(code, now)
        if not await can_be(dossier):
            _refuse(_GONE)
        await _hand_over(c, dossier, digest, actor, now)
    return dossier


async def _hand_over(c: Connection, dossier: UUID, digest: bytes, actor: Actor, now: datetime) -> None:
    account = await accounts.settled(actor.person)
    used = "UPDATE parvis.takeover_code SET over_at = $2, used_by = $3 WHERE digest = $1"
    await c.execute(used, digest, now, account)
    await _end(c, dossier, now)
    found, contact = await queries.dossier(dossier), await _contact(actor)
    reached = found.contact is None and contact is not None
    own = {"person": account, **(actions.reached(contact, None) if reached else {})}
    names = ", ".join(f"{name} = ${n}" for n, name in enumerate(own, start=2))
    sql = f"UPDATE parvis.dossier SET {names} WHERE id = $1"  # noqa: S608 - names of our own
    await c.execute(sql, dossier, *own.values())
    await actions.note(dossier, "dossier.taken-over", By.resident(actor))
    await audit.trace(actor, "take-over", "dossier", dossier)
    fact = DossierTakenOver(emitter=found.emitter, dossier=dossier, service=found.service, reached=reached)
    await outbox.record(fact)


async def _contact(actor: Actor) -> Contact | None:
    """Where an account is written to."""
    if actor.account is None:
        return None
    account = await people.person(actor.account)
    if account.email:
        return Contact(Channel.MAIL, account.email)
    return Contact(Channel.SMS, account.phone) if account.phone else None


async def _lock(c: Connection, dossier: UUID) -> None:
    await c.execute("SELECT FROM parvis.dossier WHERE id = $1 FOR NO KEY UPDATE", dossier)


async def _end(c: Connection, dossier: UUID, now: datetime, way: Way | None = None) -> None:
    sql = (
        "UPDATE parvis.takeover_code SET over_at = $2 WHERE dossier = $1 AND over_at IS NULL "
        "AND ($3::varchar IS NULL OR way = $3)"
    )
    await c.execute(sql, dossier, now, way)


def _was_theirs(code: asyncpg.Record | None, actor: Actor) -> bool:
    return code is not None and code["used_by"] == actor.account


def _check(code: asyncpg.Record | None, now: datetime) -> None:
    """What is wrong with a code. Raises Invalid."""
    if code is None:
        _refuse(_UNKNOWN)
    if code["over_at"]:
        _refuse(_USED if code["used_by"] else _REPLACED)
    if code["ends_at"] <= now:
        _refuse(_LAPSED)


def _refuse(text: Text) -> NoReturn:
    raise Invalid(Refusal("code-refused", text, "code"))


def _digest(typed: str) -> bytes:
    return crypto.code_digest("".join(sign for sign in typed.upper() if sign.isalnum()), _PURPOSE)
