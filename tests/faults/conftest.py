from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from parvis.testing.running import RunningDemo


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDemo]:
    """One demo for every test about it, which stand in the group `demo`: a start is dear. Its life's end comes last."""
    found = RunningDemo(tmp_path_factory.mktemp("demo"))
    found.start()
    yield found
    found.kill_everything()
    shutil.rmtree(found.cluster.data, ignore_errors=True)
