"""An instance as it runs in production: a web process and a worker of their own, on the test's database. Not a test."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from parvis.settings import Settings
from parvis.testing.running import wait_for

WEB, WORKER = "web", "worker"


@dataclass
class Instance:
    """The port stays open while the web process is away, as under systemd or the demo: clients wait in its queue."""

    listener: socket.socket
    environ: Mapping[str, str]
    logs: Path
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def start(self, *names: str) -> None:
        for name in names:
            with (self.logs / f"{name}.log").open("ab") as log:
                self.running[name] = subprocess.Popen(
                    [sys.executable, "-m", "parvis", *self._words(name)],
                    env={**os.environ, **self.environ},
                    pass_fds=(self.listener.fileno(),),
                    stdout=log,
                    stderr=log,
                )

    def wait_until_ready(self) -> None:
        """Wait until the web process serves. Raises TimeoutError."""

        def answers() -> bool:
            # On a busy machine it may take a while to start; its port is open already.
            with suppress(httpx.HTTPError):
                return httpx.get(f"{self.url}/health/ready", timeout=10).is_success
            return False

        wait_for(answers, "the portal to be ready")

    def kill(self, name: str) -> None:
        """`kill -9`, and wait until it is gone."""
        process = self.running.pop(name)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def _words(self, name: str) -> list[str]:
        return ["serve", "--fd", str(self.listener.fileno())] if name == WEB else [name]


@contextmanager
def instance_of(settings: Settings, **environ: str) -> Iterator[Instance]:
    """An instance with these settings; nothing runs until it is started, and nothing after the block."""
    own = {
        "PARVIS_ENV": settings.env,
        "PARVIS_DATA": str(settings.data),
        "PARVIS_DATABASE_URL": settings.database_url,
        "PARVIS_DATABASE_OWNER_URL": settings.database_owner_url,
        "PARVIS_SMTP_URL": settings.smtp_url,
        "PARVIS_MAIL_FROM": settings.mail_from,
        "PARVIS_LIMITS": "on" if settings.limits else "off",
    }
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        found = Instance(listener, {**own, **environ}, settings.data)
        try:
            yield found
        finally:
            for name in list(found.running):
                found.kill(name)
