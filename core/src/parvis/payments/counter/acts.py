"""A till's act: which ways of paying, and which products, it may take money for at its counter."""

from __future__ import annotations

from uuid import UUID

from parvis import clock
from parvis.db import connection, transaction
from parvis.errors import Invalid
from parvis.payments.accounts import OFFLINE, add_account
from parvis.payments.counter.counting import Act, act_faults


async def keep_act(till: UUID, act: Act, by: UUID) -> None:
    """Write a till's act, or what it says from now on; the till then has a counter. Raises Invalid."""
    if wrong := act_faults(act):
        raise Invalid(wrong)
    sql = (
        "INSERT INTO parvis.till_act (till, reference, ways, products, childcare, changed, changed_by) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (till) DO UPDATE SET reference = excluded.reference, "
        "ways = excluded.ways, products = excluded.products, childcare = excluded.childcare, "
        "changed = excluded.changed, changed_by = excluded.changed_by"
    )
    lists = (sorted(act.ways), sorted(act.products), sorted(act.childcare))
    async with transaction() as c:
        await c.execute(sql, till, act.reference, *lists, clock.now(), by)
        await add_account(box_of(till), till, OFFLINE, "mandate")


async def act_of(till: UUID) -> Act | None:
    """A till's act, if it is written."""
    sql = "SELECT reference, ways, products, childcare FROM parvis.till_act WHERE till = $1"
    async with connection() as c:
        row = await c.fetchrow(sql, till)
    if row is None:
        return None
    return Act(row["reference"], *(frozenset(row[name]) for name in ("ways", "products", "childcare")))


def box_of(till: UUID) -> str:
    """The name of a till's account that money given by hand comes in at."""
    return f"counter-{till.hex[-12:]}"
