"""Starts the demo's processes, keeps them running, and stops every one of them.

Each child asks the kernel to be killed when its parent dies, so that even `kill -9` of the supervisor leaves none
that would hold a port against the next start.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial
from pathlib import Path

import click

from parvis.db.cluster import cluster_in
from parvis.db.embedded import provided
from parvis.demo import plan
from parvis.demo.plan import Played, Program
from parvis.demo.waiting import answering
from parvis.errors import ConfigurationError
from parvis.settings import Settings

_STOP_SECONDS = 6.0
_START_SECONDS = 120
_LOOK_SECONDS, _PATIENCE_SECONDS = 0.1, 5.0
_READY = b"GET /health/ready HTTP/1.0\r\n\r\n"
_STEADY_SECONDS = 30
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
_TRIES = 3
_SEEDED = "seeded"
_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_libc = ctypes.CDLL(None, use_errno=True)


async def run(
    settings: Settings, listener: socket.socket, environ: Mapping[str, str], played: Sequence[Played] = ()
) -> None:
    """Run the demo until a signal. Raises ConfigurationError with one line if it cannot start."""
    stopping = asyncio.Event()
    for number in _SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    async with Processes(settings.data / "logs", plan.environment(settings, environ, played)) as processes:
        around = plan.surroundings(settings, played)
        life = asyncio.create_task(_live(settings, listener, processes, around))
        ended = asyncio.create_task(stopping.wait())
        await asyncio.wait((life, ended), return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()
        if not life.done():
            life.cancel()
        with suppress(asyncio.CancelledError):
            await life


async def _live(settings: Settings, listener: socket.socket, processes: Processes, around: Sequence[Program]) -> None:
    seeded = settings.data / _SEEDED
    first = not seeded.exists()
    async with AsyncExitStack() as held:
        async with answering(listener) as waiting:
            processes.keep(around)
            await held.enter_async_context(_database(settings, processes.environ))
            if first:
                waiting.missing = "the territory's data"
                await _prepare(processes)
                seeded.touch()
        processes.keep(plan.portal(listener.fileno()), (listener.fileno(),))
        if not first:
            # The territory is there, so the portal need not wait; for a newer schema it does so by itself.
            await _prepare(processes)
        await _until_ready(settings, processes, around)
        click.echo(f"Parvis is ready: {settings.base_url}")
        try:
            await processes.watched()
        finally:
            # Before the database goes, so that they end in peace.
            await processes.stop()


@asynccontextmanager
async def _database(settings: Settings, environ: dict[str, str]) -> AsyncIterator[None]:
    database = provided(settings, environ)
    starting = asyncio.create_task(asyncio.to_thread(database.__enter__))
    try:
        await asyncio.shield(starting)
        yield
    finally:
        # Also when it is cancelled while starting: a thread cannot be, and its server would stay.
        with suppress(ConfigurationError):
            await starting
            await asyncio.to_thread(database.__exit__, None, None, None)
        if not settings.database_url:
            # `provided` leaves alone a server it did not start; one that a killed demo left behind is ours too.
            await asyncio.to_thread(cluster_in(settings.data).stop)


async def _prepare(processes: Processes) -> None:
    said = await processes.once(plan.preparation())
    if said is not None:
        raise ConfigurationError(said)


async def _until_ready(settings: Settings, processes: Processes, around: Iterable[Program]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    opened = [partial(_answers, program.port) for program in around if program.port]
    for attempt in (partial(_answers, settings.port, _READY), *opened):
        while not await attempt():
            processes.require_alive()
            if time.monotonic() > deadline:
                raise ConfigurationError(f"The demo does not get ready; look into {processes.logs}.")
            await asyncio.sleep(_LOOK_SECONDS)


async def _answers(port: int, request: bytes = b"") -> bool:
    """Whether a port is open, and answers this request, if there is one, with 200."""
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request)
            answer = await reader.readline() if request else b""
            writer.close()
    except (OSError, TimeoutError):
        return False
    return not request or b" 200 " in answer


class Processes:
    """The demo's child processes, each with a log file of its own."""

    def __init__(self, logs: Path, environ: dict[str, str]) -> None:
        self.logs, self.environ = logs, environ
        self._keepers: dict[asyncio.Task[None], str] = {}
        self._running: set[asyncio.subprocess.Process] = set()
        self._stopping = False

    async def __aenter__(self) -> Processes:
        self.logs.mkdir(exist_ok=True)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def keep(self, programs: Iterable[Program], sockets: tuple[int, ...] = ()) -> None:
        """Start programs, and start them again when they end."""
        for program in programs:
            self._keepers[asyncio.create_task(self._keep(program, sockets))] = program.name

    async def once(self, program: Program) -> str | None:
        """Run a program to its end: None if it went well, else what it said in a line."""
        process = await self._start(program, ())
        code = await self._ended(process)
        return None if code == 0 else self._said(program)

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
        """Stop every process: asked first, killed after some seconds. Safe to call twice."""
        self._stopping = True
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        for process in self._running:
            _signal(process, signal.SIGTERM)
        ends = [asyncio.create_task(process.wait()) for process in self._running]
        if ends:
            await asyncio.wait(ends, timeout=_STOP_SECONDS)
        for process in self._running:
            _signal(process, signal.SIGKILL)
        await asyncio.gather(*ends)
        self._running.clear()

    async def _keep(self, program: Program, sockets: tuple[int, ...]) -> None:
        pause, failures = _FIRST_PAUSE, 0
        while True:
            began = time.monotonic()
            code = await self._ended(await self._start(program, sockets))
            steady = time.monotonic() - began > _STEADY_SECONDS
            pause, failures = (_FIRST_PAUSE, 1) if steady else (min(2 * pause, _LONGEST_PAUSE), failures + 1)
            # Killed from outside is no fault of its own: it comes back however often that happens.
            if failures >= _TRIES and code > 0:
                raise ConfigurationError(f"{program.name} does not start: {self._said(program)}")
            click.echo(f"{program.name} ended ({_how(code)}) and is started again.", err=True)
            await asyncio.sleep(pause)

    async def _start(self, program: Program, sockets: tuple[int, ...]) -> asyncio.subprocess.Process:
        with self._log(program).open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *program.arguments,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.environ,
                pass_fds=sockets,
                # Ctrl-C is for the supervisor, which then stops them in order.
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        self._running.add(process)
        return process

    async def _ended(self, process: asyncio.subprocess.Process) -> int:
        code = await process.wait()
        self._running.discard(process)
        return code

    def _log(self, program: Program) -> Path:
        return self.logs / f"{program.name}.log"

    def _said(self, program: Program) -> str:
        said = self._log(program).read_text(errors="replace").strip()
        _, told, line = said.rpartition("parvis: ")
        if told:
            return " ".join(line.split())
        return said.splitlines()[-1] if said else f"it said nothing ({self._log(program)})"


def _die_with_parent() -> None:
    _libc.prctl(_DIE_WITH_PARENT, signal.SIGKILL)


def _signal(process: asyncio.subprocess.Process, number: int) -> None:
    if process.returncode is not None:
        return
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def _how(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name
