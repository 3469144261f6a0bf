"""Which provider an account's payments are at, as the installed plugins bring them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Literal
from uuid import UUID

from parvis import plugins
from parvis.contract.payments import Caps, Found, Order, OutcomeUnknown, Provider, Result, Row, Sent, Started
from parvis.contract.values import PaymentProvider
from parvis.db import connection
from parvis.errors import NotFound, Refusal, Refused, Text
from parvis.payments.accounts import OFFLINE, SEPA, Account
from parvis.payments.attempts import ProviderOf
from parvis.territory import queries as territory

AWAY = Text("This way to pay is not available at the moment.")


class Away:
    """Stands for a provider whose plugin is not installed any more: it gives no answer, and takes no order."""

    def caps(self, account: str) -> Caps:  # noqa: ARG002
        """Nothing can be paid there. Raises Refused."""
        raise Refused(Refusal("provider-away", AWAY))

    async def start(self, account: str, order: Order) -> Started:  # noqa: ARG002
        """Raises Refused."""
        raise Refused(Refusal("provider-away", AWAY))

    async def lookup(self, account: str, ref: str, terms: str = "") -> Found:  # noqa: ARG002
        """Raises OutcomeUnknown."""
        raise OutcomeUnknown

    async def hint(self, account: str, body: bytes, headers: Mapping[str, str]) -> tuple[str, ...]:  # noqa: ARG002
        """It names nothing."""
        return ()

    async def cancel(self, account: str, ref: str, terms: str = "") -> Found:  # noqa: ARG002
        """Raises OutcomeUnknown."""
        raise OutcomeUnknown

    async def refund(self, account: str, ref: str, refund: UUID, cents: int) -> Sent:  # noqa: ARG002
        """Raises OutcomeUnknown."""
        raise OutcomeUnknown

    async def rows(self, account: str, day: date) -> Sequence[Row]:  # noqa: ARG002
        """Raises OutcomeUnknown."""
        raise OutcomeUnknown


class Bank(Away):
    """Stands for the bank that collects debits: nobody can ask it, it says itself what became of them."""

    async def lookup(self, account: str, ref: str, terms: str = "") -> Found:  # noqa: ARG002
        """Nothing is known yet."""
        return Found(Result.WAITING)


def of(account: Account) -> Provider:
    """The provider of an account, or one that gives no answer where its plugin is not installed."""
    if account.provider == SEPA:
        return Bank()
    try:
        return plugins.current().payment_provider(account.provider)[1].provider
    except NotFound:
        return Away()


def can(account: Account, what: Literal["rows", "payouts"]) -> bool:
    """Whether the provider of an account gives a day's statement, or tells of its payouts itself; not once its plugin
    is gone."""
    try:
        return bool(getattr(of(account).caps(account.key), what))
    except Refused:
        return False


async def every() -> ProviderOf:
    """The provider of each account there is now."""
    async with connection() as c:
        rows = await c.fetch("SELECT key, till, provider, gives_back FROM parvis.provider_account")
    known = {row["key"]: of(Account(**row)) for row in rows if row["provider"] != OFFLINE}
    return lambda account: known.get(account) or Away()


async def offered(emitter: UUID) -> list[PaymentProvider]:
    """The ways to pay that an emitter's tills may use: of the plugins it has enabled."""
    found: list[PaymentProvider] = []
    for plugin in plugins.current():
        if plugin.payment_providers and await territory.is_enabled(plugin.key, emitter):
            found += [one for one in plugin.payment_providers if one.available is None or one.available()]
    return found


def fitting(offered: Sequence[PaymentProvider], kind: str) -> list[PaymentProvider]:
    """The ways to pay as they are shown for a till of a kind: first those that are made for it."""
    return sorted(offered, key=lambda one: kind not in one.kinds)
