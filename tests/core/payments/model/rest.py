"""What is true once everybody has had their say: days pass, every answer comes, every worker works."""

from __future__ import annotations

import asyncpg
from tests.core.payments.model import billed
from tests.core.payments.model.providers import provider_of
from tests.core.payments.model.resident import MINUTE
from tests.core.payments.model.truths import INTENTS, always, captures, in_vain
from tests.core.payments.model.world import World

from parvis import clock, settings
from parvis.contract.payments import Row, RowKind
from parvis.db import connection, transaction
from parvis.payments import expiring, jobs, polling, stranded
from parvis.payments.books import ledger
from parvis.payments.books.postings import RECEIVABLE, clearing
from parvis.payments.debits import watching
from parvis.payments.statements import reconciling

_OPEN_REFUNDS = (
    "SELECT id, capture, cents FROM parvis.refund WHERE till = $1 "
    "AND state IN ('requested', 'approved', 'sent', 'unknown', 'failed')"
)

_OVER = (
    """UPDATE parvis.payment_attempt SET look_at = NULL
    WHERE account IN (SELECT key FROM parvis.provider_account WHERE till = $1)""",
    "UPDATE parvis.provider_account SET provider = 'over' WHERE till = $1",
)


async def at_rest(world: World) -> None:
    """Nothing waits unseen, and what was not given is given back, or somebody's to do."""
    await settle_down(world)
    await always(world)
    came = await captures(world)
    everything_noticed(world, came)
    await nothing_pending(world, came)
    await nothing_stranded(world, came)
    if world.bill:
        await billed.owed(world.shop.till)
    books = await ledger.balances(world.shop.till)
    held = ledger.balance_of(books, clearing(world.shop.account))
    by_mistake = sum(
        world.provider.left(one["ref"])
        for one in came
        if one["by_hand"] and one["ref"] in world.erred and not one["undone"]
    )
    assert held == world.provider.holds - by_mistake, "the provider holds another amount than the books say"
    assert ledger.balance_of(books, RECEIVABLE) >= 0, "kept of somebody who owes nothing"
    await every_difference_is_found(world)
    await nobody_looks_any_more(world)


def everything_noticed(world: World, came: list[asyncpg.Record]) -> None:
    taken = {one["ref"] for one in came}
    paid = {ref for ref in world.pages if world.provider.payments[ref].paid}
    assert paid <= taken, "paid, and nobody noticed"


async def nothing_pending(world: World, came: list[asyncpg.Record]) -> None:
    async with connection() as c:
        rows = await c.fetch(INTENTS, world.shop.till)
    late = [row["state"] for row in rows if row["state"] in {"created", "pending"} and row["expires_at"] <= clock.now()]
    assert late == [], "asked for after its time"
    owed = {one["intent"] for one in came if in_vain(one) and not one["returned"]}
    waiting = {row["id"] for row in rows if row["state"] == "to_refund"}
    assert waiting <= owed, "to be refunded, and there is nothing to refund"


async def nothing_stranded(world: World, came: list[asyncpg.Record]) -> None:
    """Money that bought nothing has left, or there is a line about it that somebody has to close."""
    idle = {one.capture: one.idle for one in await stranded.stranded(world.shop.till)}
    noted = {one.provider_ref for one in await reconciling.open_differences(world.shop.till)}
    async with connection() as c:
        refunds = await c.fetch(_OPEN_REFUNDS, world.shop.till)
    for one in came:
        if in_vain(one) or one["taken_as"] == "unknown":
            seen = sum(row["cents"] for row in refunds if row["capture"] == one["id"] and str(row["id"]) in noted)
            left = one["cents"] - one["done"] - one["disputed"] - one["set_off"]
            left *= not (one["returned"] or one["ref"] in noted)
            assert left <= seen + idle.get(one["id"], 0), "neither place nor money, and nobody's to do"


async def every_difference_is_found(world: World) -> None:
    """What came in on a day is on the provider's statement; one that is corrupted differs in that, and nothing else."""
    paid = [payment.paid for ref, payment in world.provider.payments.items() if payment.paid and ref in world.pages]
    if not paid or not world.provider.caps("").rows:
        return
    day = max(paid).astimezone(settings.current().zone).date()
    rows = await world.provider.rows(world.shop.account, day)
    usual = set(await reconciling.rehearse(world.shop.account, day, rows))
    # A refund that came back may be told of on a later day.
    late = set(map(str, world.provider.came_back))
    assert [one for one in usual if one.kind == RowKind.CAPTURE and one.ref not in late] == []
    row, *rest = rows
    for corrupted, sorts in (
        (rest, {"missing-there"}),
        ([*rows, row], {"twice"}),
        ([*rest, Row(row.kind, row.ref, row.cents + 1)], {"amount"}),
        ([*rest, Row(row.kind, "stray", row.cents)], {"missing-here", "missing-there"}),
    ):
        found = set(await reconciling.rehearse(world.shop.account, day, corrupted)) - usual
        assert {one.sort for one in found} == sorts


async def settle_down(world: World) -> None:
    """Days pass in which every answer comes, every batch is decided and every worker works."""
    world.provider.down = world.provider.refuses_refunds = False
    world.provider.illegible.clear()
    for step in ("drop_batch", "collect"):
        # Whoever was to die on the way may have just done so: the next one does it.
        while await world.do(step) or await world.do(step):
            pass
    for number, _ in enumerate(world.erred):
        await world.do("undo_error", number)
    for step in ("tell_bounces", "tell_disputes", "tell_payouts"):
        await world.do(step)
    for wait in (25, 130, 24 * 60, 3 * 24 * 60):
        clock.move(wait * MINUTE)
        for timer in (polling.look_due, expiring.expire_due, jobs.send_refunds, jobs.ask_again):
            await timer(provider_of)
        await world.do("read_papers")
    await reconciling.note_waiting(world.shop.account)
    await watching.note_waiting()


async def nobody_looks_any_more(world: World) -> None:
    """It is over: the timers of those that follow have nothing to do for it."""
    async with transaction() as c:
        for sql in _OVER:
            await c.execute(sql, world.shop.till)


async def outcome(world: World) -> tuple[object, ...]:
    """How it ended: the amount's state, who has the place, what came in and left, and the books."""
    async with connection() as c:
        state = await c.fetchval("SELECT state FROM parvis.intent WHERE id = $1", world.intent)
    told = ("cents", "taken_as", "done", "leaving", "returned")
    came = [tuple(one[name] for name in told) for one in await captures(world)]
    books = {one.account.partition("-")[0]: one.cents for one in await ledger.balances(world.shop.till) if one.cents}
    return state, await world.given(), came, books
