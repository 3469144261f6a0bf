"""`parvis audit verify`: a sentence a fault, and an exit code for whoever runs it at night."""

import asyncio
import os
import sys
from pathlib import Path

import asyncpg
import pytest

from parvis import settings
from parvis.audit import actions, heads
from parvis.audit.chaining import chain
from parvis.db import new_id
from parvis.identity.actors import Actor


@pytest.fixture
async def lines(database):
    for _ in range(3):
        await actions.trace(Actor(), "open", "dossier", new_id())
        await chain()


async def verify(*words):
    now = settings.current()
    env = {
        "PARVIS_ENV": "test",
        "PARVIS_DATA": str(now.data),
        "PARVIS_DATABASE_URL": now.database_url,
        "PARVIS_DATABASE_OWNER_URL": now.database_owner_url,
    }
    command = (str(Path(sys.executable).with_name("parvis")), "audit", "verify", *words)
    pipe = asyncio.subprocess.PIPE
    done = await asyncio.create_subprocess_exec(*command, env={**os.environ, **env}, stdout=pipe, stderr=pipe)
    said, told = await done.communicate()
    return done.returncode, said.decode().splitlines(), told.decode()


async def test_a_whole_chain_ends_with_zero(lines):
    await actions.trace(Actor(), "open", "dossier", new_id())
    assert await verify() == (0, ["3 lines, 1 wait for their place: nothing was changed."], "")


async def test_each_fault_is_a_sentence_and_ends_with_three(lines):
    owner = await asyncpg.connect(settings.current().database_owner_url)
    await owner.execute("SET session_replication_role = replica")
    await owner.execute("DELETE FROM parvis.audit_trace WHERE seq = (SELECT seq FROM parvis.audit_link WHERE number=2)")
    await owner.execute("DELETE FROM parvis.audit_link WHERE number = 3")
    await owner.close()
    code, said, told = await verify()
    assert code == 3
    assert [one.partition(" (")[0] for one in said] == ["Line 2", *said[1:]]
    assert "Line 3 was removed, or a back-up from before them was put back: line 3 was signed once." in said
    assert "2 lines, 1 wait" in told


async def test_a_head_that_is_none_ends_with_one(lines, tmp_path):
    code, said, told = await verify("--head", str(tmp_path / "nowhere"))
    assert (code, said) == (1, [])
    assert "is not there" in told
    heads.file().write_text("nonsense")
    assert (await verify())[0] == 1
