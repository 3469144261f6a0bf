"""One worker behind HTTP: the smallest application over the real actions, or the real one."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

_UVICORN = "--log-level warning --loop uvloop --http httptools --no-access-log --no-server-header --no-proxy-headers"


@asynccontextmanager
async def smallest(url: str) -> AsyncIterator[int]:
    """One worker of `benchmarks.server`, its index filled; its port."""
    async with _worker("benchmarks.server:app", BENCH_DATABASE=url) as port:
        yield port


@asynccontextmanager
async def real(url: str) -> AsyncIterator[int]:
    """One worker of the application itself as `parvis serve` runs it, with its limits off; its port."""
    with tempfile.TemporaryDirectory(prefix="parvis-bench-data-") as folder:
        settings = {"ENV": "test", "LIMITS": "off", "DATA": folder, "DATABASE_URL": url, "POOL_SIZE": "8"}
        settings |= {"TERRITORY": "bench", "LOG_LEVEL": "ERROR"}
        named = {f"PARVIS_{name}": value for name, value in settings.items()}
        async with _worker("benchmarks.server:portal", "--factory", **named) as port:
            yield port


async def answers(port: int) -> None:
    """Wait until something listens there."""
    for _ in range(3000):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return
    raise RuntimeError(f"nothing answers at {port}")


def free_port() -> int:
    """A port of this machine that nothing listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@asynccontextmanager
async def _worker(application: str, *words: str, **environment: str) -> AsyncIterator[int]:
    port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "uvicorn", application, *words, "--port", str(port), *_UVICORN.split()),
        cwd=Path(__file__).parents[1],
        env=os.environ | environment,
    )
    try:
        await answers(port)
        yield port
    finally:
        process.terminate()
        await process.wait()
