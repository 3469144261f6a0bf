"""A real Keycloak for every test here: one a run, so they stand in one group.

Where it cannot be had the tests are skipped, and the run says so; with PARVIS_TEST_KEYCLOAK=required they fail.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.keycloak.distribution import MissingError, copy, prepared
from tests.keycloak.server import Keycloak


@pytest.fixture(scope="session")
def home() -> Path:
    """The prepared Keycloak; it is copied, never started."""
    try:
        return prepared()
    except MissingError as reason:
        if os.environ.get("PARVIS_TEST_KEYCLOAK") == "required":
            pytest.fail(f"Keycloak is required here: {reason}", pytrace=False)
        pytest.skip(f"no Keycloak: {reason}")


@pytest.fixture(scope="session")
def keycloak(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keycloak]:
    """The run's Keycloak, with nothing in it but the administrator."""
    found = Keycloak(copy(home, tmp_path_factory.mktemp("keycloak") / "home"))
    found.start()
    yield found
    found.kill()
    shutil.rmtree(found.home)
