"""Factories of tills, counters and a provider to test payments with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from parvis import clock
from parvis.db import new_id
from parvis.payments.accounts import add_account
from parvis.payments.attempts import begin, look
from parvis.payments.books.ledger import open_till, till_by_id
from parvis.payments.counter import by_hand
from parvis.payments.counter.acts import keep_act
from parvis.payments.counter.counting import BY_HAND, Act
from parvis.payments.counter.takings import Taking
from parvis.payments.counter.till_sessions import open_session
from parvis.payments.intents import Charge, Intent, demand
from parvis.payments.invoices.sellers import Seller, keep_seller
from parvis.payments.money import Cents
from parvis.payments.settling import Settled
from parvis.testing.calendars import a_place
from parvis.testing.sandbox_provider import Sandbox


async def a_till(*, kind: str = "regie", alone_up_to: Cents = 0, emitter: UUID | None = None) -> UUID:
    """A till of an emitter of its own unless one is given."""
    owner = emitter or (await a_place())[1]
    return await open_till(owner, "pools", "Régie des piscines", kind, alone_up_to=alone_up_to)


async def a_seller(till: UUID) -> Seller:
    """Say who sells at a till, as whole as the law wants it."""
    seller = Seller(address="1 rue X, 68100 Mulhouse", siret="73282932000074", vat_number="FR44732829320")
    await keep_seller(await till_by_id(till), seller)
    return seller


@dataclass(frozen=True, slots=True)
class Shop:
    """A till that collects by the sandbox, and what happens there."""

    till: UUID
    account: str
    provider: Sandbox

    async def due(self, cents: Cents = 1000, *, minutes: int = 30, **basket: Any) -> Intent:
        """An amount to be paid within so many minutes."""
        charge = Charge(self.till, "Ten entries", "pools", cents)
        [intent] = await demand([charge], clock.now() + timedelta(minutes=minutes), **basket)
        return intent

    async def opened(self, intent: UUID) -> str:
        """The reference of the payment that the resident opens for an intent, or comes back to."""
        order = {"label": "Pools", "mail": "a@b.fr", "back": "https://x.invalid"}
        page = await begin(intent, lambda _: self.provider, self.account, **order)
        return page.url.rsplit("/", 1)[1]

    async def paid(self, cents: Cents = 1000, **basket: Any) -> tuple[Intent, Settled]:
        """An amount that was paid, and how it was taken."""
        due = await self.due(cents, **basket)
        ref = await self.opened(due.id)
        self.provider.pay(ref)
        settled = await look(self.provider, self.account, ref)
        if settled is None:
            raise LookupError(ref)
        return due, settled


@dataclass(frozen=True, slots=True)
class Drawer:
    """Somebody's open session at a till's counter."""

    session: UUID
    by: UUID

    async def takes(self, intent: UUID, taking: UUID | None = None, **given: Cents) -> Taking:
        """Take what was given by hand: `cash=1000`."""
        return await by_hand.collect(self.session, intent, given, self.by, taking or new_id())


async def a_drawer(till: UUID, *, by: UUID | None = None, float_cents: Cents = 5000) -> Drawer:
    """A session at a till whose act lets it take everything for the pools, and the canteen as childcare."""
    act = Act("n° 1", frozenset(BY_HAND), frozenset({"pools", "canteen"}), frozenset({"canteen"}))
    who = by or new_id()
    await keep_act(till, act, who)
    return Drawer((await open_session(till, who, float_cents)).id, who)


async def a_shop(provider: Sandbox | None = None, key: str = "sandbox", **rest: Any) -> Shop:
    """A till with an account at a sandbox of its own unless one is given, whose plugin calls it `key`."""
    till = await a_till(**rest)
    account = f"sandbox-{till.hex[-12:]}"
    await add_account(account, till, key)
    return Shop(till, account, provider or Sandbox())
