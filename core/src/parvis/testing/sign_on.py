"""The strict sign-on of the demo as a real server on a free port, for tests; and signing in without a browser."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import uvicorn

from parvis.demo.issuing import Issuing
from parvis.demo.people import PEOPLE
from parvis.demo.provider import client_of, server
from parvis.settings import Settings


def free_socket() -> tuple[socket.socket, str]:
    """A listening socket on a free port of the loopback, and its address."""
    listening = socket.create_server(("127.0.0.1", 0))
    return listening, f"http://localhost:{listening.getsockname()[1]}"


@asynccontextmanager
async def serving(found: uvicorn.Server, listening: socket.socket) -> AsyncIterator[None]:
    """Run a server in this loop for as long as the block lasts."""
    # The test process keeps its own signal handlers.
    found.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
    running = asyncio.create_task(found.serve(sockets=[listening]))
    while not found.started:
        if running.done():
            await running
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        found.should_exit = True
        await running
        listening.close()


@asynccontextmanager
async def sign_on(settings: Settings) -> AsyncIterator[Issuing]:
    """The provider for the portal of these settings, whose `oidc_issuer` is ignored: see `issuing.issuer`."""
    listening, issuer = free_socket()
    issuing = Issuing(issuer, client_of(settings), PEOPLE)
    async with serving(server(issuing), listening):
        yield issuing


@asynccontextmanager
async def portal(app: Any, listening: socket.socket) -> AsyncIterator[None]:
    """An application as a real server on a socket of `free_socket`."""
    config = uvicorn.Config(app, log_level="warning", access_log=False)
    async with serving(uvicorn.Server(config), listening):
        yield


async def sign_in(http: httpx.AsyncClient, sub: str, after: str = "") -> httpx.Response:
    """Sign in as a script does: follow /login, post the page's form. Gives the callback's answer."""
    page = await http.get("/login", params={"next": after} if after else {})
    chosen = await http.post(page.headers["location"], data={"sub": sub})
    return await http.get(chosen.headers["location"])
