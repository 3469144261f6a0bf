"""Money that came in and pays nothing: its place is gone, it came twice, nobody knows it. An agent sees to each.

Most goes back by itself; what does not, or waits for somebody to pay it out, is here until it has left or has a place.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from parvis.db import connection, transaction
from parvis.errors import NotFound, Refusal, Refused, Text
from parvis.events import PaymentSettled
from parvis.outbox import record
from parvis.payments import intents, purposes, refundable, refunds, settling
from parvis.payments.books import sales
from parvis.payments.money import Cents
from parvis.payments.refundable import IDLE

_FIND = f"""
SELECT c.id, c.at, c.cents, c.taken_as, i.cents AS price, i.state, b.purpose, i.version < b.version AS former,
    {IDLE} AS idle,
    EXISTS (SELECT FROM parvis.dispute d WHERE d.capture = c.id AND d.state <> 'won')
        OR {sales.TAKEN_BACK} AS disputed,
    ARRAY (SELECT ch.label FROM parvis.charge ch
        WHERE ch.intent = c.intent AND ch.credit IS NULL ORDER BY ch.id) AS labels,
    EXISTS (SELECT FROM parvis.refund r
        WHERE r.capture = c.id AND r.state IN ('sent', 'unknown', 'done')) AS leaving
FROM parvis.capture c LEFT JOIN parvis.intent i ON i.id = c.intent LEFT JOIN parvis.basket b ON b.id = i.basket
WHERE c.till = $1 AND NOT {sales.SOLD} ORDER BY c.at, c.id
"""  # noqa: S608 - of constants
_FORMER = "SELECT i.version < b.version FROM parvis.intent i JOIN parvis.basket b ON b.id = i.basket WHERE i.id = $1"
# Its payer's bank has it, or wants it: it is no longer here.
_DISPUTED = f"""
SELECT {sales.TAKEN_BACK} OR EXISTS (SELECT FROM parvis.dispute d WHERE d.capture = c.id AND d.state <> 'won')
FROM parvis.capture c WHERE c.id = $1
"""  # noqa: S608 - of constants
_COUNT = f"""
SELECT t.id, (SELECT count(*) FROM parvis.capture c LEFT JOIN parvis.intent i ON i.id = c.intent
    WHERE c.till = t.id AND NOT {sales.SOLD} AND {IDLE} > 0) AS idle FROM parvis.till t WHERE t.emitter = $1
"""  # noqa: S608 - of constants


@dataclass(frozen=True, slots=True)
class Stranded:
    """Money that pays nothing since an instant (UTC): `vain`, `extra` or `unknown`.

    `idle` of it is not even on its way back; `place`: an agent may try whether what it was for is free again, or let it
    pay a bill that is `owed` again since the public accountant gave it back.
    """

    capture: UUID
    at: datetime
    cents: Cents
    taken_as: str
    labels: tuple[str, ...]
    idle: Cents
    place: bool
    owed: bool


async def stranded(till: UUID) -> list[Stranded]:
    """A till's, the oldest first: what nobody gives back yet, and what could still have a place."""
    async with connection() as c:
        rows = await c.fetch(_FIND, till)
    found = [_read(row) for row in rows]
    return [one for one in found if one.idle > 0 or one.place]


async def counts(emitter: UUID) -> dict[UUID, int]:
    """At how many payments of each of an emitter's tills money lies idle."""
    async with connection() as c:
        return {row["id"]: row["idle"] for row in await c.fetch(_COUNT, emitter)}


async def count(emitter: UUID) -> int:
    """At how many payments of all its tills together."""
    return sum((await counts(emitter)).values())


async def find_place(capture: UUID) -> None:
    """Give what was paid in vain after all, if it is free or owed again. Raises Refused, also once money has left,
    NotFound."""
    async with transaction() as c:
        paid = await refunds.locked_capture(c, capture)
        if paid["taken_as"] != "vain":
            raise NotFound
        found, disputed = await intents.intent(paid["intent"]), await c.fetchval(_DISPUTED, capture)
        if disputed or not _wanted(found.state, found.purpose) or paid["cents"] < found.cents:
            raise Refused(Refusal("no-place", Text("There is no place to give for this: give the money back.")))
        if await c.fetchval(_FORMER, found.id):
            # Its basket asks for something else by now, which may be paid.
            raise Refused(Refusal("place-former", Text("What it was for was changed since: give the money back.")))
        await settling.take_up(capture)
        if not await purposes.taken(found):
            raise Refused(Refusal("place-gone", Text("It is still not free: nothing was changed.")))
        await record(
            PaymentSettled(
                emitter=found.emitter, intent=found.id, capture=capture, taken_as="paid", cents=paid["cents"]
            )
        )


async def give_back(capture: UUID, by: UUID) -> None:
    """Ask to give back what is here of money that pays nothing. Raises Refused where it pays something by now."""
    async with transaction() as c:
        paid = await refunds.lock(c, capture)
        if paid["sold"]:
            raise Refused(Refusal("seen-to", Text("Somebody has seen to this already.")))
        await refunds.request(capture, await refundable.left(capture), paid["taken_as"], by)


def _read(row: asyncpg.Record) -> Stranded:
    known = (row["id"], row["at"], row["cents"], row["taken_as"], tuple(row["labels"]), row["idle"])
    return Stranded(*known, place=_place(row), owed=row["state"] == "expired")


def _place(row: asyncpg.Record) -> bool:
    whole = row["taken_as"] == "vain" and row["cents"] >= row["price"] and not row["former"]
    return whole and not row["leaving"] and not row["disputed"] and _wanted(row["state"], row["purpose"])


def _wanted(state: str, purpose: str) -> bool:
    """Whether what money came in vain for can be given for it: a place, or a bill that is owed again."""
    return state == "expired" or (state == "to_refund" and purposes.gives(purpose))
