"""The nursery: a process that has imported the platform once, and whose forks are the demo's programs.

Importing is most of what a start costs, and each program would pay it anew. The supervisor forks the nursery before
it opens or runs anything, and asks it for programs over a socket pair. The kernel kills the nursery with its
supervisor, and the programs with their nursery, so that even `kill -9` leaves none that would hold a port.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import os
import pkgutil
import signal
import socket
import sys
import traceback
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import NoReturn

import msgspec

from parvis.errors import ConfigurationError

_LONGEST = 256 * 1024
_DESCRIPTORS = 8
_DIE_WITH_PARENT, _CALL = 1, 15  # PR_SET_PDEATHSIG and PR_SET_NAME of prctl(2)
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Program:
    """A process of the demo: a function (`module:name`) with the words it finds in `sys.argv`.

    `port` is the one it opens itself; the portal is handed an open socket instead.
    """

    name: str
    entry: str
    arguments: tuple[str, ...] = ()
    port: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Child:
    """A program that was started; `ended` becomes its exit code, negative for a signal."""

    pid: int
    ended: asyncio.Future[int]

    def signal(self, number: int) -> None:
        """Send a signal to it and what it started, unless it has ended."""
        if not self.ended.done():
            with suppress(ProcessLookupError):
                os.killpg(self.pid, number)


class _Wanted(msgspec.Struct, frozen=True):
    program: Program
    environ: dict[str, str]


class _Told(msgspec.Struct, frozen=True):
    """A program has begun, or ended with a code."""

    pid: int
    code: int | None = None


class Nursery:
    """The supervisor's end of the wire."""

    def __init__(self, pid: int, wire: socket.socket) -> None:
        self._pid, self._wire = pid, wire
        self._begun: deque[asyncio.Future[Child]] = deque()
        self._children: dict[int, Child] = {}
        self._listening: asyncio.Task[None] | None = None

    @classmethod
    def fork(cls, modules: Iterable[str]) -> Nursery:
        """Fork it from a process that runs nothing else yet; it imports `modules` at once."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        supervisor = os.getpid()
        pid = os.fork()
        if pid == 0:
            ours.close()
            _nurse(theirs, supervisor, modules)
        theirs.close()
        ours.setblocking(False)
        return cls(pid, ours)

    async def __aenter__(self) -> Nursery:
        self._listening = asyncio.create_task(self._listen())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._listening:
            self._listening.cancel()
            await asyncio.gather(self._listening, return_exceptions=True)
        # It sees the end of the wire, and takes along whatever still runs.
        self._wire.close()
        await asyncio.to_thread(os.waitpid, self._pid, 0)

    @property
    def children(self) -> Sequence[Child]:
        """What runs."""
        return tuple(self._children.values())

    async def start(self, program: Program, environ: Mapping[str, str], descriptors: Sequence[int]) -> Child:
        """Start a program: the first descriptor is for what it says, a second one the socket it serves on.

        Raises ConfigurationError if the nursery is gone.
        """
        begun: asyncio.Future[Child] = asyncio.get_running_loop().create_future()
        self._begun.append(begun)
        try:
            socket.send_fds(self._wire, [msgspec.json.encode(_Wanted(program, dict(environ)))], list(descriptors))
        except OSError as error:
            raise _gone() from error
        return await begun

    async def _listen(self) -> None:
        loop = asyncio.get_running_loop()
        while told := await _received(loop, self._wire):
            if told.code is not None:
                self._children.pop(told.pid).ended.set_result(told.code)
                continue
            child = self._children[told.pid] = Child(told.pid, loop.create_future())
            begun = self._begun.popleft()
            # Whoever asked may have been cancelled meanwhile; the child is stopped with the others.
            if not begun.done():
                begun.set_result(child)
        for child in self._children.values():
            child.ended.set_result(-signal.SIGKILL)
        self._children.clear()
        for begun in self._begun:
            if not begun.done():
                begun.set_exception(_gone())


def _gone() -> ConfigurationError:
    return ConfigurationError("A process that the demo needs was ended from outside: start the demo again.")


async def _received(loop: asyncio.AbstractEventLoop, wire: socket.socket) -> _Told | None:
    try:
        raw = await loop.sock_recv(wire, _LONGEST)
    except ConnectionError:
        return None
    return msgspec.json.decode(raw, type=_Told) if raw else None


def _nurse(wire: socket.socket, supervisor: int, modules: Iterable[str]) -> NoReturn:
    """Be the nursery until the wire ends."""
    # Ctrl-C is for the supervisor, which then stops everything in order.
    os.setsid()
    _settle("nursery", supervisor)
    for module in modules:
        import_module(module)
    # What is there now is shared, and no collection need look at it again.
    gc.freeze()
    signal.signal(signal.SIGCHLD, lambda *_: _bury(wire))
    with suppress(ConnectionError):
        while True:
            raw, descriptors, *_ = socket.recv_fds(wire, _LONGEST, _DESCRIPTORS)
            if not raw:
                break
            # Nobody is told of an end before the beginning.
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
            _bear(wire, msgspec.json.decode(raw, type=_Wanted), descriptors)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    os._exit(0)


def _bear(wire: socket.socket, wanted: _Wanted, descriptors: Sequence[int]) -> None:
    nursery = os.getpid()
    pid = os.fork()
    if pid == 0:
        wire.close()
        _become(wanted, nursery, descriptors)
    # Here too, or a signal to the group could come before there is one.
    os.setpgid(pid, pid)
    wire.send(msgspec.json.encode(_Told(pid)))
    for descriptor in descriptors:
        os.close(descriptor)


def _bury(wire: socket.socket) -> None:
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            wire.send(msgspec.json.encode(_Told(ended[0], os.waitstatus_to_exitcode(ended[1]))))


def _become(wanted: _Wanted, nursery: int, descriptors: Sequence[int]) -> NoReturn:
    """Be a program to its end, with surroundings of its own."""
    os.setpgid(0, 0)
    _settle(wanted.program.name, nursery)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    said, *sockets = descriptors
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(said, 1)
    os.dup2(said, 2)
    # Line by line, so that what was said is kept whatever ends the program.
    sys.stdout, sys.stderr = (open(number, "w", 1, "utf-8", "backslashreplace", closefd=False) for number in (1, 2))  # noqa: SIM115
    os.environ.clear()
    os.environ.update(wanted.environ)
    sys.argv = [wanted.program.name, *wanted.program.arguments, *(f"--fd={number}" for number in sockets)]
    _run(wanted.program.entry)


def _run(entry: str) -> NoReturn:
    code: object = 0
    try:
        pkgutil.resolve_name(entry)()
    except SystemExit as ended:
        code = ended.code
        if isinstance(code, str):
            sys.stderr.write(f"{code}\n")
    except BaseException:
        traceback.print_exc()
        code = 1
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    # Not through the nursery's own end.
    os._exit(code if isinstance(code, int) else int(code is not None))


def _settle(name: str, parent: int) -> None:
    """Be killed with one's parent, and have a name in the list of processes."""
    _libc.prctl(_DIE_WITH_PARENT, signal.SIGKILL)
    _libc.prctl(_CALL, name.encode())
    if os.getppid() != parent:
        os._exit(1)
