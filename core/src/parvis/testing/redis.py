"""A Redis of a test's own, on a free port of loopback."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry


@dataclass(slots=True)
class RedisServer:
    """A running server; `lose` takes it away with all it held, `start` brings it back empty."""

    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The address for PARVIS_BROKER_URL."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def client(self) -> redis.Redis:
        """A client that waits for the server to answer, 5 s at most."""
        patient = Retry(ConstantBackoff(0.05), 100)
        return redis.Redis(port=self.port, retry=patient, retry_on_error=[redis.ConnectionError])

    def start(self) -> None:
        """Start it, keeping nothing on disk."""
        words = ("redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
        self.process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.client.ping()

    def lose(self) -> None:
        """Kill it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@contextmanager
def redis_server() -> Iterator[RedisServer]:
    """A Redis for the length of a test."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        server = RedisServer(probe.getsockname()[1])
    server.start()
    try:
        yield server
    finally:
        server.lose()
