"""The simulated payment services, as a test that pays there needs them: as a process of their own, or in this one."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import uvicorn

from parvis.contract.values import Stage
from parvis.testing.sign_on import free_socket, serving

_PATIENCE = 60


@asynccontextmanager
async def payment_services(folder: Path, *faults: str) -> AsyncIterator[str]:
    """Their address while they run, with faults on; what they keep is in `folder`. PayFiP is under `/tpa`."""
    listening, address = free_socket()
    listening.close()
    port = address.rpartition(":")[2]
    words = (sys.executable, "-m", "parvis_payments.simulator", port, str(folder), *faults)
    process = await asyncio.create_subprocess_exec(*words, env=os.environ)
    address = f"http://127.0.0.1:{port}"
    try:
        async with httpx.AsyncClient() as http, asyncio.timeout(_PATIENCE):
            while not await _answers(http, address):
                await asyncio.sleep(0.05)
        yield address
    finally:
        process.terminate()
        await process.wait()


@asynccontextmanager
async def services_here(folder: Path, faults: set[str]) -> AsyncIterator[Mapping[str, str]]:
    """What leads an instance to them while they run in this process, under `faults`, which a test may change."""
    from parvis_payments.simulator.app import create, environ

    listening, address = free_socket()
    app = create(Stage(folder=folder, faults=lambda: frozenset(faults)))
    config = uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
    async with serving(uvicorn.Server(config), listening):
        yield environ(address)


async def _answers(http: httpx.AsyncClient, address: str) -> bool:
    try:
        await http.get(f"{address}/tpa/paiementws.web")
    except httpx.ConnectError:
        return False
    return True
