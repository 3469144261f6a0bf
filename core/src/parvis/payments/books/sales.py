"""The sale behind an amount: entered when it is paid first. Where its money is taken back it stays, until the amount is
paid again or no longer asked for."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from parvis.db import connection
from parvis.payments.books import ledger, postings
from parvis.payments.books.postings import Lines, Sale
from parvis.payments.money import Cents

# Whether a capture `c` pays a sale: money in vain does once a place was found for it.
SOLD = """
(c.taken_as = 'paid' OR EXISTS (SELECT FROM parvis.ledger_entry e
    WHERE e.till = c.till AND e.kind = 'take-up' AND e.source = c.id))
"""
# Whether the payer's bank took a capture `c` back, as far as nobody undid that.
TAKEN_BACK = "EXISTS (SELECT FROM parvis.capture_return v WHERE v.capture = c.id AND v.stands)"
# Whether a capture `c` came in without a payment at its provider: by a dispute that was won; again, as what had been
# entered as taken back was not.
WON = "EXISTS (SELECT FROM parvis.dispute d WHERE (d.account, d.provider_ref) = (c.account, c.provider_ref))"
AGAIN = "EXISTS (SELECT FROM parvis.capture_return v WHERE v.id::text = c.provider_ref)"
# What of the credit that paid a part of an intent `u` is the payer's again, as a credit of its own.
RESTORED = """
coalesce((SELECT sum(z.cents) FROM parvis.credit z WHERE z.source = u.id
    OR z.source IN (SELECT y.id FROM parvis.charge y WHERE y.intent = u.id)), 0)
"""
_RESTORED = f"SELECT {RESTORED}::bigint FROM parvis.intent u WHERE u.id = $1"  # noqa: S608 - of constants
_STANDING = """
SELECT c.id FROM parvis.capture c
JOIN parvis.ledger_entry e ON e.till = c.till AND e.source = c.id AND e.kind IN ('charge', 'take-up')
WHERE c.intent = $1 AND NOT EXISTS (
    SELECT FROM parvis.ledger_entry b WHERE b.till = c.till AND b.source = c.id AND b.kind = 'charge-back')
"""
# Whether a refund `r` of a capture `c` takes something of its sale back: one of money in vain, or paid a second time,
# or of a credit does not; one at the counter takes all of it.
OF_SALE = f"({SOLD} AND r.method <> 'counter' AND r.credit IS NULL)"
_GIVEN_BACK = f"""
SELECT coalesce(sum(r.cents), 0)::bigint FROM parvis.refund r JOIN parvis.capture c ON c.id = r.capture
WHERE c.intent = $1 AND {OF_SALE} AND r.id IS DISTINCT FROM $2 AND r.state = ANY ($3)
"""  # noqa: S608 - of constants
_GRANTED = ("approved", "sent", "unknown", "failed", "done")


async def stands(intent: UUID) -> bool:
    """Whether an intent's sale is in the books."""
    return await _standing(intent) is not None


async def enter(till: UUID, intent: UUID, capture: UUID, lines: Lines) -> None:
    """Enter an intent's sale with the money that pays it, unless it stands already; in the caller's transaction."""
    if not await stands(intent):
        await ledger.post(till, "charge", capture, lines)


async def drop(till: UUID, intent: UUID, sold: Iterable[Sale]) -> None:
    """Take a sale whose money was taken back out of the books, if there is one; in the caller's transaction."""
    capture = await _standing(intent)
    if capture is not None:
        sales = tuple(sold)
        lines = postings.dropped(sales, await given_back(intent))
        # What a credit paid of it is the payer's again, as far as it is not already.
        lines += postings.restored(sales, await restored(intent))
        await ledger.post(till, "charge-back", capture, lines)


async def given_back(intent: UUID, but: UUID | None = None) -> Cents:
    """How much of an intent's sale was granted to be given back, in all its refunds or all but one."""
    async with connection() as c:
        return int(await c.fetchval(_GIVEN_BACK, intent, but, _GRANTED))


async def left(intent: UUID) -> Cents:
    """How much of an intent's sale has left in refunds that are done."""
    async with connection() as c:
        return int(await c.fetchval(_GIVEN_BACK, intent, None, ("done",)))


async def restored(intent: UUID) -> Cents:
    """What of the credit that paid a part of an intent is the payer's again, as a credit of its own."""
    async with connection() as c:
        return int(await c.fetchval(_RESTORED, intent))


async def _standing(intent: UUID) -> UUID | None:
    """The money with which an intent's sale was entered."""
    async with connection() as c:
        found: UUID | None = await c.fetchval(_STANDING, intent)
    return found
