"""The embedded PostgreSQL: made, started, stopped, whatever state it is in."""

import os
import shutil
import signal

import asyncpg
import pytest

from parvis.db.cluster import cluster_in


@pytest.fixture
def own(tmp_path):
    found = cluster_in(tmp_path)
    found.start()
    yield found
    found.stop(1)
    for left in (found.data, found.sockets):
        shutil.rmtree(left, ignore_errors=True)


async def test_one_that_does_not_want_to_stop_is_stopped_and_recovers(own):
    connection = await asyncpg.connect(own.url("parvis_owner", "postgres"))
    await connection.execute("CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)")
    # A session that does not answer: it hears nothing, the order to end included.
    os.kill(await connection.fetchval("SELECT pg_backend_pid()"), signal.SIGSTOP)
    own.stop(1)
    assert not own.running()
    connection.terminate()
    assert own.start()
    again = await asyncpg.connect(own.url("parvis_owner", "postgres"))
    assert await again.fetchval("SELECT n FROM kept") == 1
    await again.close()


def test_stopping_a_stopped_one_is_nothing(own):
    own.stop()
    own.stop()
    assert not own.running()
    assert own.start()
    assert not own.start(), "it runs already"
