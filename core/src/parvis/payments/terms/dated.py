"""A till's terms from day to day: those in force, those to come, and what was said before. Only ever added to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg
import msgspec

from parvis import clock
from parvis.db import connection, new_id, transaction
from parvis.errors import Conflict, Invalid, NotFound, Refusal, Refused, Text
from parvis.payments.books import ledger
from parvis.payments.terms.rules import Terms, faults, since_fault

# Of each day the last that was said; what was withdrawn leaves the days before it as they were.
_STANDING = """
SELECT * FROM (
    SELECT DISTINCT ON (since) id, since, terms, withdrawn, at, person FROM parvis.refund_terms WHERE till = $1
    ORDER BY since, at DESC, id DESC
) AS last WHERE NOT withdrawn
"""
_ADD = (
    "INSERT INTO parvis.refund_terms (id, till, since, terms, withdrawn, at, person) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7)"
)
_LAST = (
    "SELECT id, since, terms, withdrawn, at, person FROM parvis.refund_terms WHERE till = $1 "
    "ORDER BY at DESC, id DESC LIMIT 1"
)


@dataclass(frozen=True, slots=True)
class Dated:
    """Terms from a day of the territory on, None where people decide; said at an instant (UTC) by an account."""

    id: UUID
    since: date
    terms: Terms | None
    at: datetime
    person: UUID | None


async def in_force(till: UUID, day: date | None = None) -> Dated | None:
    """What holds at a till for what is ordered on a day of the territory, today unless said."""
    sql = f"{_STANDING} AND since <= $2 ORDER BY since DESC LIMIT 1"
    async with connection() as c:
        row = await c.fetchrow(sql, till, day or ledger.today())
    return _read(row) if row else None


async def standing(till: UUID) -> list[Dated]:
    """All that holds or will hold at a till, and held before: by the day it begins on."""
    async with connection() as c:
        return [_read(row) for row in await c.fetch(f"{_STANDING} ORDER BY since", till)]


async def last_said(till: UUID) -> UUID | None:
    """What was said last at a till, whenever it holds, so that nobody overlooks it."""
    async with connection() as c:
        found: UUID | None = await c.fetchval(_LAST, till)
    return found


async def keep(till: UUID, since: date, terms: Terms | None, by: UUID | None, base: UUID | None) -> UUID:
    """Say what holds from a day on, None that people decide; its id. What was ordered before stays as it was.

    Raises Invalid with all that is wrong, Conflict if something else than `base` was said last, NotFound.
    """
    wrong = faults(terms) if terms else []
    if late := since_fault(since, ledger.today()):
        wrong.append(late)
    if wrong:
        raise Invalid(wrong)
    return await _say(till, since, terms, by, base)


async def withdraw(till: UUID, since: date, by: UUID | None, base: UUID | None) -> None:
    """Take back what was to hold from a day to come; what holds before it holds on.

    Raises NotFound, Refused once it holds, Conflict as `keep` does.
    """
    if since not in {one.since for one in await standing(till)}:
        raise NotFound
    if since <= ledger.today():
        raise Refused(Refusal("terms-hold", Text("These terms hold already. Say from which day on others do.")))
    await _say(till, since, None, by, base, withdrawn=True)


async def repeats(
    till: UUID, since: date, terms: Terms | None, by: UUID | None, base: UUID | None, *, withdrawn: bool = False
) -> bool:
    """Whether somebody says once more, of the same page, what they said last: a second click."""
    async with connection() as c:
        row = await c.fetchrow(_LAST, till)
    if row is None or row["id"] == base or row["withdrawn"] is not withdrawn:
        return False
    last = _read(row)
    return (last.since, last.terms, last.person) == (since, terms, by)


async def terms_by_id(these: Sequence[UUID]) -> dict[UUID, Terms]:
    """The terms of these ids, those where people decide left out."""
    sql = "SELECT id, terms FROM parvis.refund_terms WHERE id = ANY ($1) AND terms IS NOT NULL"
    async with connection() as c:
        return {row["id"]: msgspec.convert(row["terms"], Terms) for row in await c.fetch(sql, list(these))}


async def _say(
    till: UUID, since: date, terms: Terms | None, by: UUID | None, base: UUID | None, *, withdrawn: bool = False
) -> UUID:
    said = new_id()
    async with transaction() as c:
        # Who says something waits for who said something before; orders do not wait.
        if await c.fetchval("SELECT id FROM parvis.till WHERE id = $1 FOR NO KEY UPDATE", till) is None:
            raise NotFound
        if await c.fetchval(_LAST, till) != base:
            raise Conflict(Text("Somebody has changed these terms meanwhile: please look at them again."))
        await c.execute(_ADD, said, till, since, terms, withdrawn, clock.now(), by)
    return said


def _read(row: asyncpg.Record) -> Dated:
    terms = msgspec.convert(row["terms"], Terms) if row["terms"] is not None else None
    return Dated(row["id"], row["since"], terms, row["at"], row["person"])
