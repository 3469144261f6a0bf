"""Mails while the worker is killed again and again: each leaves, and a second one is known by its Message-ID."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from parvis import clock, messages, settings
from parvis.contract.values import Channel
from parvis.db import connection, transaction
from parvis.demo.mailbox import CaughtMail, catching
from parvis.messages.reactions import CONTACT_CODE, reactions
from parvis.outbox import subscriptions
from parvis.outbox.subscriptions import Subscriptions
from parvis.territory import actions as territory

pytestmark = pytest.mark.fault
MAILS, KILLS, THREADS = 60, 3, 8
WORKER = """
    import os
    from datetime import timedelta
    from parvis import crypto, settings
    from parvis.jobs import worker
    from parvis.messages.reactions import reactions
    from parvis.outbox import subscriptions

    read = settings.Settings.from_env(os.environ)
    settings.use(read)
    crypto.use(crypto.load_keys(read))
    subscriptions.use(subscriptions.Subscriptions(reactions()))
    worker.run(read, (), timedelta(seconds=2))
"""


async def _queue() -> set[str]:
    ids = set()
    async with transaction():
        for n in range(MAILS):
            until = clock.now() + timedelta(hours=1)
            context = {"code": f"{n:06d}"}
            ids.add(await messages.send(CONTACT_CODE, Channel.MAIL, f"p{n}@example.org", "fr", None, context, until))
    return {f"<{one}@example.org>" for one in ids}


def _caught(folder: Path) -> Counter[str]:
    files = folder.glob("[!.]*.json")
    return Counter(msgspec.json.decode(file.read_bytes(), type=CaughtMail).message_id for file in files)


async def _until(folder: Path, mails: int) -> None:
    async with asyncio.timeout(60):
        while len(_caught(folder)) < mails:
            await asyncio.sleep(0.05)


async def _all_settled() -> None:
    async with asyncio.timeout(60), connection() as c:
        while await c.fetchval("SELECT count(*) FROM parvis.delivery WHERE state <> 'done'"):
            await asyncio.sleep(0.05)


@pytest.fixture
def subscribed() -> Iterator[None]:
    before = subscriptions.current()
    subscriptions.use(Subscriptions(reactions()))
    yield
    subscriptions.use(before)


@pytest.mark.usefixtures("subscribed")
async def test_no_mail_is_lost_and_few_are_sent_twice(database: str, tmp_path: Path) -> None:
    await territory.add_emitter("m2a", "Agglomération", "agglomeration", latitude=47.7, longitude=7.3)
    script = tmp_path / "worker.py"
    script.write_text(textwrap.dedent(WORKER))
    box = tmp_path / "mail"
    async with catching(box) as port:
        environ = {
            "PARVIS_ENV": "test",
            "PARVIS_DATA": str(tmp_path),
            "PARVIS_DATABASE_URL": settings.current().database_url,
            "PARVIS_SMTP_URL": f"smtp://127.0.0.1:{port}",
            "PARVIS_MAIL_FROM": "portail@example.org",
        }
        settings.use(replace(settings.current(), mail_from="portail@example.org"))
        expected = await _queue()
        for turn in range(KILLS + 1):
            process = subprocess.Popen([sys.executable, str(script)], env={**os.environ, **environ})
            try:
                if turn < KILLS:
                    await _until(box, (turn + 1) * MAILS // (KILLS + 2))
                else:
                    await _all_settled()
            finally:
                process.send_signal(signal.SIGKILL)
                await asyncio.to_thread(process.wait)
    caught = _caught(box)
    assert set(caught) == expected
    assert caught.total() <= MAILS + THREADS * KILLS
    async with connection() as c:
        assert {row["state"] for row in await c.fetch("SELECT state FROM parvis.message")} == {"sent"}
