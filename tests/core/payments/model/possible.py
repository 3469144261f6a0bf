"""What can be done at a moment, so that whoever walks about does not mostly knock at closed doors."""

from __future__ import annotations

from collections.abc import Iterator

from tests.core.payments.model.world import World

from parvis import clock
from parvis.db import connection

MOST_BILLS = 5
_NOW = """
SELECT (SELECT state FROM parvis.intent WHERE id = $2) AS intent,
    NOT EXISTS (SELECT FROM parvis.intent i LEFT JOIN parvis.payment_attempt a ON a.intent = i.id
        AND a.state IN ('creating', 'live') AND a.live_until > $3
        WHERE i.id = $2 AND (i.state NOT IN ('created', 'pending', 'expired') OR a.id IS NOT NULL)) AS ready,
    (SELECT expires_at <= $3 FROM parvis.intent WHERE id = $2) AS late,
    (SELECT cents = 0 AND state = 'paid' FROM parvis.intent WHERE id = $2) AS covered,
    (SELECT count(*) FROM parvis.capture WHERE till = $1) AS captures,
    (SELECT count(*) FROM parvis.capture c JOIN parvis.intent i ON i.id = c.intent
        WHERE c.till = $1 AND c.taken_as = 'vain' AND i.state IN ('to_refund', 'expired')) AS in_vain,
    (SELECT count(*) FROM parvis.sepa_mandate WHERE till = $1 AND revoked_at IS NULL) AS mandates,
    (SELECT count(*) FROM parvis.till_taking t JOIN parvis.till_session s ON s.id = t.session
        WHERE s.till = $1) AS taken,
    (SELECT array_agg(DISTINCT r.state || CASE WHEN r.method = 'provider' THEN ':provider' ELSE ':hand' END)
        FROM parvis.refund r WHERE r.till = $1 AND r.method <> 'counter') AS refunds,
    (SELECT count(*) FROM parvis.credit WHERE till = $1) AS credits,
    (SELECT array_agg(DISTINCT d.state || ':' || b.state) FROM parvis.debit d JOIN parvis.debit_batch b
        ON b.id = d.batch WHERE b.till = $1) AS debits
"""


async def possible(world: World) -> frozenset[str]:
    """The steps that are not refused, or need not be."""
    async with connection() as c:
        row = await c.fetchrow(_NOW, world.shop.till, world.intent, clock.now())
    state = row["intent"]
    return frozenset(
        {
            "poll", "expire", "wait", "crash",
            *_paying(world, state),
            *_selling(world, state, row["captures"], row["taken"], row["in_vain"]),
            *_billing(world, row["covered"], row["credits"]),
            *_giving_back(world, [*(row["refunds"] or ())]),
            *_debiting(world, row["mandates"], {*(row["debits"] or ())}),
            *_debited(world, row["mandates"], row["ready"]),
            *_collected_elsewhere(world, state, row["late"]),
            *_disputing(world),
            *_erring(world),
        }
    )  # fmt: skip


def _paying(world: World, state: str) -> Iterator[str]:
    if state in {"created", "pending"}:
        yield from ("open", "open_unheard", "take_cash", "go_down_or_up")
    if world.pages:
        yield from ("notify", "notify_at_once", "notify_and_cancel", "come_back")
        yield from ("notify_forged", "notify_unknown", "become_illegible")
    if any(map(world.provider.payable, world.pages)):
        yield from ("pay", "pay_other", "refuse")


def _selling(world: World, state: str, captures: int, taken: int, in_vain: int) -> Iterator[str]:
    if state in {"created", "pending", "expired"}:
        yield "cancel"
    if captures:
        yield from ("ask_refund", "ask_by_hand")
    if taken and world.bill:
        yield "take_cash_back"
    if in_vain:
        yield "find_place"
    if not world.bill:
        yield "lose_place" if world.free else "free_place"
        if state != "paid":
            yield "change"


def _billing(world: World, covered: bool, credited: int) -> Iterator[str]:
    if covered:
        yield "cancel"
    if world.bill and len(world.bills) < MOST_BILLS:
        yield from ("write_bill", "write_bills_at_once")
    if len(world.bills) > 1:
        yield from ("turn", "take_back_plan")
    if credited:
        yield "ask_payout"


def _giving_back(world: World, refunds: list[str]) -> Iterator[str]:
    states = {found.split(":")[0] for found in refunds}
    if "requested" in states:
        yield from ("approve", "approve_own", "reject")
    if "approved" in states:
        yield "withdraw"
    if "approved:hand" in refunds:
        yield "pay_by_hand"
    if "approved:provider" in refunds:
        yield from ("send", "send_unheard", "refuse_refunds")
    if states & {"sent", "unknown"}:
        yield "ask_again"
    if "failed" in states:
        yield from ("retry", "retry_by_hand", "refuse_refunds")
    if "done" in states or not world.provider.came_back.keys() >= world.provider.refunds.keys():
        yield "bounce"


def _debiting(world: World, mandates: int, debits: set[str]) -> Iterator[str]:
    if "listed:made" in debits:
        yield from ("take_file", "send_batch", "drop_batch")
    if "listed:sent" in debits:
        yield from ("collect", "reject_debit")
    if "collected:collected" in debits:
        yield "return_debit"


def _debited(world: World, mandates: int, ready: bool) -> Iterator[str]:
    if world.bill:
        yield "revoke_mandate" if mandates else "give_mandate"
    if mandates and ready:
        yield "make_batch"


def _collected_elsewhere(world: World, state: str, late: bool) -> Iterator[str]:
    if state == "passed_on" and world.pages:
        yield "pay_late"
    if world.bill and late and state in {"created", "pending", "expired"}:
        yield "pass_on"
    if state == "passed_on":
        yield "recall"


def _disputing(world: World) -> Iterator[str]:
    there = world.provider
    paid = [ref for ref, payment in there.payments.items() if payment.paid]
    if not there.caps("").rows:
        if len(there.taken_back) < len(paid):
            yield "bank_took"
        return
    yield "reconcile"
    if any(map(there.left, paid)):
        yield from ("dispute", "dispute_unheard")
    if any(map(world.taken_whole, paid)):
        yield "bank_took"
    if there.disputes:
        yield "tell_disputes"
    if any(found.won is None for found in there.disputes.values()):
        yield "decide_dispute"
    if there.holds > 0:
        yield "pay_out"


def _erring(world: World) -> Iterator[str]:
    if not world.erred.issuperset(ref for ref, payment in world.provider.payments.items() if payment.paid):
        yield "err"
    if world.erred:
        yield "undo_error"
