"""One Keycloak: started, stopped, killed and started again on the same port."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from parvis.testing.running import free_port, wait_for

# A service account of the master realm, made at the very first start.
ADMIN = ("parvis-tests", "only for tests")
# A start takes half as long with one collector and one compiler stage; JAVA_OPTS replaces the script's own.
_JAVA = "-Xms128m -Xmx512m -XX:MaxMetaspaceSize=256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1"
_PATIENCE = 60


@dataclass
class Keycloak:
    """The Keycloak in `home`; its database stays there from one start to the next."""

    home: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"http://localhost:{self.port}"

    def start(self) -> None:
        """Start it and wait until it is ready. Raises RuntimeError with what it said."""
        words = ("--http-enabled=true", "--hostname-strict=false", f"--http-port={self.port}")
        # No cluster: a second start would wait 20 s for the member that the first one was.
        alone = ("--cache=local", f"--http-management-port={self.port + 1}")
        command = [self.home / "bin/kc.sh", "start", "--optimized", *words, *alone]
        client, secret = ADMIN
        environ = os.environ | {
            "JAVA_OPTS": _JAVA,
            "KC_BOOTSTRAP_ADMIN_CLIENT_ID": client,
            "KC_BOOTSTRAP_ADMIN_CLIENT_SECRET": secret,
        }
        with (self.home / "said").open("wb") as said:
            # A group of its own: the script's Java would outlive a kill of the script.
            self.process = subprocess.Popen(
                command, env=environ, stdout=said, stderr=subprocess.STDOUT, start_new_session=True
            )
        wait_for(self._ready, "Keycloak to be ready")

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
            return httpx.get(f"http://localhost:{self.port + 1}/health/ready").status_code == httpx.codes.OK
        return False

    def _end(self, number: int) -> None:
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, number)
            self.process.wait(_PATIENCE)
            # The script is gone; its Java closes its socket a moment later.
            wait_for(self._silent, "Keycloak to be gone")
        self.process = None

    def _silent(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) != 0
