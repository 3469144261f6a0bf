"""A lean HTTP load: keep-alive connections that each send the next request as soon as the last is answered."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Load:
    """Answers by status, and the seconds from the first request to the last answer."""

    statuses: Counter[int]
    seconds: float


def request(method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> bytes:
    """An HTTP/1.1 request as bytes."""
    head = f"{method} {path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


class _Client(asyncio.Protocol):
    def __init__(self, following: Callable[[], bytes | None], statuses: Counter[int]) -> None:
        self._following, self._statuses = following, statuses
        self._buffer = b""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def send(self) -> None:
        following = self._following()
        if following is None:
            self.done.set_result(None)
        else:
            self._transport.write(following)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._buffer[:end].lower()
        at = head.index(b"content-length:") + 15
        length = int(head[at : (head.find(b"\r\n", at) + 1 or len(head) + 1) - 1])
        if len(self._buffer) >= end + 4 + length:
            self._statuses[int(head[9:12])] += 1
            self._buffer = b""
            self.send()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("closed"))


async def run(port: int, requests: Iterator[bytes], clients: int, seconds: float | None) -> Load:
    """Send `requests` over so many connections, until they end or the seconds are over."""
    statuses: Counter[int] = Counter()
    deadline: list[float] = []

    def following() -> bytes | None:
        return None if deadline and time.monotonic() > deadline[0] else next(requests, None)

    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(lambda: _Client(following, statuses), "127.0.0.1", port) for _ in range(clients)
    ]
    began = time.monotonic()
    if seconds is not None:
        deadline.append(began + seconds)
    for _, client in made:
        client.send()
    await asyncio.gather(*(client.done for _, client in made))
    took = time.monotonic() - began
    for transport, _ in made:
        transport.close()
    return Load(statuses, took)
