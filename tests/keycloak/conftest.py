"""A real Keycloak for every test here: one a run, so they stand in one group.

Where it cannot be had the tests are skipped, and the run says so; with PARVIS_TEST_KEYCLOAK=required they fail.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.keycloak.realms import a_realm, provision

from parvis.demo.keycloak.distribution import KeycloakMissing, copy, prepared
from parvis.demo.keycloak.server import Keycloak, free_port
from parvis.identity.keycloak.files import KeycloakFile, RolesEntry
from parvis.settings import Settings
from parvis.testing.sign_on import free_socket


@pytest.fixture(scope="session")
def home() -> Path:
    """The prepared Keycloak; it is copied, never started."""
    try:
        return prepared()
    except KeycloakMissing as reason:
        if os.environ.get("PARVIS_TEST_KEYCLOAK") == "required":
            pytest.fail(f"Keycloak is required here: {reason}", pytrace=False)
        pytest.skip(f"no Keycloak: {reason}")


@pytest.fixture(scope="session")
def keycloak(home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keycloak]:
    """The run's Keycloak, with nothing in it but the administrator."""
    found = Keycloak(copy(home, tmp_path_factory.mktemp("keycloak") / "home"), free_port())
    found.start()
    yield found
    found.kill()
    shutil.rmtree(found.home)


@pytest.fixture(scope="session")
def provisioned(keycloak: Keycloak, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of a portal whose realm `parvis identity provision` made, and whose port stays the same."""
    listening, address = free_socket()
    listening.close()
    return made(keycloak, Settings(env="test", data=tmp_path_factory.mktemp("data"), port=urlsplit(address).port or 0))


@pytest.fixture(scope="session")
def narrowing(keycloak: Keycloak, provisioned: Settings) -> Settings:
    """The same portal at another realm, whose groups narrow roles."""
    return made(keycloak, provisioned, KeycloakFile(roles=RolesEntry(narrow=True)))


def made(keycloak: Keycloak, given: Settings, file: KeycloakFile = KeycloakFile()) -> Settings:
    """Settings with a realm that follows a file."""
    found = replace(given, oidc_issuer=a_realm(keycloak), oidc_client_secret="the portal's own / with: signs")
    provision(found, file)
    return found
