"""What a line of the trace says in bytes, how lines are chained, and what shows that one was changed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import msgspec

NOTHING_BEFORE = bytes(32)
FORGET = "forget"
_CHAIN = "audit"

Bears = Callable[[str, bytes], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One act as it is kept; `at` in UTC."""

    id: UUID
    at: datetime
    person: UUID | None
    behalf: UUID | None
    emitter: UUID | None
    action: str
    subject: str
    subject_id: UUID | None
    details: Mapping[str, Any]

    @property
    def content(self) -> bytes:
        """The same bytes before and after the database kept it."""
        who = (self.person, self.behalf, self.emitter)
        when = self.at.astimezone(UTC).isoformat(timespec="microseconds")
        said = (self.id, when, *who, self.action, self.subject, self.subject_id, self.details)
        return msgspec.json.encode(said, order="deterministic")


@dataclass(frozen=True, slots=True, kw_only=True)
class Chained:
    """A link of the chain; `line` is None where it was forgotten or removed, `stamp` where it is older than stamps."""

    number: int
    month: date
    hash: bytes
    head: str | None
    line: Line | None
    stamp: str | None

    @property
    def signed(self) -> bytes:
        """What a head's signature covers."""
        return head_of(self.number, self.month, self.hash)


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain had come to: its last line's number, and the hash there."""

    number: int
    hash: bytes


def link_hash(before: bytes, number: int, line: Line) -> bytes:
    """The hash of a line that comes after a hash: it covers everything up to here."""
    return hashlib.sha256(before + number.to_bytes(8, "big") + line.content).digest()


def head_of(number: int, month: date, hash_: bytes) -> bytes:
    """What is signed of a chain that has come to a line."""
    return f"{_CHAIN} {number} {month:%Y-%m} {hash_.hex()}".encode()


def month_of(at: datetime, last: date | None, now: datetime) -> date:
    """The month in which a trace is chained: its own, but none before the chain's last, and none to come.

    >>> month_of(datetime(2026, 11, 26, tzinfo=UTC), date(2026, 10, 1), datetime(2026, 12, 1, tzinfo=UTC))
    datetime.date(2026, 11, 1)
    """
    own = min(at, now).astimezone(UTC).date().replace(day=1)
    return max(own, last) if last else own


class Check:
    """Follows a chain from its first link and tells what is wrong with it, a sentence each."""

    def __init__(self, bears_stamp: Bears, bears_head: Bears) -> None:
        self._bears_stamp, self._bears_head = bears_stamp, bears_head
        self._last: Chained | None = None
        self._stamped = False
        self._first = 0
        self._forgotten: set[int] = set()

    @property
    def last(self) -> Chained | None:
        """The last link that was followed."""
        return self._last

    def follow(self, links: Iterable[Chained], kept: Head | None = None) -> Iterator[str]:
        """What is wrong with the next links; `kept` is a head that was written down elsewhere."""
        for link in links:
            yield from self._one(link)
            if kept and link.number == kept.number and link.hash != kept.hash:
                yield f"Line {link.number} is not the one that was signed when it was written: the chain was made anew."
            self._last = link

    def stands_alone(self, line: Line, stamp: str | None) -> str | None:
        """What is wrong with a trace that is not chained yet; None if it only waits for its turn."""
        if stamp is None:
            return f"Trace {line.id} was inserted: it has no stamp." if self._last else None
        self._noted(line)
        return None if self._bears_stamp(stamp, line.content) else f"Trace {line.id} was inserted: its stamp is forged."

    def end(self, kept: Head | None = None) -> Iterator[str]:
        """What is wrong with the whole, once every link was followed."""
        if self._last is not None and self._last.head is None:
            yield f"The end of the chain was cut off: line {self._last.number}, the last one, has no signed head."
        if self._first and self._first not in self._forgotten:
            yield f"{_span(1, self._first)} removed: no line says that this was at the end of their term."
        there = self._last.number if self._last else 0
        if kept and there < kept.number:
            yield (
                f"{_span(there + 1, kept.number)} removed, or a back-up from before them was put back: "
                f"line {kept.number} was signed once."
            )

    def _one(self, link: Chained) -> Iterator[str]:
        before = self._last
        yield from self._place(before, link)
        if before is None and (link.line is None or link.number > 1):
            # What begins the chain once older months are forgotten has its link and its head alone.
            self._first = link.number
        if link.line is None:
            if before is not None or link.head is None:
                yield f"Line {link.number} ({link.month:%Y-%m}) was removed."
        else:
            yield from self._content(before, link, link.line)
            self._noted(link.line)
        if link.head is not None and not self._bears_head(link.head, link.signed):
            yield f"The head at line {link.number} ({link.month:%Y-%m}) is forged: this instance did not sign it."

    def _place(self, before: Chained | None, link: Chained) -> Iterator[str]:
        expected = before.number + 1 if before else link.number
        if link.number > expected:
            yield f"{_span(expected, link.number - 1)} removed with the links."
        if before and link.month < before.month:
            yield f"Line {link.number} is not in its place: its month is {link.month:%Y-%m}."
        if before and link.month > before.month and before.head is None:
            yield f"The month {before.month:%Y-%m} has no signed head at its end, line {before.number}."

    def _content(self, before: Chained | None, link: Chained, line: Line) -> Iterator[str]:
        if before is None and link.number > 1:
            return
        in_place = before is None or before.number + 1 == link.number
        previous = before.hash if before else NOTHING_BEFORE
        if in_place and link_hash(previous, link.number, line) != link.hash:
            yield f"Line {link.number} ({line.at:%Y-%m-%d %H:%M} UTC) was altered, or is not in its place."
        if link.stamp is None:
            if self._stamped:
                yield f"Line {link.number} was inserted: it has no stamp."
        elif self._bears_stamp(link.stamp, line.content):
            self._stamped = True
        else:
            yield f"Line {link.number} was altered or inserted: its stamp is not of what it says."

    def _noted(self, line: Line) -> None:
        if line.action == FORGET and line.subject == _CHAIN:
            self._forgotten.add(int(line.details.get("through", 0)))


def _span(first: int, last: int) -> str:
    return f"Line {first} was" if first == last else f"Lines {first} to {last} were"
