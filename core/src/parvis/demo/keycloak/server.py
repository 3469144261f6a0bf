"""One Keycloak: started, stopped, killed and started again on the same port."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

# A service account of the master realm, made at the very first start; Keycloak listens on the loopback alone.
ADMIN = ("parvis-tests", "only for tests")
# A start takes half as long with one collector and one compiler stage; JAVA_OPTS replaces the script's own.
JAVA = "-Xms128m -Xmx512m -XX:MaxMetaspaceSize=256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1"
_PATIENCE = 180
_LOOK = 0.05
_TRIES = 20


@dataclass
class Keycloak:
    """The Keycloak in `home`; its database stays there from one start to the next.

    `apart`: it is a group of processes of its own, and outlives who started it. `health` is the port where it says how
    it is, the one after its own unless given.
    """

    home: Path
    port: int
    apart: bool = True
    health: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://localhost:{self.port}"

    def start(self) -> None:
        """Start it and wait until it is ready. Raises RuntimeError with what it said."""
        words = ("--http-enabled=true", "--http-host=127.0.0.1", "--hostname-strict=false", f"--http-port={self.port}")
        # No cluster: a second start would wait 20 s for the member that the first one was.
        alone = ("--cache=local", f"--http-management-port={self.health or self.port + 1}")
        command = [str(self.home / "bin/kc.sh"), "start", "--optimized", *words, *alone]
        client, secret = ADMIN
        environ = os.environ | {
            "JAVA_OPTS": JAVA,
            "KC_BOOTSTRAP_ADMIN_CLIENT_ID": client,
            "KC_BOOTSTRAP_ADMIN_CLIENT_SECRET": secret,
        }
        with (self.home / "said").open("wb") as said:
            # A group of its own: the script's Java would outlive a kill of the script.
            self.process = subprocess.Popen(
                command, env=environ, stdout=said, stderr=subprocess.STDOUT, start_new_session=self.apart
            )
        _wait(self._ready, "Keycloak does not get ready")

    def stop(self) -> None:
        """Ask it to stop and wait for its end."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """`kill -9`, as a power cut does."""
        self._end(signal.SIGKILL)

    def said(self) -> str:
        """What it has printed since its last start."""
        return (self.home / "said").read_text(errors="replace")

    def _ready(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            raise RuntimeError(self.said())
        # The log says "started" seconds before requests are answered.
        with suppress(httpx.HTTPError):
            url = f"http://localhost:{self.health or self.port + 1}/health/ready"
            return httpx.get(url, timeout=5).status_code == httpx.codes.OK
        return False

    def _end(self, number: int) -> None:
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, number)
            self.process.wait(_PATIENCE)
            self.wait_until_gone()
        self.process = None

    def wait_until_gone(self) -> None:
        """The script is gone; its Java closes its socket a moment later."""
        _wait(self._silent, "Keycloak does not end")

    def _silent(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) != 0


def free_port() -> int:
    """A port that nobody listens on, nor on the next one, where Keycloak says how it is."""
    for _ in range(_TRIES):
        with socket.create_server(("127.0.0.1", 0)) as found:
            port: int = found.getsockname()[1]
        with suppress(OSError), socket.create_server(("127.0.0.1", port + 1)):
            return port
    raise OSError("no two free ports in a row")


def end_left_over(home: Path) -> None:
    """End the Keycloak that a killed demo left behind in this home."""
    for process in psutil.process_iter(["cmdline"]):
        if any(word.startswith(f"-Dkc.home.dir={home}/") for word in process.info["cmdline"] or ()):
            with suppress(psutil.Error):
                process.kill()
                process.wait(_PATIENCE)


def _wait(done: Callable[[], bool], otherwise: str) -> None:
    until = time.monotonic() + _PATIENCE
    while not done():
        if time.monotonic() > until:
            raise RuntimeError(otherwise)
        time.sleep(_LOOK)
