"""What a till may keep, who keeps it, and what it has to hand over by that."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from parvis.db import connection, transaction
from parvis.errors import Invalid, NotFound
from parvis.payments.books import ledger
from parvis.payments.books.duties import Duty, Limits, duties, limits_faults
from parvis.payments.books.ledger import Till
from parvis.payments.books.lying import Lying, lying

# Hands over to nobody: what it has is its emitter's own.
_OWN = "own"


async def limits_of(till: UUID) -> Limits:
    """A till's limits. Raises NotFound."""
    sql = "SELECT cash_most, held_most, keeper, keeper_since FROM parvis.till WHERE id = $1"
    async with connection() as c:
        row = await c.fetchrow(sql, till)
    if row is None:
        raise NotFound
    return Limits(**row)


async def keep_limits(till: UUID, limits: Limits) -> None:
    """Say what a till may keep from now on, and who keeps it. Raises Invalid."""
    if wrong := limits_faults(limits, ledger.today()):
        raise Invalid(wrong)
    sql = "UPDATE parvis.till SET cash_most = $2, held_most = $3, keeper = $4, keeper_since = $5 WHERE id = $1"
    async with transaction() as c:
        await c.execute(sql, till, limits.cash_most, limits.held_most, limits.keeper, limits.keeper_since)


async def due_at(till: Till, found: Sequence[Lying] | None = None) -> tuple[Duty, ...]:
    """What a till has to hand over now and why, by what lies there (`found`, if it is known already)."""
    if till.kind == _OWN:
        return ()
    return duties(await lying(till.id) if found is None else found, await limits_of(till.id), ledger.today())


async def every_till() -> list[Till]:
    """The tills that hand their money over to somebody, in whatever order."""
    sql = ledger.TILL + "WHERE kind <> $1 ORDER BY id"
    async with connection() as c:
        return [Till(**row) for row in await c.fetch(sql, _OWN)]
