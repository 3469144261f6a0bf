"""A demo's life in order: its simulators, its database, its territory, its portal; and all of it stopped again."""

from __future__ import annotations

import asyncio
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from functools import partial

import click

from parvis.db.cluster import cluster_in
from parvis.db.embedded import provided
from parvis.demo import plan
from parvis.demo.nursery import Nursery, Program
from parvis.demo.plan import Played
from parvis.demo.processes import Processes
from parvis.demo.waiting import answering
from parvis.errors import ConfigurationError
from parvis.settings import Settings

_START_SECONDS, _WITH_KEYCLOAK_SECONDS = 120, 300
_DATABASE_SECONDS = 3
_LOOK_SECONDS, _PATIENCE_SECONDS = 0.1, 5.0
_READY = b"GET /health/ready HTTP/1.0\r\n\r\n"
_SEEDED = "seeded"
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def run(
    settings: Settings,
    listener: socket.socket,
    nursery: Nursery,
    environ: Mapping[str, str],
    played: Sequence[Played] = (),
) -> None:
    """Run the demo until a signal. Raises ConfigurationError with one line if it cannot start."""
    stopping = asyncio.Event()
    for number in _SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    surroundings = plan.environment(settings, environ, played)
    async with nursery, Processes(nursery, settings.data / "logs", surroundings) as processes:
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
        processes.keep([plan.portal()], listener.fileno())
        processes.keep([plan.worker()])
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
        await asyncio.gather(starting, return_exceptions=True)
        if not settings.database_url:
            # `provided` leaves alone a server it did not start; one that a killed demo left behind is ours too.
            await asyncio.to_thread(cluster_in(settings.data).stop, _DATABASE_SECONDS)
        await asyncio.to_thread(database.__exit__, None, None, None)


async def _prepare(processes: Processes) -> None:
    said = await processes.once(plan.preparation())
    if said is not None:
        raise ConfigurationError(said)


async def _until_ready(settings: Settings, processes: Processes, around: Iterable[Program]) -> None:
    seconds = _WITH_KEYCLOAK_SECONDS if plan.is_on_keycloak(settings) else _START_SECONDS
    deadline = time.monotonic() + seconds
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
