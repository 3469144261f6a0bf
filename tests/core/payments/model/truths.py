"""What is true at any moment, and what is true once everybody has had their say."""

from __future__ import annotations

import asyncpg
from tests.core.payments.model import billed
from tests.core.payments.model.world import ALONE, World

from parvis.db import connection
from parvis.payments.books import ledger, proofs, receipts
from parvis.payments.books.postings import REFUND_DUE, clearing

_CAPTURES = """
SELECT c.id, c.account, c.provider_ref AS ref, c.intent, c.cents, c.taken_as, i.state,
    coalesce(sum(r.cents) FILTER (WHERE r.state = 'done' AND r.credit IS NULL), 0)::bigint AS done,
    coalesce(sum(r.cents) FILTER (WHERE r.state IN ('approved', 'sent', 'unknown', 'failed')), 0)::bigint AS leaving,
    coalesce(sum(r.cents) FILTER (WHERE r.state IN ('approved', 'sent', 'unknown', 'failed')
        AND r.credit IS NOT NULL), 0)::bigint AS paying_out,
    coalesce(sum(r.cents) FILTER (WHERE r.state IN ('sent', 'unknown')), 0)::bigint AS under_way,
    coalesce(sum(r.cents) FILTER (WHERE r.state IN ('sent', 'unknown') AND r.credit IS NULL), 0)::bigint AS going,
    coalesce(sum(r.cents) FILTER (WHERE r.state IN ('requested', 'approved') AND r.credit IS NULL), 0)::bigint
        AS coming,
    coalesce(sum(r.cents) FILTER (WHERE r.state = 'failed' AND r.credit IS NULL), 0)::bigint AS failed,
    coalesce(sum(r.cents) FILTER (WHERE r.state IN ('approved', 'sent', 'unknown', 'failed', 'done')
        AND r.requested_by IS NOT NULL AND r.decided_by IS NULL AND r.method <> 'counter'), 0)::bigint AS alone,
    bool_or(r.decided_by = r.requested_by) IS TRUE AS by_oneself,
    coalesce(sum(r.cents) FILTER (WHERE r.state = 'done' AND r.method = 'provider'), 0)::bigint AS through,
    EXISTS (SELECT FROM parvis.capture_return b WHERE b.capture = c.id AND b.person IS NOT NULL
        AND b.stands) AS by_hand,
    EXISTS (SELECT FROM parvis.capture_return b WHERE b.capture = c.id AND b.undone_at IS NOT NULL) AS undone,
    EXISTS (SELECT FROM parvis.capture_return b WHERE b.capture = c.id AND b.stands) AS returned,
    (SELECT coalesce(sum(d.cents), 0)::bigint FROM parvis.dispute d WHERE d.capture = c.id AND d.state <> 'won')
        AS disputed,
    (SELECT coalesce(sum(d.cents), 0)::bigint FROM parvis.dispute d WHERE d.capture = c.id AND d.state = 'lost')
        AS lost,
    (SELECT coalesce(sum(l.cents), 0)::bigint FROM parvis.set_off s JOIN parvis.ledger_entry e ON e.source = s.id
        JOIN parvis.ledger_line l ON l.entry = e.id WHERE s.capture = c.id AND l.account = 'refund_due') AS set_off,
    EXISTS (SELECT FROM parvis.ledger_entry e
        WHERE e.till = c.till AND e.kind = 'take-up' AND e.source = c.id) AS taken_up
FROM parvis.capture c LEFT JOIN parvis.intent i ON i.id = c.intent LEFT JOIN parvis.refund r ON r.capture = c.id
WHERE c.till = $1 GROUP BY c.id, i.state ORDER BY c.id
"""
INTENTS = "SELECT id, cents, state, expires_at FROM parvis.intent WHERE till = $1"
_OF_NOTHING = """
SELECT d.id FROM parvis.dispute d JOIN parvis.payment_attempt a ON a.id = d.attempt
JOIN parvis.capture c ON (c.account, c.provider_ref) = (a.account, a.provider_ref)
WHERE d.account = $1 AND d.capture IS DISTINCT FROM c.id
"""
_MOVED = """
SELECT coalesce(sum(l.cents), 0)::bigint FROM parvis.ledger_entry e JOIN parvis.ledger_line l ON l.entry = e.id
WHERE e.till = $1 AND l.account = $2 AND e.kind <> ALL ('{payout,dispute,dispute-back}')
"""


async def captures(world: World) -> list[asyncpg.Record]:
    """What came in, and what of it left."""
    async with connection() as c:
        return await c.fetch(_CAPTURES, world.shop.till)


async def always(world: World) -> None:
    """What no step, and no process that dies in one, may break."""
    came = await captures(world)
    async with connection() as c:
        now = (await c.fetchval("SELECT entries FROM parvis.ledger_head WHERE till = $1", world.shop.till), came)
    if now != world.seen:
        await books_balance(world)
        await books_say(world, came)
        await disputes_are_known(world)
        if world.bill:
            await billed.agrees(world.shop.till)
        world.seen = now
    nothing_twice(world, came)
    await one_way_to_pay(world)
    await place_or_money(world, came)


async def disputes_are_known(world: World) -> None:
    """What the books have of disputes stands at the payment that is disputed, whenever it was told."""
    async with connection() as c:
        assert await c.fetch(_OF_NOTHING, world.shop.account) == [], "disputed, and nobody knows what"


async def books_balance(world: World) -> None:
    assert await proofs.unlike_sums() == await proofs.unbalanced() == await proofs.unnumbered() == []
    assert await receipts.gaps(world.shop.till) == []


async def books_say(world: World, came: list[asyncpg.Record]) -> None:
    """The books have what came in and what left, and owe what is still to be given back."""
    async with connection() as c:
        moved = await c.fetchval(_MOVED, world.shop.till, clearing(world.shop.account))
        given = await c.fetchval("SELECT count(*) FROM parvis.receipt WHERE till = $1", world.shop.till)
    here = [one for one in came if one["account"] == world.shop.account]
    assert moved == sum(one["cents"] * (not one["by_hand"]) - one["through"] for one in here)
    assert given == sum(one["intent"] is not None for one in came)
    owed = ledger.balance_of(await ledger.balances(world.shop.till), REFUND_DUE)
    assert owed == -sum(map(still_owed, came)), "the books owe another amount than was granted"


def in_vain(one: asyncpg.Record) -> bool:
    """Whether money bought nothing, and nobody has found a place for it since."""
    return one["taken_as"] in {"vain", "extra"} and not one["taken_up"]


def still_owed(one: asyncpg.Record) -> int:
    """What is to be given back of a capture, by the rules and not by the books."""
    if one["returned"]:
        return one["under_way"]
    if not in_vain(one):
        return one["leaving"]
    # What had left and was then lost besides its payer owes.
    twice = max(0, one["done"] + one["going"] + one["lost"] - one["cents"])
    return one["cents"] - one["done"] - one["lost"] + twice - one["set_off"] + one["paying_out"]


def nothing_twice(world: World, came: list[asyncpg.Record]) -> None:
    """No more goes back than came in, here and at the provider; nothing is collected a second time."""
    for one in came:
        # What a bank took back, or disputes, is not there to be given back; what had left before, its payer owes.
        gone = one["done"] + one["going"]
        left = 0 if one["returned"] else one["cents"] - gone - one["disputed"]
        assert one["coming"] <= max(left, 0), "more is to be given back than is there"
        assert gone + one["coming"] + one["failed"] <= one["cents"], "more is given back than came in"
        assert one["alone"] <= ALONE, "one person alone gave back above the limit"
        assert not one["by_oneself"], "whoever asked decided"
    for ref in world.provider.payments:
        there = world.provider.left(ref) + world.provider.taken_back.get(ref, 0)
        assert there >= 0, "the provider gave back more than it had"
    # What somebody read that a bank took, and the bank gave back after all, may have been paid again meanwhile; so may
    # what was paid on a page of which its provider had said that nobody can.
    twice = sum(one["taken_as"] == "extra" and one["ref"] not in world.late for one in came)
    assert twice <= sum(one["by_hand"] for one in came if world.tells) + len(world.erred), "collected twice"


async def one_way_to_pay(world: World) -> None:
    """At most one page of an amount may be paid, and none of what is being debited."""
    pages = [intent for ref, intent in world.pages.items() if world.provider.payable(ref)]
    assert len(pages) == len(set(pages)), "two pages may be paid at once"
    if pages and world.bill:
        asked = [*await world.debits("listed", "made"), *await world.debits("listed", "sent")]
        assert {one["intent"] for one in asked}.isdisjoint(pages), "a page may be paid while the bank is asked for it"


async def place_or_money(world: World, came: list[asyncpg.Record]) -> None:
    """Whoever has the place has paid for it, and the other way round."""
    async with connection() as c:
        rows = await c.fetch(INTENTS, world.shop.till)
    # What a credit covers needs no money.
    paid = [row["id"] for row in rows if row["state"] == "paid" and row["cents"]]
    bought = [one for one in came if one["taken_as"] == "paid" or one["taken_up"]]
    assert set(paid) <= {one["intent"] for one in bought if not one["returned"]}
    if not world.bill:
        # Money that a bank took back is owed again; the place is kept.
        kept = any(one["returned"] for one in bought)
        assert len(paid) <= 1
        assert await world.given() == bool(paid) or (kept and not paid)
