"""What the bank of a payer does: it takes money back until it is decided, or for good, and somebody hears of it."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from tests.core.payments.model.providers import Dispute
from tests.core.payments.model.staff import AGENT

from parvis.db import connection
from parvis.errors import Conflict, NotFound, Refused
from parvis.payments import disputing, mistaken, returning
from parvis.payments.books import ledger
from parvis.payments.returning import Told

_OF_PAGE = "SELECT id FROM parvis.capture WHERE account = $1 AND provider_ref = $2"


class Disputes:
    """The payer's bank, a provider that tells of disputes, and one that does not."""

    async def dispute(self, n: int) -> None:
        """The bank takes back what is there of a payment, or half of it."""
        await self.dispute_unheard(n)
        await self.tell_disputes(n)

    async def dispute_unheard(self, n: int) -> None:
        """It does, and what the provider tells of it is late."""
        ref, there = self.page(n), self.provider
        # What somebody entered by mistake is seen to before anything else is told of it.
        if not self.tells or ref in self.erred or (left := there.left(ref)) < 2:
            raise Conflict
        there.disputes[f"dp_{len(there.disputes)}"] = Dispute(ref, left if n < 4 else left // 2)

    async def decide_dispute(self, n: int) -> None:
        undecided = [one for one in self.provider.disputes.values() if one.won is None]
        if not undecided:
            raise Conflict
        undecided[n // 2 % len(undecided)].won = bool(n % 2)
        await self.tell_disputes(n)

    async def tell_disputes(self, n: int) -> None:
        """What is told is told again, the last first of every other time, until it is heard."""
        told = list(self.provider.disputes.items())
        for ref, found in told[:: 1 - 2 * (n % 2)]:
            attempt = self.provider.payments[found.payment].order.attempt
            await disputing.disputed(self.shop.account, ref, found.cents, attempt)
            if found.won is not None:
                await disputing.dispute_closed(self.shop.account, ref, won=found.won)

    async def bank_took(self, n: int) -> None:
        """It takes a payment back for good: a provider that tells of nothing says nothing, any other not yet."""
        there, ref = self.provider, self.page(n)
        if self.tells:
            if not self.taken_whole(ref):
                raise Conflict
            await self.enter(ref)
            return
        if ref in there.taken_back or not there.payments[ref].paid:
            raise Conflict
        there.taken_back[ref] = there.payments[ref].cents
        await self.read_papers(n)

    async def err(self, n: int) -> None:
        """Somebody enters a payment that no bank took."""
        ref = self.page(n)
        if self.really_gone(ref):
            raise Conflict
        self.erred.add(ref)
        await self.enter(ref)

    async def undo_error(self, n: int) -> None:
        """It is undone, unless somebody has paid again, or nobody asks for it any more."""
        entered = [ref for ref in sorted(self.erred) if not self.really_gone(ref)]
        if not entered:
            raise Conflict
        await mistaken.undo(await self.of_page(entered[n % len(entered)]), "It was another one", AGENT)

    async def read_papers(self, n: int) -> None:
        """Somebody reads on the bank's papers what it took without a word; what is entered already is refused."""
        for ref in self.provider.taken_back:
            with suppress(Refused, NotFound):
                await self.enter(ref)

    async def enter(self, ref: str) -> None:
        await returning.bank_took(await self.of_page(ref), Told(ledger.today(), "Says the bank", AGENT))

    async def of_page(self, ref: str) -> UUID:
        async with connection() as c:
            return await c.fetchval(_OF_PAGE, self.shop.account, ref)

    def really_gone(self, ref: str) -> bool:
        """Whether a bank took a payment, or wants it."""
        there = self.provider
        return ref in there.taken_back or any(one.payment == ref for one in there.disputes.values())

    def taken_whole(self, ref: str) -> bool:
        """Whether all of a payment is disputed, in one that is not decided."""
        about = [(one.cents, one.won) for one in self.provider.disputes.values() if one.payment == ref]
        return about == [(self.provider.payments[ref].cents, None)]

    @property
    def tells(self) -> bool:
        """Whether the provider tells of disputes."""
        return self.provider.caps("").cancel
