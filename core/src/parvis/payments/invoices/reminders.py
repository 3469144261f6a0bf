"""Reminders: when whoever has not paid a bill, or a part of one, is reminded of it, by the till's rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, TypeAlias
from uuid import UUID

import asyncpg

from parvis import clock, settings
from parvis.db import connection, transaction
from parvis.errors import Invalid, NotFound, Refusal, Text
from parvis.payments.books import ledger
from parvis.payments.invoices.bills import PURPOSE

Stage: TypeAlias = Literal["before", "after", "again"]
MOST_DAYS = 90
# What was missed for so long is not told any more: reminders that begin today do not ask for what is years old.
_MISSED = 14
# A page that may still be paid, or a debit, is not reminded of; nor, before its day, what a mandate will collect.
_UNPAID = """
SELECT i.id, i.basket, i.expires_at, i.created, t.remind_before AS before, t.remind_after AS after,
    t.remind_again AS again, EXISTS (SELECT FROM parvis.sepa_mandate m WHERE m.till = i.till AND m.revoked_at IS NULL
        AND (m.person = b.person OR m.contact_digest = b.contact_digest)) AS debited,
    (SELECT coalesce(array_agg(n.what), '{}') FROM parvis.payment_notice n WHERE n.source = i.id) AS told
FROM parvis.intent i JOIN parvis.basket b ON b.id = i.basket AND b.version = i.version
JOIN parvis.till t ON t.id = i.till
WHERE b.purpose = $1 AND i.state IN ('created', 'pending', 'expired') AND i.cents > 0
AND i.expires_at > $2 AND i.expires_at < $3 AND (b.contact IS NOT NULL OR b.person IS NOT NULL)
AND NOT EXISTS (SELECT FROM parvis.payment_attempt a WHERE a.intent = i.id AND a.state IN ('creating', 'live')
    AND a.live_until > $4)
ORDER BY i.expires_at
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """How many days before and after its day an amount is reminded of, 0 for not at all."""

    before: int = 7
    after: int = 7
    again: int = 21


@dataclass(frozen=True, slots=True)
class Unpaid:
    """An amount whose payer is to be reminded, and which reminder it is."""

    intent: UUID
    basket: UUID
    stage: Stage


def notice(stage: Stage) -> str:
    """Under which name it is noted that a reminder was sent."""
    return f"remind-{stage}"


def stage(today: date, last_day: date, written: date, plan: Plan) -> Stage | None:
    """Which reminder is due on a day; of those that were missed only the latest, and none of what was just written.

    >>> due, written = date(2027, 3, 31), date(2027, 3, 1)
    >>> [stage(due + timedelta(days=n), due, written, Plan()) for n in (-8, -7, 0, 1, 7, 21, 36)]
    [None, 'before', 'before', None, 'after', 'again', None]
    """
    late = (today - last_day).days
    if late <= 0:
        fresh = written >= last_day - timedelta(days=plan.before)
        return "before" if plan.before >= -late and plan.before and not fresh else None
    reached: list[tuple[int, Stage]] = [(plan.after, "after"), (plan.again, "again")]
    found = [(days, name) for days, name in reached if days and days <= late <= days + _MISSED]
    return max(found)[1] if found else None


def plan_faults(plan: Plan) -> list[Refusal]:
    """Why a till cannot have a plan."""
    days = {"before": plan.before, "after": plan.after, "again": plan.again}
    text = Text("Write a number from 0 to {most}.", {"most": MOST_DAYS})
    found = [Refusal("remind-days", text, name) for name, count in days.items() if not 0 <= count <= MOST_DAYS]
    if plan.again and plan.again <= plan.after:
        text = Text("The second reminder comes after the first.")
        found.append(Refusal("remind-order", text, "again"))
    return found


async def plan_of(till: UUID) -> Plan:
    """A till's plan. Raises NotFound."""
    sql = "SELECT remind_before, remind_after, remind_again FROM parvis.till WHERE id = $1"
    async with connection() as c:
        row = await c.fetchrow(sql, till)
    if row is None:
        raise NotFound
    return Plan(*row)


async def keep_plan(till: UUID, plan: Plan) -> None:
    """Say when payers of a till are reminded from now on. Raises Invalid."""
    if wrong := plan_faults(plan):
        raise Invalid(wrong)
    sql = "UPDATE parvis.till SET remind_before = $2, remind_after = $3, remind_again = $4 WHERE id = $1"
    async with transaction() as c:
        await c.execute(sql, till, plan.before, plan.after, plan.again)


async def due_now() -> list[Unpaid]:
    """What is to be reminded of today and was not yet, the oldest first."""
    now = clock.now()
    reach = timedelta(days=MOST_DAYS + _MISSED + 2)
    async with connection() as c:
        rows = await c.fetch(_UNPAID, PURPOSE, now - reach, now + reach, now)
    return [found for row in rows for found in _due(row)]


def _due(row: asyncpg.Record) -> Iterator[Unpaid]:
    plan = Plan(row["before"], row["after"], row["again"])
    last = _day(row["expires_at"] - timedelta(microseconds=1))
    name = stage(ledger.today(), last, _day(row["created"]), plan)
    if name and notice(name) not in row["told"] and not (name == "before" and row["debited"]):
        yield Unpaid(row["id"], row["basket"], name)


def _day(at: datetime) -> date:
    return at.astimezone(settings.current().zone).date()
