"""The demo's programs: started, started again when they end, and every one of them stopped."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterable
from pathlib import Path

import click

from parvis.demo.nursery import Child, Nursery, Program
from parvis.errors import ConfigurationError

_STOP_SECONDS = 4.0
_STEADY_SECONDS = 30
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
_TRIES = 3


class Processes:
    """The programs that run, each with a log file of its own."""

    def __init__(self, nursery: Nursery, logs: Path, environ: dict[str, str]) -> None:
        self.logs, self.environ = logs, environ
        self._nursery = nursery
        self._keepers: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Processes:
        self.logs.mkdir(exist_ok=True)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def keep(self, programs: Iterable[Program], *sockets: int) -> None:
        """Start programs, and start them again when they end. A socket is for one that serves on it."""
        for program in programs:
            self._keepers.add(asyncio.create_task(self._keep(program, sockets)))

    async def once(self, program: Program) -> str | None:
        """Run a program to its end: None if it went well, else what it said in a line."""
        child = await self._start(program, (), "wb")
        return None if await asyncio.shield(child.ended) == 0 else self._said(program)

    def require_alive(self) -> None:
        """Raise ConfigurationError if a program that should be running was given up."""
        for keeper in self._keepers:
            if keeper.done() and not keeper.cancelled():
                keeper.result()

    async def watched(self) -> None:
        """Wait until a program is given up, which raises ConfigurationError."""
        done, _ = await asyncio.wait(self._keepers, return_when=asyncio.FIRST_COMPLETED)
        for keeper in done:
            keeper.result()

    async def stop(self) -> None:
        """Stop every program: asked first, killed after some seconds. Safe to call twice."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        left = self._nursery.children
        for child in left:
            child.signal(signal.SIGTERM)
        if left:
            await asyncio.wait([child.ended for child in left], timeout=_STOP_SECONDS)
        for child in left:
            child.signal(signal.SIGKILL)

    async def _keep(self, program: Program, sockets: tuple[int, ...]) -> None:
        pause, failures, mode = _FIRST_PAUSE, 0, "wb"
        while True:
            began = time.monotonic()
            # Shielded: a keeper that is cancelled must not make its child look as if it had ended, or nobody stops it.
            code = await asyncio.shield((await self._start(program, sockets, mode)).ended)
            steady = time.monotonic() - began > _STEADY_SECONDS
            pause, failures = (_FIRST_PAUSE, 1) if steady else (min(2 * pause, _LONGEST_PAUSE), failures + 1)
            # Killed from outside is no fault of its own: it comes back however often that happens.
            if failures >= _TRIES and code > 0:
                raise ConfigurationError(f"{program.name} does not start: {self._said(program)}")
            click.echo(f"{program.name} ended ({_how(code)}) and is started again.", err=True)
            # What it said last stays to be read.
            mode = "ab"
            await asyncio.sleep(pause)

    async def _start(self, program: Program, sockets: tuple[int, ...], mode: str) -> Child:
        with self._log(program).open(mode) as log:
            return await self._nursery.start(program, self.environ, (log.fileno(), *sockets))

    def _log(self, program: Program) -> Path:
        return self.logs / f"{program.name}.log"

    def _said(self, program: Program) -> str:
        said = self._log(program).read_text(errors="replace").strip()
        _, told, line = said.rpartition("parvis: ")
        if told:
            return " ".join(line.split())
        return said.splitlines()[-1] if said else f"it said nothing ({self._log(program)})"


def _how(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name
