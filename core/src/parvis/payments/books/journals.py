"""A till's journal: its entries in order, of some days or of an arrêt, and as a sheet for the accountant.

Whatever its length, a batch of entries is in memory at a time.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from parvis.db import connection
from parvis.payments.books import ledger
from parvis.payments.books.ledger import Entry
from parvis.payments.money import euros
from parvis.payments.spreadsheets import MARK, written

_BATCH = 1000
_HEADER = ("number", "day", "kind", "source", "account", "debit", "credit", "reference")
# By what a provider's statement, or a bank's, names the movement that an entry is about: a refund has our id there.
_REFERENCES = """
SELECT e.number, coalesce(c.provider_ref, CASE WHEN r.method = 'provider' THEN r.id::text END, m.provider_ref,
    t.reference) AS ref
FROM parvis.ledger_entry e LEFT JOIN parvis.set_off s ON s.id = e.source
LEFT JOIN parvis.capture_return v ON v.id = e.source
LEFT JOIN parvis.capture c ON c.id = coalesce(s.capture, v.capture, e.source)
LEFT JOIN parvis.refund r ON r.id = e.source
LEFT JOIN parvis.dispute d ON d.id = e.source LEFT JOIN parvis.capture m ON m.id = d.capture
LEFT JOIN parvis.till_transfer t ON t.till = e.till AND t.number = e.number
WHERE e.till = $1 AND e.number BETWEEN $2 AND $3
"""
# Entries of a till follow one another by day: some days are a span of numbers.
_SPAN = (
    "SELECT (SELECT number FROM parvis.ledger_entry WHERE till = $1 AND day >= $2 ORDER BY day, number LIMIT 1), "
    "(SELECT number FROM parvis.ledger_entry WHERE till = $1 AND day <= $3 ORDER BY day DESC, number DESC LIMIT 1)"
)


@dataclass(frozen=True, slots=True)
class Span:
    """Entries from one number to another; none where the last is before the first."""

    first: int
    last: int

    @property
    def count(self) -> int:
        """How many entries, as numbers have no gap."""
        return max(self.last - self.first + 1, 0)

    def volumes(self, size: int) -> tuple[Span, ...]:
        """The span in parts of so many entries, one at least.

        >>> Span(1, 5).volumes(2)
        (Span(first=1, last=2), Span(first=3, last=4), Span(first=5, last=5))
        """
        starts = range(self.first, self.last + 1, size) or (self.first,)
        return tuple(Span(start, min(start + size - 1, self.last)) for start in starts)


async def span_of(till: UUID, since: date, until: date) -> Span:
    """A till's entries of the days from one to another."""
    async with connection() as c:
        first, last = await c.fetchrow(_SPAN, till, since, until)
    return Span(1, 0) if first is None or last is None else Span(first, last)


async def journal(till: UUID, first: int = 1, last: int | None = None) -> AsyncIterator[Entry]:
    """A till's entries from one number to another, in batches. Raises NotFound if there is no such till."""
    await ledger.till_by_id(till)
    while found := await ledger.entries(till, first, last, _BATCH):
        for entry in found:
            yield entry
        first = found[-1].number + 1


async def journal_sheet(till: UUID, span: Span) -> AsyncIterator[str]:
    """The journal as CSV for spreadsheets, in pieces: one row a line, semicolons, decimal commas."""
    yield MARK + written([_HEADER])
    first = span.first
    while first <= span.last and (found := await ledger.entries(till, first, span.last, _BATCH)):
        refs = await references(till, found[0].number, found[-1].number)
        yield written(row for entry in found for row in _rows(entry, refs.get(entry.number, "")))
        first = found[-1].number + 1


async def references(till: UUID, first: int, last: int) -> dict[int, str]:
    """By which reference a provider's or a bank's statement has what entries are about, by their numbers."""
    async with connection() as c:
        rows = await c.fetch(_REFERENCES, till, first, last)
    return {row["number"]: row["ref"] for row in rows if row["ref"]}


def _rows(entry: Entry, ref: str) -> Iterable[Sequence[str]]:
    day = entry.day.strftime("%d/%m/%Y")
    for account, cents in entry.lines:
        sides = (euros(cents), "") if cents > 0 else ("", euros(-cents))
        yield str(entry.number), day, entry.kind, str(entry.source), account, *sides, ref
