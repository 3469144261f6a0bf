"""The days that somebody of this process looks at: each read once for all who look, when something changed on it.

What changes is heard from PostgreSQL's notifications; free hours are compared with the search index, which follows the
change feed. Whoever looks waits without a connection. What was missed while nobody listened is read anew.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from typing import TypeAlias
from uuid import UUID

import structlog

from parvis import clock, plugins, settings
from parvis.attendance import queries
from parvis.calendars import days, following
from parvis.db import OUTAGE
from parvis.db.listening import hear
from parvis.errors import ParvisError
from parvis.office.day.board import Figures, Snapshot, snapshot

log = structlog.get_logger()
Key: TypeAlias = tuple[UUID, date]

_TICK_SECONDS = 0.5
_AT_MOST_EVERY_SECONDS = 0.2
_UNHEARD_SECONDS = 30
_AGAIN_SECONDS = 2
_REMEMBERED = 40
EMPTY = Snapshot((), (), Figures((), 0, 0))


@dataclass(slots=True, eq=False)
class Board:
    """A day that is looked at. `free` is what the search index had of its desks when it was read, by desk."""

    key: Key
    current: Snapshot | None = None
    calendars: frozenset[UUID] = frozenset()
    free: dict[UUID, int] = field(default_factory=dict)
    read: float = float("-inf")
    dirty: bool = True
    viewers: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def after(self, seen: Snapshot | None, seconds: float) -> Snapshot | None:
        """The board once it is another one than `seen`; None if it still is the same after so many seconds."""
        deadline = time.monotonic() + seconds
        while self.current is None or self.current is seen:
            try:
                async with asyncio.timeout(max(deadline - time.monotonic(), 0)):
                    await self.changed.wait()
            except TimeoutError:
                return None
        return self.current


class Boards:
    """The boards of one process."""

    def __init__(self) -> None:
        self._boards: dict[Key, Board] = {}
        self._wake = asyncio.Event()
        self._known: OrderedDict[tuple[Key, str], Snapshot] = OrderedDict()

    @contextmanager
    def looked_at(self, key: Key) -> Iterator[Board]:
        """A day's board, kept up to date while the block lasts."""
        board = self._boards.setdefault(key, Board(key))
        board.viewers += 1
        self._wake.set()
        try:
            yield board
        finally:
            board.viewers -= 1
            if not board.viewers:
                self._boards.pop(key, None)

    def remember(self, key: Key, shown: Snapshot) -> str:
        """Keep what a page shows, so that only what changes afterwards has to be sent to it; its digest."""
        digest = shown.digest
        self._known[key, digest] = shown
        self._known.move_to_end((key, digest))
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return digest

    def known(self, key: Key, digest: str) -> Snapshot | None:
        """What a page shows, by its digest, if this process remembers it."""
        return self._known.get((key, digest))

    def told(self, payload: str) -> None:
        """Something changed on a calendar's day."""
        calendar, day = days.read(payload)
        for (_, when), board in self._boards.items():
            # A calendar that is new to a board is found when it is read anew.
            board.dirty |= when == day and (calendar in board.calendars or not board.calendars)
        self._wake.set()

    def anything(self) -> None:
        """Anything may have changed: nobody listened for a moment."""
        for board in self._boards.values():
            board.dirty = True
        self._wake.set()

    async def keep_up(self) -> None:
        """Read what changed, until cancelled."""
        while True:
            waits = any(board.dirty for board in self._boards.values())
            with suppress(TimeoutError):
                async with asyncio.timeout(_AT_MOST_EVERY_SECONDS if waits else _TICK_SECONDS):
                    await self._wake.wait()
            self._wake.clear()
            for board in [board for board in self._boards.values() if _is_due(board)]:
                await self._refresh(board)

    async def listen(self) -> None:
        """Hear what changed, until cancelled; a database that is away is waited for."""
        while True:
            current = settings.current()
            with suppress(*OUTAGE):
                await hear(current.listen_url or current.database_url, days.CHANNEL, self.told, self.anything)
            await asyncio.sleep(_TICK_SECONDS)

    async def _refresh(self, board: Board) -> None:
        board.dirty, board.read = False, time.monotonic()
        try:
            now = await read(board.key, board)
        except (ParvisError, *OUTAGE) as error:
            log.warning("office.day-behind", error=type(error).__name__)
            board.dirty, board.read = True, time.monotonic() + _AGAIN_SECONDS
            return
        if now != board.current:
            board.current = now
            self.remember(board.key, now)
            board.changed.set()
            board.changed = asyncio.Event()


async def read(key: Key, board: Board | None = None) -> Snapshot:
    """A day as the database has it now; what is looked at for changes is noted on its board."""
    emitter, day = key
    now, index = clock.now(), following.warm()
    desks, visits = await queries.desk_days(emitter, day), await queries.visits(emitter, day)
    if board is not None:
        board.calendars = frozenset(desk.calendar for desk in desks) | {visit.calendar for visit in visits}
        board.free = {desk.desk: index.free(desk.desk, day) for desk in desks} if index else {}
    return snapshot(visits, desks, kind_names(), day, now)


def kind_names() -> dict[tuple[str, str], str]:
    """What the services' kinds are called, as msgids, by service and kind."""
    return {
        (service.key, kind.key): kind.name.msgid
        for plugin in plugins.current()
        for service in plugin.services
        for kind in service.kinds
    }


def _is_due(board: Board) -> bool:
    """Whether a board is to be read again: not more often than people can read."""
    since = time.monotonic() - board.read
    if since < _AT_MOST_EVERY_SECONDS:
        return False
    turned = board.current is not None and board.current.turns is not None and board.current.turns <= clock.now()
    return board.dirty or turned or since > _UNHEARD_SECONDS or _freed(board)


def _freed(board: Board) -> bool:
    """Whether free hours changed since it was read; while the index is cold, the next reading tells."""
    index = following.warm()
    return index is not None and any(index.free(desk, board.key[1]) != free for desk, free in board.free.items())


_current: list[Boards] = []


def current() -> Boards:
    """The boards of this process; without `watching` they are never read."""
    if not _current:
        _current.append(Boards())
    return _current[-1]


@asynccontextmanager
async def watching() -> AsyncIterator[None]:
    """Keep this process's boards up to date while the context lasts. The pool must be open, or come to be."""
    boards = Boards()
    _current[:] = [boards]
    tasks = [asyncio.create_task(boards.keep_up()), asyncio.create_task(boards.listen())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        _current.clear()
