"""Dead deliveries, seen and replayed by the command."""

import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner

from parvis import outbox, settings
from parvis.cli import main
from parvis.contract.values import Reaction
from parvis.db import transaction
from parvis.events import DossierOpened
from parvis.outbox import queries, subscriptions
from parvis.outbox.subscriptions import Subscriptions


async def _nothing(_: DossierOpened) -> None:
    return None


@pytest.fixture
def subscribed() -> Iterator[None]:
    before = subscriptions.current()
    subscriptions.use(Subscriptions((Reaction(key="t.react", event=DossierOpened, handle=_nothing),)))
    yield
    subscriptions.use(before)


@pytest.fixture
async def dead(database: str, subscribed: None) -> list[UUID]:
    async with transaction() as c:
        for _ in range(2):
            await outbox.record(DossierOpened(dossier=uuid4(), service="idcard"))
        await c.execute("UPDATE parvis.delivery SET state = 'dead', attempts = 12, error = 'KeyError', finished = due")
    return [info.id for info in await queries.dead()]


async def parvis(*words: str) -> str:
    now = settings.current()
    env = {
        "PARVIS_ENV": "test",
        "PARVIS_DATA": str(now.data),
        "PARVIS_DATABASE_URL": now.database_url,
        "PARVIS_DATABASE_OWNER_URL": now.database_owner_url,
    }
    command = (str(Path(sys.executable).with_name("parvis")), "deliveries", *words)
    done = await asyncio.create_subprocess_exec(*command, env={**os.environ, **env}, stdout=asyncio.subprocess.PIPE)
    said, _ = await done.communicate()
    assert done.returncode == 0
    return said.decode()


async def test_the_dead_are_listed(dead: list[UUID]) -> None:
    listed = await parvis("list")
    assert all(f"{one}  dossier.opened  t.react  12  KeyError" in listed for one in dead)


async def test_one_is_replayed_then_all(dead: list[UUID]) -> None:
    assert await parvis("replay", str(dead[0])) == "1 will be tried again.\n"
    assert str(dead[0]) not in await parvis("list")
    assert await parvis("replay", "--all") == "1 will be tried again.\n"
    assert await parvis("list") == ""


def test_without_a_choice_nothing_is_replayed() -> None:
    done = CliRunner().invoke(main, ["deliveries", "replay"])
    assert done.exit_code == 2
    assert "--all" in done.output
