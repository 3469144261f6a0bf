"""A service cancels a place that was asked for: what comes back by the terms that held when it was ordered, once.

Call it first in the transaction that frees the place: it waits for whoever pays for it, as paying then takes the place.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from parvis import clock, settings
from parvis.db import Connection, connection, new_id, transaction
from parvis.payments import intents, refund_sending, refunds
from parvis.payments.accounts import account
from parvis.payments.books import ledger, postings, sales
from parvis.payments.credits import balances
from parvis.payments.invoices import bills, issuing
from parvis.payments.money import Cents
from parvis.payments.terms import dated, lines, rules
from parvis.payments.terms.lines import Line, Part

# Why a refund is asked for, as its page says it.
BY_TERMS, CALLED_OFF = "terms", "called-off"
_DONE = """
SELECT k.id, k.by_body, k.price, k.due, k.terms, sum(x.cents)::bigint AS money, sum(x.credit)::bigint AS credit,
    EXISTS (SELECT FROM parvis.refund r WHERE r.cancellation = k.id AND r.state = 'requested') AS waits
FROM parvis.cancelled_line k JOIN parvis.cancelled_charge x ON x.cancellation = k.id
WHERE k.id = (SELECT cancellation FROM parvis.cancelled_charge WHERE charge = ANY ($1) LIMIT 1) GROUP BY k.id
"""
_CANCEL = (
    "INSERT INTO parvis.cancelled_line (id, by_body, begins, at, person, terms, price, due) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
)
_PIECE = "INSERT INTO parvis.cancelled_charge (charge, cancellation, cents, credit) VALUES ($1, $2, $3, $4)"
_ALONE = "SELECT count(*) = 1 FROM parvis.charge WHERE intent = $1 AND credit IS NULL"
_ALL_WHOLE = """
SELECT bool_and(coalesce(k.due = k.price, false)) FROM parvis.charge h
LEFT JOIN parvis.cancelled_charge x ON x.charge = h.id LEFT JOIN parvis.cancelled_line k ON k.id = x.cancellation
WHERE h.intent = $1 AND h.credit IS NULL
"""
_CREDIT_OF = (
    "SELECT k.capture FROM parvis.charge h JOIN parvis.credit k ON k.id = h.credit WHERE h.intent = $1 "
    "ORDER BY h.cents LIMIT 1"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Back:
    """What comes back for a line of a `price`: `due` by the terms, of it `money`, and `credit` that had paid a part.

    `as_credit`: the money is kept for the next bill. `owed` is still to be paid of the price. Where a till has no terms
    nothing is `ruled`: people decide.
    """

    price: Cents
    due: Cents = 0
    money: Cents = 0
    credit: Cents = 0
    owed: Cents = 0
    as_credit: bool = False
    ruled: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelled:
    """A line that is cancelled, and what comes back; None where nothing is ruled, or nothing is paid or asked for.

    `waits`: a second person has to approve. `beyond` is asked for and not owed, together with something else: somebody
    has to take it back by hand. `first` only for the one call that cancelled it.
    """

    cancellation: UUID | None
    back: Back
    waits: bool = False
    beyond: Cents = 0
    first: bool = True


async def what_comes_back(charge: UUID, begins: datetime, *, by_body: bool = False) -> Back:
    """What would come back now for a line whose place begins at an instant (UTC); what did, once it is cancelled.

    Raises NotFound.
    """
    async with connection() as c:
        line = await lines.line_of(c, charge)
        done = await _done(c, line)
        return done.back if done else await _worked_out(line, begins, by_body)


async def cancel(charge: UUID, begins: datetime, *, by_body: bool, by: UUID | None = None) -> Cancelled:
    """Cancel a line that pays for a place, and give back what the terms say; all of it where the body cancels.

    `begins` (UTC) is when the place begins, `by` the account of who cancels, if there is one. Above the till's limit a
    second person approves. What is neither paid nor owed any more is no longer asked for. Twice is once. Where the till
    has no terms and the payer cancels, nothing is done. Raises NotFound.
    """
    async with transaction() as c:
        await lines.lock(c, charge)
        line = await lines.line_of(c, charge)
        if done := await _done(c, line):
            return done
        back = await _worked_out(line, begins, by_body)
        if not line.parts or not back.ruled:
            return Cancelled(cancellation=None, back=back)
        found = new_id()
        await c.execute(_CANCEL, found, by_body, begins, clock.now(), by, line.terms, line.price, back.due)
        asked = []
        for part, returned in zip(line.parts, rules.parted(back.due, line.pieces), strict=True):
            await _restore(c, line.till, part, returned.credit)
            await c.execute(_PIECE, part.charge, found, returned.money, returned.credit)
            said = (CALLED_OFF if by_body else BY_TERMS, by, found)
            asked += await _ask(c, part, returned.money, back.as_credit, said)
        waits = bool(asked) and not await refunds.approve_alone(c, asked)
        if back.as_credit and not waits:
            for refund, _ in asked:
                await refund_sending.pay_by_hand(refund)
        await _stop(c, line, back.owed)
        beyond = (await lines.line_of(c, charge)).beyond(back.owed)
    return Cancelled(cancellation=found, back=back, waits=waits, beyond=beyond)


async def _done(c: Connection, line: Line) -> Cancelled | None:
    """What was cancelled already."""
    row = await c.fetchrow(_DONE, list(line.charges))
    if row is None:
        return None
    terms = (await dated.terms_by_id([row["terms"]])).get(row["terms"]) if row["terms"] else None
    back = Back(
        **{name: row[name] for name in ("price", "due", "money", "credit")},
        owed=rules.owed(row["price"], row["due"], line.pieces),
        as_credit=bool(terms and terms.as_credit and not row["by_body"]),
    )
    beyond = line.beyond(back.owed)
    return Cancelled(cancellation=row["id"], back=back, waits=row["waits"], beyond=beyond, first=False)


async def _worked_out(line: Line, begins: datetime, by_body: bool) -> Back:
    terms = (await dated.terms_by_id([line.terms])).get(line.terms) if line.terms else None
    due, as_credit = line.price, False
    if line.held and not by_body:
        if terms is None:
            return Back(price=line.price, ruled=False)
        zone = settings.current().zone
        due, as_credit = rules.given_back(line.price, terms, begins, clock.now(), zone), terms.as_credit
    returned = rules.parted(due, line.pieces)
    return Back(
        price=line.price,
        due=due,
        money=sum(one.money for one in returned),
        credit=sum(one.credit for one in returned),
        owed=rules.owed(line.price, due, line.pieces),
        as_credit=as_credit,
    )


async def _ask(
    c: Connection, part: Part, cents: Cents, as_credit: bool, said: tuple[str, UUID | None, UUID]
) -> list[tuple[UUID, asyncpg.Record]]:
    """Ask to give so much of a part's money back, with the reason, who, and the cancellation."""
    reason, by, cancellation = said
    asked = []
    for money, share in zip(part.money, rules.spread(cents, [one.left for one in part.money]), strict=True):
        if share:
            at = await account(money.paid["account"])
            how = "credit" if as_credit else await refunds.way_of_account(c, money.paid["id"], at)
            refund = await refunds.add(c, money.paid, share, how, reason, by, cancellation=cancellation)
            asked.append((refund, money.paid))
    return asked


async def _restore(c: Connection, till: UUID, part: Part, cents: Cents) -> None:
    """Let so much of the credit that a part was paid with be the payer's again: it is of the money it was of."""
    if not cents:
        return
    sold, before = await intents.sales_of(part.intent), await sales.restored(part.intent)
    await ledger.post(till, "credit-back", part.charge, postings.restored(sold, before, cents))
    await balances.give(c, await c.fetchval(_CREDIT_OF, part.intent), cents, part.charge)
    # What money paid besides has its note when that has left.
    if not part.asked and before + cents == postings.credit_used(sold):
        await issuing.correct(c, await intents.intent(part.intent))


async def _stop(c: Connection, line: Line, owed: Cents) -> None:
    """No longer ask for the parts that nobody owes any more, the latest first."""
    beyond, over = line.beyond(owed), list[UUID]()
    for part in line.parts:
        if not part.open or not beyond:
            continue
        alone = part.piece.cents <= beyond and await c.fetchval(_ALONE, part.intent)
        if alone or await c.fetchval(_ALL_WHOLE, part.intent):
            over.append(part.intent)
            beyond = max(0, beyond - part.piece.cents)
    await bills.take_back_each(c, over)
