"""Using what a payer has in credit at a till on what is asked of them there next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from parvis import settings
from parvis.db import Connection
from parvis.identity import accounts
from parvis.identity.contacts import Contact
from parvis.payments.credits import balances
from parvis.payments.credits.balances import Credit
from parvis.payments.intents import Charge, Part
from parvis.payments.money import Cents


def spread(owed: Sequence[Cents], left: Sequence[Cents]) -> list[dict[int, Cents]]:
    """What each amount takes of each credit (its index): the first amounts first, out of the first credits.

    >>> spread([1000, 500], [300, 900])
    [{0: 300, 1: 700}, {1: 200}]
    """
    rest, taken = list(left), list[dict[int, Cents]]()
    for amount in owed:
        of = dict[int, Cents]()
        for number, cents in enumerate(rest):
            if take := min(cents, amount - sum(of.values())):
                of[number], rest[number] = take, cents - take
        taken.append(of)
    return taken


async def credits_of(till: UUID, contact: Contact | None, person: UUID | None) -> list[Credit]:
    """What somebody has in credit at a till, by every sign-on of their account and by the contact; the oldest first."""
    account = await accounts.settled(person) if person else None
    persons = await accounts.sign_ons(account) if account else ()
    return await balances.owed_to(persons, [contact.digest] if contact else [], till)


async def deducted(c: Connection, parts: Sequence[Part], contact: Contact, person: UUID | None) -> list[Part]:
    """What is asked for, with lines that use what the payer has in credit there; the earliest parts first.

    In the caller's transaction: nobody else uses these credits until it ends.
    """
    more: list[list[Charge]] = [[] for _ in parts]
    for till in sorted({charge.till for part in parts for charge in part.charges}):
        there = await credits_of(till, contact, person)
        if not there:
            continue
        await balances.lock(c, [credit.id for credit in there])
        # What is left is read under the lock: another bill may have used it while this one waited.
        there = await credits_of(till, contact, person)
        owed = [sum(charge.cents for charge in part.charges if charge.till == till) for part in parts]
        for lines, of in zip(more, spread(owed, [credit.left for credit in there]), strict=True):
            lines += [_line(there[number], cents) for number, cents in of.items()]
    return [replace(part, charges=(*part.charges, *lines)) for part, lines in zip(parts, more, strict=True)]


def _line(credit: Credit, cents: Cents) -> Charge:
    day = credit.at.astimezone(settings.current().zone).strftime("%d/%m/%Y")
    # In French, as the papers that it stands on.
    return Charge(credit.till, f"Avoir du {day}", "credit", -cents, credit=credit.id)
