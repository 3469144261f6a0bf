"""The demo's mail server: real SMTP on loopback; nothing leaves, every mail is kept in the data folder.

A mail is an `.eml` with a `.json` beside it that says to whom and when. Run it with `python -m
parvis.demo.mailbox`; tests open it in their own loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
from collections.abc import AsyncIterator, Callable
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from aiosmtpd.smtp import SMTP, Envelope

from parvis import clock
from parvis.demo import faults
from parvis.settings import Settings

_LIMIT = 20 * 1024 * 1024
_SLOW_SECONDS = 5
Faults = Callable[[], frozenset[str]]


class CaughtMail(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept beside a mail; `sender` and `to` are the envelope's, `at` is an instant in ISO 8601."""

    channel: str = "mail"
    at: str
    sender: str
    to: list[str]
    subject: str
    message_id: str


class _Catcher:
    """aiosmtpd calls these by name."""

    def __init__(self, folder: Path, active: Faults) -> None:
        self.folder, self.active = folder, active

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, _server: Any, _session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Say no while the fault is on, as a server that is being mended does."""
        active = self.active()
        if faults.SMTP_SLOW in active:
            await asyncio.sleep(_SLOW_SECONDS)
        if faults.SMTP_DOWN in active:
            return "451 4.3.2 Switched off at /demo/faults"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        """Keep it, then say so: an accepted mail survives a kill."""
        await asyncio.to_thread(keep, self.folder, envelope)
        return "250 2.0.0 Kept"


def keep(folder: Path, envelope: Envelope) -> Path:
    """Write a mail and what was around it; its file."""
    raw = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
    head = message_from_bytes(raw, policy=default)
    now = clock.now()
    caught = CaughtMail(
        at=now.isoformat(),
        sender=envelope.mail_from or "",
        to=list(envelope.rcpt_tos),
        subject=str(head["subject"] or ""),
        message_id=str(head["message-id"] or ""),
    )
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{now:%Y%m%dT%H%M%S%f}-{secrets.token_hex(3)}"
    _written(folder / f"{stem}.eml", raw)
    # Last, so that whoever sees it finds the mail too.
    _written(folder / f"{stem}.json", msgspec.json.format(msgspec.json.encode(caught)))
    return folder / f"{stem}.eml"


def no_faults() -> frozenset[str]:
    """A server that works."""
    return frozenset()


@contextlib.asynccontextmanager
async def catching(folder: Path, port: int = 0, active: Faults = no_faults) -> AsyncIterator[int]:
    """Catch mail in the running loop, on loopback; gives the port, a free one for 0."""
    loop = asyncio.get_running_loop()
    catcher = _Catcher(folder, active)

    def connected() -> SMTP:
        return SMTP(catcher, data_size_limit=_LIMIT, enable_SMTPUTF8=True, hostname="localhost", loop=loop)

    server = await loop.create_server(connected, "127.0.0.1", port)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


def _written(file: Path, content: bytes) -> None:
    draft = file.with_name(f".{file.name}")
    draft.write_bytes(content)
    draft.replace(file)


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    port = urlsplit(settings.smtp_url).port or settings.port + 4
    async with catching(settings.data / "mail", port, lambda: faults.active(settings.data)):
        await stop.wait()


def main() -> None:
    """Be the demo's mail server until told to stop."""
    settings = Settings.from_env(os.environ)
    clock.follow(settings.data / "clock")
    asyncio.run(_serve(settings))


if __name__ == "__main__":
    main()
