"""A process that dies between any two of its steps: before a statement, after a commit, around a provider's answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps

import asyncpg


class Crash(BaseException):
    """The process is gone: no handler of it runs to an end."""


class Process:
    """Counts the steps of whatever runs, and dies before the one that was chosen; dead, it does nothing any more."""

    def __init__(self) -> None:
        self.last, self.taken, self.dead = 0, 0, False
        self._broken: set[asyncpg.Connection] = set()

    def dies_before(self, step: int) -> None:
        """Let it die before its so-manieth step from now on, the first being 1."""
        self.last, self.taken, self.dead = step, 0, False

    def revived(self) -> None:
        """Another process takes over; the connections of the dead one break."""
        self.dies_before(0)
        while self._broken:
            self._broken.pop().terminate()

    def step(self) -> None:
        """Somewhere to die."""
        self.taken += 1
        if self.dead or self.taken == self.last:
            self.dead = True
            raise Crash

    @contextmanager
    def watched(self) -> Iterator[None]:
        """Have every statement of every connection be such a step."""
        before = {name: getattr(asyncpg.Connection, name) for name in ("execute", "_execute", "_executemany")}
        for name, real in before.items():
            setattr(asyncpg.Connection, name, self._mortal(real))
        try:
            yield
        finally:
            for name, real in before.items():
                setattr(asyncpg.Connection, name, real)

    def _mortal(self, real):
        @wraps(real)
        async def tried(connection, query, *args, **rest):
            try:
                self.step()
            except Crash:
                self._broken.add(connection)
                raise
            found = await real(connection, query, *args, **rest)
            if query == "COMMIT;":
                self.step()
            return found

        return tried


# The one that runs whatever is tested.
PROCESS = Process()
