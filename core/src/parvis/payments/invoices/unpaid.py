"""What bills of a till are owed at the end of a day, whoever was asked for them, and giving these to the public
accountant to collect (titre de recettes, prise en charge): from then on nobody can pay them here.

The books enter a sale when it is paid, so what is owed is worked out from the bills: at any past day too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

import asyncpg

from parvis import clock, settings
from parvis.db import Connection, connection, new_id, transaction
from parvis.errors import NotFound, Refusal, Refused, Text
from parvis.identity import queries as people
from parvis.payments import attempts, intents, payers
from parvis.payments.books import sales
from parvis.payments.invoices import issuing
from parvis.payments.invoices.bills import PURPOSE
from parvis.payments.money import Cents
from parvis.payments.wallclock import bounds

_BATCH = 200
_LONGEST = 60
_OF = """
FROM parvis.intent i JOIN parvis.basket b ON b.id = i.basket
WHERE i.till = $1 AND b.purpose = $2 AND i.version = b.version AND i.cents > 0 AND i.created < $3
AND NOT EXISTS (SELECT FROM parvis.capture c LEFT JOIN parvis.ledger_entry u
        ON u.till = c.till AND u.kind = 'take-up' AND u.source = c.id
    WHERE c.intent = i.id AND (c.taken_as = 'paid' OR u.id IS NOT NULL) AND coalesce(u.at, c.at) < $3
    AND NOT EXISTS (SELECT FROM parvis.capture_return v WHERE v.capture = c.id AND v.at < $3
        AND (v.stands OR v.undone_at >= $3))
    AND NOT EXISTS (SELECT FROM parvis.till_taking t JOIN parvis.till_taking_back k ON k.taking = t.id
        WHERE t.capture = c.id AND k.at < $3))
AND NOT EXISTS (SELECT FROM parvis.invoice a
    WHERE a.intent = i.id AND a.sort = 'credit' AND a.refund IS NULL AND a.at < $3)
AND (i.state <> 'cancelled' OR EXISTS (SELECT FROM parvis.invoice a
    WHERE a.intent = i.id AND a.sort = 'credit' AND a.refund IS NULL))
AND (i.state NOT IN ('to_refund', 'refunded') OR NOT EXISTS (
    SELECT FROM parvis.capture c WHERE c.intent = i.id AND c.taken_as = 'vain' AND c.at < $3))
AND NOT EXISTS (SELECT FROM parvis.passed_on p WHERE p.intent = i.id AND p.at < $3
    AND (p.recalled_at IS NULL OR p.recalled_at >= $3))
"""
_OWED = f"""
SELECT i.id, i.basket, i.part, i.cents, i.expires_at, b.person,
    (SELECT array_agg(label ORDER BY ch.id) FILTER (WHERE ch.credit IS NULL)
        FROM parvis.charge ch WHERE ch.intent = i.id) AS labels
{_OF} AND i.id > $4 ORDER BY i.id LIMIT $5
"""  # noqa: S608 - of constants
_TOTAL = f"SELECT count(*) AS bills, coalesce(sum(i.cents), 0)::bigint AS cents {_OF}"
_PASSED = f"""
SELECT p.intent, p.reference AS ref, p.at, i.cents, i.basket,
    (SELECT coalesce(sum(c.cents), 0)::bigint FROM parvis.capture c WHERE c.intent = p.intent
        AND c.taken_as = 'vain' AND c.at >= p.at AND NOT {sales.TAKEN_BACK}) AS came,
    (SELECT array_agg(label ORDER BY ch.id) FILTER (WHERE ch.credit IS NULL) FROM parvis.charge ch
        WHERE ch.intent = i.id) AS labels
FROM parvis.passed_on p JOIN parvis.intent i ON i.id = p.intent
WHERE i.till = $1 AND p.recalled_at IS NULL ORDER BY p.id DESC LIMIT $2
"""  # noqa: S608 - of constants


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """A bill, or a part of one, that is owed: by whom as long as that is known, under which number, until which day."""

    intent: UUID
    basket: UUID
    part: int
    cents: Cents
    last_day: date
    labels: tuple[str, ...]
    invoice: str
    debtor: str
    contact: str

    def late(self, day: date) -> int:
        """How many days after its last one a day is, 0 until then."""
        return max((day - self.last_day).days, 0)


@dataclass(frozen=True, slots=True)
class Total:
    """How many bills, and what they come to."""

    bills: int
    cents: Cents


@dataclass(frozen=True, slots=True)
class Passed:
    """A bill that the public accountant collects, since an instant (UTC), by a list's number.

    `came` in here for it all the same, and goes back or has gone.
    """

    intent: UUID
    ref: str
    at: datetime
    cents: Cents
    basket: UUID
    came: Cents
    labels: Sequence[str]


async def owed(till: UUID, day: date) -> AsyncIterator[Debt]:
    """What is owed to a till at the end of a day of the territory, in the order it was asked for, in batches."""
    last = UUID(int=0)
    while rows := await _rows(till, day, last):
        for debt in await _debts(till, rows):
            yield debt
        last = rows[-1]["id"]


async def total(till: UUID, day: date) -> Total:
    """What is owed to a till at the end of a day."""
    async with connection() as c:
        return Total(**await c.fetchrow(_TOTAL, till, PURPOSE, _end(day)))


async def pass_on(till: UUID, chosen: Sequence[UUID], ref: str, by: UUID) -> tuple[Total, Sequence[Refusal]]:
    """Give bills to the public accountant by a list's number: what was given, and why others were not.

    `by` is an account. Raises Refused without a number, NotFound for another till's.
    """
    if not 1 <= len(ref.strip()) <= _LONGEST:
        raise Refused(Refusal("list-number", Text("Write the list’s number, at most 60 signs."), "ref"))
    given, kept = list[Cents](), list[Refusal]()
    async with transaction() as c:
        # In one order, so that two who do this at once do not wait for each other.
        for intent in sorted(set(chosen)):
            try:
                async with transaction():
                    given.append(await _pass_on(c, till, intent, ref.strip(), by))
            except Refused as refused:
                kept += refused.refusals
    return Total(len(given), sum(given)), kept


async def recall(till: UUID, intent: UUID, by: UUID) -> None:
    """Take a bill back from the public accountant: it can be paid at the counter again. Raises Refused, NotFound."""
    async with transaction() as c:
        found = await _locked(c, till, intent)
        await intents.move(c, found, "recall")
        sql = "UPDATE parvis.passed_on SET recalled_at = $2, recalled_by = $3 WHERE intent = $1 AND recalled_at IS NULL"
        await c.execute(sql, intent, clock.now(), by)


async def passed(till: UUID, limit: int = 200) -> list[Passed]:
    """A till's bills that the public accountant collects, the latest first."""
    async with connection() as c:
        return [Passed(**row) for row in await c.fetch(_PASSED, till, limit)]


async def _pass_on(c: Connection, till: UUID, intent: UUID, ref: str, by: UUID) -> Cents:
    found = await _locked(c, till, intent)
    if found.expires_at > clock.now():
        raise Refused(Refusal("not-late", Text("A bill that can still be paid in time is not given away.")))
    # Not while a page is open, or the bank is asked for it: money may be on its way.
    await attempts.none_open(c, intent)
    if await c.fetchval("SELECT true FROM parvis.payment_attempt WHERE intent = $1 AND state = 'live'", intent):
        # Its time is over, and its provider has not said what became of it.
        raise Refused(Refusal("attempt-open", Text("It is being paid at this moment.")))
    await intents.move(c, found, "pass-on")
    sql = "INSERT INTO parvis.passed_on (id, intent, reference, at, person) VALUES ($1, $2, $3, $4, $5)"
    await c.execute(sql, new_id(), intent, ref, clock.now(), by)
    return found.cents


async def _locked(c: Connection, till: UUID, intent: UUID) -> intents.Intent:
    found = await intents.locked(c, intent)
    if (found.till, found.purpose) != (till, PURPOSE):
        raise NotFound
    return found


async def _rows(till: UUID, day: date, after: UUID) -> list[asyncpg.Record]:
    async with connection() as c:
        found: list[asyncpg.Record] = await c.fetch(_OWED, till, PURPOSE, _end(day), after, _BATCH)
    return found


async def _debts(till: UUID, rows: Sequence[asyncpg.Record]) -> list[Debt]:
    papers = await issuing.invoices_of([row["basket"] for row in rows])
    numbers = {one.basket: one.name for one in papers if (one.till, one.sort) == (till, "invoice")}
    names = await people.names([row["person"] for row in rows if row["person"]])
    return [await _debt(row, numbers, names) for row in rows]


async def _debt(row: asyncpg.Record, numbers: Mapping[UUID, str], names: Mapping[UUID, str]) -> Debt:
    contact = (await payers.payer(row["basket"])).contact
    last = row["expires_at"] - timedelta(microseconds=1)
    return Debt(
        intent=row["id"],
        basket=row["basket"],
        part=row["part"],
        cents=row["cents"],
        last_day=last.astimezone(settings.current().zone).date(),
        labels=tuple(row["labels"]),
        invoice=numbers.get(row["basket"], ""),
        debtor=names.get(row["person"], ""),
        contact=contact.address if contact else "",
    )


def _end(day: date) -> datetime:
    return bounds(day, settings.current().zone)[1]
