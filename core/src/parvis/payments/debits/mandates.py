"""Mandates: given by a payer or typed in by an agent, once for each till and payer, revoked by either."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg

from parvis import clock, crypto
from parvis.db import Connection, connection, new_id, transaction
from parvis.errors import Invalid, NotFound, Refusal, Refused, Text
from parvis.payments.books import ledger
from parvis.payments.debits import rules
from parvis.payments.payers import Payer

_SEALED = "sepa-mandate"
_MANDATE = (
    "SELECT id, till, number, reference, name, last, signed_on, given_at, given_by, revoked_at, revoked_why "
    "FROM parvis.sepa_mandate "
)
_ADD = (
    "INSERT INTO parvis.sepa_mandate (id, till, number, reference, person, contact_digest, name, iban, last, "
    "signed_on, given_at, given_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
)
_THEIRS = "revoked_at IS NULL AND till = $1 AND (person = $2 OR contact_digest = $3)"
_THERE = Text("There is a mandate already: revoke it before you give another.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """A mandate as people see it: of the IBAN, the last four signs."""

    id: UUID
    till: UUID
    number: int
    reference: str
    name: str
    last: str
    signed_on: date
    given_at: datetime
    given_by: UUID | None
    revoked_at: datetime | None
    revoked_why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a payer gives: whose account, which, and the day it was signed."""

    name: str
    iban: str
    signed_on: date


async def give(till: UUID, payer: Payer, given: Given, by: UUID | None = None) -> Mandate:
    """Let a till debit a payer's account; `by` is the agent who has it on paper. Raises Invalid, Refused."""
    iban = rules.tidy(given.iban)
    faults = (rules.name_fault(given.name), rules.iban_fault(iban), _signed_fault(given.signed_on))
    if wrong := [one for one in faults if one]:
        raise Invalid(wrong)
    async with transaction() as c:
        # The number is given last: whoever is refused leaves no gap.
        await lock(c, till)
        if await of_payer(till, payer):
            raise Refused(Refusal("mandate-there", _THERE))
        mandate = new_id()
        number = await next_number(c, till, "mandates")
        sealed = [crypto.encrypt(text.encode(), _SEALED) for text in (given.name, iban)]
        reference = rules.reference(number, till.hex[-8:].upper())
        await c.execute(
            _ADD, mandate, till, number, reference, *_whose(payer), *sealed, iban[-4:], given.signed_on, clock.now(), by
        )
    return await one(mandate)


async def end(mandate: UUID, why: str = "") -> None:
    """Let it debit no more; `withdrawing` takes out of batches what is in one. Raises Refused once it is revoked."""
    sql = (
        "UPDATE parvis.sepa_mandate SET revoked_at = $2, revoked_why = $3 "
        "WHERE id = $1 AND revoked_at IS NULL RETURNING id"
    )
    async with transaction() as c:
        if await c.fetchval(sql, mandate, clock.now(), why) is None:
            raise Refused(Refusal("mandate-revoked", Text("This mandate is revoked already.")))


async def one(mandate: UUID) -> Mandate:
    """A mandate. Raises NotFound."""
    async with connection() as c:
        row = await c.fetchrow(_MANDATE + "WHERE id = $1", mandate)
    if row is None:
        raise NotFound
    return _read(row)


async def of_payer(till: UUID, payer: Payer) -> Mandate | None:
    """The mandate by which a till may debit a payer now."""
    sql = f"{_MANDATE} WHERE {_THEIRS}"
    async with connection() as c:
        row = await c.fetchrow(sql, till, *_whose(payer))
    return _read(row) if row else None


async def of_till(till: UUID, limit: int = 500) -> list[Mandate]:
    """A till's mandates, those that count first, then the latest."""
    sql = _MANDATE + "WHERE till = $1 ORDER BY revoked_at IS NOT NULL, number DESC LIMIT $2"
    async with connection() as c:
        return [_read(row) for row in await c.fetch(sql, till, limit)]


async def next_number(c: Connection, till: UUID, what: str) -> int:
    """The next number of a till's `mandates` or `batches`, in the caller's transaction."""
    sql = {
        "mandates": "UPDATE parvis.sepa_counter SET mandates = mandates + 1 WHERE till = $1 RETURNING mandates",
        "batches": "UPDATE parvis.sepa_counter SET batches = batches + 1 WHERE till = $1 RETURNING batches",
    }[what]
    return int(await c.fetchval(sql, till))


async def lock(c: Connection, till: UUID) -> None:
    """Let nobody else number anything at a till until the transaction ends."""
    await c.execute("INSERT INTO parvis.sepa_counter (till) VALUES ($1) ON CONFLICT DO NOTHING", till)
    await c.execute("SELECT FROM parvis.sepa_counter WHERE till = $1 FOR NO KEY UPDATE", till)


def _signed_fault(day: date) -> Refusal | None:
    today = ledger.today()
    if day <= today and (today - day).days < 3 * 365:
        return None
    return Refusal("mandate-day", Text("Write the day it was signed: not after today."), "signed_on")


def _whose(payer: Payer) -> Sequence[object]:
    if payer.person is None and payer.contact is None:
        raise NotFound
    return payer.person, payer.contact.digest if payer.contact else None


def _read(row: asyncpg.Record) -> Mandate:
    values = dict(row)
    return Mandate(**(values | {"name": crypto.decrypt(values["name"], _SEALED).decode()}))
