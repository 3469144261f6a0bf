"""Who pays: an account, or a contact without one; what they may see, what is kept of them, and how it is forgotten.

The books stay for ten years (Code de commerce, article L. 123-22) and name nobody: only a basket knows its payer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg

from parvis import clock, crypto
from parvis.contract.values import Channel
from parvis.db import Connection, connection, transaction
from parvis.errors import NotFound
from parvis.identity import accounts, guards
from parvis.identity import queries as people
from parvis.identity.actors import Actor
from parvis.identity.contacts import Contact
from parvis.payments.credits import balances
from parvis.payments.credits.balances import Credit
from parvis.payments.debits.rules import DISPUTED
from parvis.payments.dues import Due, dues_of
from parvis.payments.refundable import IDLE

_CONTACT, _BUYER, _LINK = "basket-contact", "basket-buyer", "basket"
# As long as a debt to a public body can be asked for (loi n° 68-1250), and its year.
_KEPT = timedelta(days=5 * 365)
_UNDER_WAY = "('requested', 'approved', 'sent', 'unknown', 'failed')"
_SETTLED = f"""
NOT EXISTS (SELECT FROM parvis.intent i WHERE i.basket = b.id AND i.state IN ('created', 'pending', 'to_refund'))
AND NOT EXISTS (SELECT FROM parvis.intent i JOIN parvis.capture c ON c.intent = i.id
    JOIN parvis.refund r ON r.capture = c.id WHERE i.basket = b.id AND r.state IN {_UNDER_WAY})
AND NOT EXISTS (SELECT FROM parvis.intent i JOIN parvis.capture c ON c.intent = i.id AND c.taken_as = 'vain'
    WHERE i.basket = b.id AND i.state IN ('passed_on', 'expired') AND {IDLE} > 0)
"""  # noqa: S608 - of constants
# A debit that was collected since may come back: its bill is owed again, by somebody who can be asked for it.
_DEBITED = """
EXISTS (SELECT FROM parvis.debit d JOIN parvis.intent i ON i.id = d.intent
    WHERE i.basket = b.id AND d.state = 'collected' AND d.changed > {since})
"""
_UNLINK = f"""
UPDATE parvis.basket b SET person = NULL, contact_kind = NULL, contact = NULL, contact_digest = NULL, buyer = NULL,
    forget = false
WHERE {{whose}} AND {_SETTLED} AND NOT {_DEBITED} AND NOT {balances.OWED} RETURNING b.id
"""  # noqa: S608 - of constants
_THEIRS = "(b.person = ANY ($1) OR b.contact_digest = ANY ($2))"
# What was offered until a day costs nobody anything after it; what was billed is owed all the same.
_UNPAID = "(b.purpose = 'bill' AND i.state IN ('expired', 'passed_on'))"
_OWING = f"EXISTS (SELECT FROM parvis.intent i WHERE i.basket = b.id AND {_UNPAID})"

_LATER = f"""
UPDATE parvis.basket b SET person = NULL, forget = true WHERE {_THEIRS} AND b.contact IS NOT NULL AND {_SETTLED}
AND NOT {_OWING} AND NOT {balances.OWED} AND NOT {balances.LENT}
"""  # noqa: S608 - of constants
_HELD = f"""
SELECT count(DISTINCT i.id) FROM parvis.basket b JOIN parvis.intent i ON i.basket = b.id
LEFT JOIN parvis.capture c ON c.intent = i.id LEFT JOIN parvis.refund r ON r.capture = c.id AND r.state IN {_UNDER_WAY}
WHERE {_THEIRS} AND (i.state IN ('created', 'pending', 'to_refund') OR {_UNPAID} OR r.id IS NOT NULL
    OR {balances.OWED} OR {balances.LENT})
"""  # noqa: S608 - of constants


@dataclass(frozen=True, slots=True)
class Payer:
    """Whose basket it is: an account or a contact, both perhaps, none once forgotten; in which language to write."""

    basket: UUID
    person: UUID | None
    contact: Contact | None
    language: str
    # The name and postal address to stand on invoices, a line each.
    buyer: str = ""


async def address(
    c: Connection, basket: UUID, contact: Contact, language: str, asked_by: UUID | None = None, buyer: str = ""
) -> None:
    """Ask a contact for what a basket costs, in the caller's transaction; `asked_by` is the agent who does.

    `buyer` is the name and postal address that the invoice is made out to.
    """
    sealed = crypto.encrypt(contact.address.encode(), _CONTACT)
    whom = crypto.encrypt(buyer.encode(), _BUYER) if buyer else None
    sql = (
        "UPDATE parvis.basket SET contact_kind = $2, contact = $3, contact_digest = $4, language = $5, asked_by = $6, "
        "buyer = $7 WHERE id = $1"
    )
    await c.execute(sql, basket, contact.kind.value, sealed, contact.digest, language, asked_by, whom)


async def payer(basket: UUID) -> Payer:
    """Whose basket it is. Raises NotFound."""
    sql = "SELECT id, person, contact_kind, contact, language, buyer FROM parvis.basket WHERE id = $1"
    async with connection() as c:
        row = await c.fetchrow(sql, basket)
    if row is None:
        raise NotFound
    buyer = crypto.decrypt(row["buyer"], _BUYER).decode() if row["buyer"] else ""
    return Payer(row["id"], row["person"], _contact(row), row["language"], buyer)


async def for_payer(basket: UUID, actor: Actor, key: str | None) -> Payer:
    """A basket for whoever pays it: theirs, of a contact they proved, or by a link's key.

    Raises Unreadable for a key that was altered or is too old, NotFound where there is nothing for them.
    """
    found = await payer(basket)
    persons, digests = await identity_of(actor)
    if found.person in persons or (found.contact and found.contact.digest in digests):
        return found
    if not key:
        raise NotFound
    if crypto.verify(key, _LINK, clock.now()) != str(basket):
        raise crypto.Unreadable
    return found


def link_key(basket: UUID, until: datetime) -> str:
    """What lets a link show one basket until then (UTC)."""
    return crypto.sign(str(basket), _LINK, until)


async def dues(actor: Actor) -> list[Due]:
    """What somebody was asked for: their account, its mail as the sign-on knows it, and contacts they proved."""
    return await dues_of(*await identity_of(actor))


async def credits_of(actor: Actor) -> list[Credit]:
    """What somebody has in credit, the oldest first."""
    return await balances.owed_to(*await identity_of(actor))


async def export(actor: Actor) -> list[dict[str, Any]]:
    """What is kept of what somebody had to pay, for the one it is about."""
    return [
        {
            "emitter": due.emitter_name,
            "till": due.till_name,
            "what": list(due.labels),
            "state": due.state,
            "cents": due.cents,
            "paid": due.paid,
            "given_back": due.given_back,
            "asked_at": due.created,
            "buyer": (await payer(due.basket)).buyer,
        }
        for due in await dues(actor)
    ]


async def under_way(actor: Actor) -> int:
    """How many of somebody's amounts are still to be paid or to be given back: these keep their payer."""
    theirs = await identity_of(actor)
    async with connection() as c:
        return int(await c.fetchval(_HELD, *theirs))


async def erase(actor: Actor) -> int:
    """Take somebody out of everything that is settled, amounts and receipts stay; how many baskets.

    Of what was debited and may come back, their contact stays until it no longer can.
    """
    theirs, since = await identity_of(actor), clock.now() - DISPUTED
    async with transaction() as c:
        sql = _UNLINK.format(whose=f"{_THEIRS} AND NOT {_OWING} AND NOT {balances.LENT}", since="$3")
        gone = await c.fetch(sql, *theirs, since)
        await c.execute(_LATER, *theirs)
        return len(gone)


async def forget_old() -> int:
    """Take everybody out of what was settled long ago, and who asked for it out of the rest; how many baskets."""
    due = f"(b.created < $1 OR (b.forget AND NOT {_OWING}))"
    whose = f"{due} AND (b.person IS NOT NULL OR b.contact IS NOT NULL)"
    async with transaction() as c:
        sql = _UNLINK.format(whose=whose, since="$2")
        return len(await c.fetch(sql, clock.now() - _KEPT, clock.now() - DISPUTED))


async def told_first(source: UUID, what: str) -> bool:
    """Whether this was not told yet, in the caller's transaction: a reaction may run, a form may come, twice."""
    sql = "INSERT INTO parvis.payment_notice (source, what) VALUES ($1, $2) ON CONFLICT DO NOTHING RETURNING source"
    async with transaction() as c:
        return await c.fetchval(sql, source, what) is not None


async def identity_of(actor: Actor) -> tuple[Sequence[UUID], Sequence[bytes]]:
    """Every sign-on of their account, and the digests of their contacts. Raises ActsForSomebody."""
    if actor.behalf:
        raise guards.ActsForSomebody
    digests = [proof.digest for proof in actor.proofs]
    if actor.account is None:
        return (), digests
    if actor.person and (mail := (await people.person(actor.person)).email):
        # The sign-on has proved it, or it would not be there.
        digests.append(Contact(Channel.MAIL, mail).digest)
    return await accounts.sign_ons(actor.account), digests


def _contact(row: asyncpg.Record) -> Contact | None:
    if row["contact"] is None:
        return None
    return Contact(Channel(row["contact_kind"]), crypto.decrypt(row["contact"], _CONTACT).decode())
