"""A payment that somebody entered as taken back by a bank, by mistake: it is here, and pays again what it had paid."""

from __future__ import annotations

from uuid import UUID

import asyncpg

from parvis import clock
from parvis.db import Connection, transaction
from parvis.errors import NotFound, Refusal, Refused, Text
from parvis.events import PaymentStands
from parvis.outbox import record
from parvis.payments import intents, refunds, returning, set_offs
from parvis.payments.accounts import account
from parvis.payments.books import ledger, postings
from parvis.payments.purposes import taken
from parvis.payments.rules import INTENT
from parvis.payments.wording import STATES

_ENTERED = "SELECT id, person FROM parvis.capture_return WHERE capture = $1 AND undone_at IS NULL"
_UNDO = "UPDATE parvis.capture_return SET undone_at = $2, undone_by = $3, undone_why = $4 WHERE id = $1"
# What a provider says of it stands, whoever was wrong.
_DISPUTED = "SELECT EXISTS (SELECT FROM parvis.dispute WHERE capture = $1 AND (state <> 'won' OR covered > 0))"


async def undo(capture: UUID, why: str, by: UUID) -> None:
    """Take the entry back, once; `by` is whose account says so. The payer is told.

    Only while what it had paid is still asked for, and nobody else says that the bank has it. Raises Invalid for a
    reason that is none, Refused, NotFound.
    """
    returning.check_why(why, "mistake")
    async with transaction() as c:
        paid = await refunds.locked_capture(c, capture)
        entered = await c.fetchrow(_ENTERED, capture)
        if entered is None:
            raise NotFound
        if entered["person"] is None or await c.fetchval(_DISPUTED, capture):
            raise Refused(
                Refusal("taken-back-told", Text("The bank or the payment service says itself that it has it."))
            )
        await _stand_again(c, paid)
        await c.execute(_UNDO, entered["id"], clock.now(), by, why)
        lines = await returning.lines(c, paid, (await account(paid["account"])).collects_into)
        await ledger.post(paid["till"], "return-back", entered["id"], postings.reversed_of(lines))
        await set_offs.free_others(c, paid)
        await record(PaymentStands(emitter=paid["emitter"], capture=capture))


async def _stand_again(c: Connection, paid: asyncpg.Record) -> None:
    """What was sold is paid again, what pays nothing is to be given back again."""
    if not paid["intent"]:
        return
    found = await intents.locked(c, paid["intent"])
    if paid["sold"]:
        if (found.state, "paid") not in INTENT:
            text = Text(
                "What it had paid is not asked for here any more ({state}): this stays.", {"state": STATES[found.state]}
            )
            raise Refused(Refusal("taken-back-over", text))
        if not await taken(found):
            raise Refused(Refusal("place-gone", Text("What it had paid for is gone: give the money back by hand.")))
        await intents.move(c, found, "paid")
    elif paid["taken_as"] == "vain" and found.state in {"cancelled", "refunded"}:
        await intents.move(c, found, "vain" if found.state == "cancelled" else "bounce")
