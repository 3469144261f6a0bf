"""A till's journal: its entries in order, and as a sheet for the accountant."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Iterable, Sequence
from uuid import UUID

from parvis.payments.books import ledger
from parvis.payments.books.ledger import Entry
from parvis.payments.money import euros

_BATCH = 1000
_HEADER = ("number", "day", "kind", "source", "account", "debit", "credit")


async def journal(till: UUID, first: int = 1, last: int | None = None) -> AsyncIterator[Entry]:
    """A till's entries from one number to another, in batches. Raises NotFound if there is no such till."""
    await ledger.till_by_id(till)
    while found := await ledger.entries(till, first, last, _BATCH):
        for entry in found:
            yield entry
        first = found[-1].number + 1


async def journal_sheet(till: UUID, first: int = 1, last: int | None = None) -> str:
    """The journal as CSV for spreadsheets: one row a line, semicolons, decimal commas."""
    written = io.StringIO("\ufeff")
    written.seek(1)
    table = csv.writer(written, delimiter=";", lineterminator="\r\n")
    table.writerow(_HEADER)
    async for entry in journal(till, first, last):
        table.writerows(_rows(entry))
    return written.getvalue()


def _rows(entry: Entry) -> Iterable[Sequence[str]]:
    day = entry.day.strftime("%d/%m/%Y")
    for account, cents in entry.lines:
        sides = (euros(cents), "") if cents > 0 else ("", euros(-cents))
        yield str(entry.number), day, entry.kind, str(entry.source), account, *sides
