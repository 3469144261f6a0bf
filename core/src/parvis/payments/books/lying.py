"""What lies in a till's accounts until it is handed over, and since when: the money that came first leaves first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from parvis.db import connection
from parvis.payments.books import ledger
from parvis.payments.books.postings import BANK, CASH, clearing
from parvis.payments.money import Cents

_CLEARING = clearing("")
# So many entries are looked through at once, the latest first.
_BATCH = 5_000
_CAME = (
    "SELECT e.day, sum(l.cents)::bigint AS cents "
    "FROM parvis.ledger_entry e JOIN parvis.ledger_line l ON l.entry = e.id "
    "WHERE e.till = $1 AND e.number > $2 AND e.number <= $3 AND l.account = $4 AND l.cents > 0 "
    # What was reversed never came.
    "AND NOT EXISTS (SELECT FROM parvis.ledger_entry b "
    "WHERE b.till = e.till AND b.source = e.source AND b.kind = e.kind || '-back') "
    "GROUP BY e.day ORDER BY e.day DESC"
)


@dataclass(frozen=True, slots=True)
class Lying:
    """What lies in an account of a till's books, the oldest of it since a day; None where it is less than nothing."""

    account: str
    cents: Cents
    since: date | None


async def lying(till: UUID) -> list[Lying]:
    """What lies in a till's cash, at its bank, in cheques and vouchers, and with each provider; empty ones left out."""
    last = await ledger.last_number(till)
    found = [one for one in await ledger.balances(till) if one.cents and _holds(one.account)]
    return [Lying(one.account, one.cents, await _since(till, one.account, one.cents, last)) for one in found]


async def _since(till: UUID, account: str, cents: Cents, last: int) -> date | None:
    """The day of the oldest money that is still there, by entries up to `last`."""
    if cents < 0:
        return None
    async with connection() as c:
        while last > 0:
            for row in await c.fetch(_CAME, till, last - _BATCH, last, account):
                cents -= row["cents"]
                if cents <= 0:
                    day: date = row["day"]
                    return day
            last -= _BATCH
    return None


def _holds(account: str) -> bool:
    return account in (CASH, BANK) or account.startswith(_CLEARING)
