"""By which ways an amount can be paid online: each that its till has, in the till's order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from parvis.contract.values import PaymentProvider
from parvis.errors import Refusal, Refused, Text
from parvis.payments import providers
from parvis.payments.accounts import Account, accounts_of
from parvis.payments.asking import closes
from parvis.payments.dues import Due
from parvis.payments.money import Cents


@dataclass(frozen=True, slots=True)
class Way:
    """A way to pay an amount: what the payer reads, whether it takes as much, and whether its page can be closed."""

    account: str
    name: Text | str
    takes: bool
    closes: bool


async def ways_of(due: Due) -> list[Way]:
    """The ways of a till that its emitter has enabled."""
    offered = {one.key: one for one in await providers.offered(due.emitter)}
    return [
        _way(account, offered[account.provider], due.cents)
        for account in await accounts_of(due.till)
        if account.provider in offered
    ]


def chosen(found: Sequence[Way], wanted: str) -> Way:
    """The way that is wanted, or the first that takes as much. Raises Refused where it is not offered.

    Where none takes as much it is the first, whose provider says why.
    """
    fit = [way for way in found if way.takes] or list(found)
    if not fit:
        raise Refused(Refusal("not-online", Text("This cannot be paid online at the moment. Please call us.")))
    if not wanted:
        return fit[0]
    for way in fit:
        if way.account == wanted:
            return way
    raise Refused(Refusal("way-away", providers.AWAY))


def _way(account: Account, at: PaymentProvider, cents: Cents) -> Way:
    return Way(account.key, account.label or at.name, _takes(account, at, cents), closes(at.provider, account.key))


def _takes(account: Account, at: PaymentProvider, cents: Cents) -> bool:
    try:
        caps = at.provider.caps(account.key)
    except Refused:
        return False
    return caps.least <= cents <= caps.most
