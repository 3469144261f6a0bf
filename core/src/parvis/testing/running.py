"""The whole demo as its people start it: a process of its own, on free ports, in a folder of its own."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from parvis.db.cluster import Cluster, cluster_in

_PORTS = range(20_000, 32_000, 10)
_PATIENCE = 120
_TICK = 0.05


@dataclass
class RunningDemo:
    """A demo in `folder`. `seen` keeps what its health checks answered while it started: (live, ready, missing).

    `words` follow the command.
    """

    folder: Path
    port: int = 0
    seen: list[tuple[int, int, str]] = field(default_factory=list)
    process: subprocess.Popen[str] | None = None
    words: tuple[str, ...] = ()
    patience: float = _PATIENCE

    @property
    def url(self) -> str:
        """The portal's address."""
        return f"http://localhost:{self.port}"

    @property
    def cluster(self) -> Cluster:
        """Its embedded PostgreSQL."""
        return cluster_in(self.folder)

    def start(self) -> float:
        """Start it and wait until it is ready; the seconds that took. Raises RuntimeError with what it said."""
        self.port = self.port or free_port()
        self.seen.clear()
        output = self.folder / "demo.out"
        environ = os.environ | {"PARVIS_PORT": str(self.port), "PARVIS_DATA": str(self.folder), "PARVIS_ENV": "demo"}
        began = time.monotonic()
        with output.open("w") as said:
            command = [sys.executable, "-m", "parvis", "demo", *self.words]
            self.process = subprocess.Popen(command, env=environ, stdout=said, stderr=subprocess.STDOUT, text=True)
        with httpx.Client(base_url=f"http://127.0.0.1:{self.port}", timeout=5) as http:
            while f"Parvis is ready: {self.url}\n" not in self.said():
                if self.process.poll() is not None or time.monotonic() - began > self.patience:
                    raise RuntimeError(self.said())
                self._look(http)
                time.sleep(_TICK)
        return time.monotonic() - began

    def said(self) -> str:
        """What it has printed."""
        return (self.folder / "demo.out").read_text()

    def stop(self, number: int = signal.SIGTERM) -> float:
        """Ask it to stop and wait for its end; the seconds that took."""
        began = time.monotonic()
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(_PATIENCE)
        return time.monotonic() - began

    def children(self) -> dict[str, psutil.Process]:
        """Its programs by name: web, worker, sign-on, mail, and the simulators' keys; `nursery` is their parent."""
        if self.process is None or self.process.poll() is not None:
            return {}
        with suppress(psutil.Error, KeyError):
            nursery = _children(psutil.Process(self.process.pid))["nursery"]
            # One that has just been forked still has its parent's name.
            return {**_children(nursery), "nursery": nursery}
        return {}

    def postgres(self) -> list[psutil.Process]:
        """The processes of its database, the postmaster first."""
        if not self.cluster.running():
            # A stale file names a process that is somebody else's by now.
            return []
        try:
            postmaster = psutil.Process(int((self.cluster.data / "postmaster.pid").read_text().split("\n", 1)[0]))
            return [postmaster, *postmaster.children()]
        except (OSError, psutil.Error):
            return []

    def kill_everything(self) -> None:
        """`kill -9` of every process at once, as a power cut does."""
        found = [*self.children().values(), *self.postgres()]
        if self.process is not None:
            self.process.kill()
        for victim in found:
            with suppress(psutil.NoSuchProcess):
                victim.kill()
        still_running(found, _PATIENCE)
        if self.process is not None:
            self.process.wait()

    def wait_until(self, path: str, status: int) -> None:
        """Wait until an address answers so. Raises TimeoutError."""

        def answers() -> bool:
            with suppress(httpx.HTTPError):
                return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=10).status_code == status
            return False

        wait_for(answers, f"{path} to answer {status}")

    def _look(self, http: httpx.Client) -> None:
        with suppress(httpx.HTTPError):
            live, ready = http.get("/health/live"), http.get("/health/ready")
            missing = ready.json().get("detail", "") if ready.status_code != httpx.codes.OK else ""
            self.seen.append((live.status_code, ready.status_code, missing))


def still_running(processes: Iterable[psutil.Process], seconds: float = 10) -> list[psutil.Process]:
    """Which of these run after so many seconds; one that only waits for init to take note of its end does not."""
    deadline, left = time.monotonic() + seconds, list(processes)
    while left := [process for process in left if _runs(process)]:
        if time.monotonic() > deadline:
            break
        time.sleep(_TICK)
    return left


def wait_for(what: Callable[[], object], said: str) -> None:
    """Wait until something is true. Raises TimeoutError, saying what was waited for."""
    deadline = time.monotonic() + _PATIENCE
    while not what():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {_PATIENCE} s for {said}")
        time.sleep(_TICK)


def free_port() -> int:
    """A first port whose neighbours are free too."""
    while True:
        port = random.choice(_PORTS)  # noqa: S311 - any will do
        with suppress(OSError):
            for number in range(port, port + 10):
                socket.create_server(("127.0.0.1", number)).close()
            return port


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _children(process: psutil.Process) -> dict[str, psutil.Process]:
    return {child.name(): child for child in process.children()}
