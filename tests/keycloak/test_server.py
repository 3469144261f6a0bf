"""The Keycloak that the other tests stand on."""

import httpx
import pytest

from parvis.demo.keycloak.distribution import java_version
from parvis.demo.keycloak.server import ADMIN, Keycloak

pytestmark = [pytest.mark.keycloak, pytest.mark.xdist_group("keycloak")]


def administrator(found: Keycloak) -> httpx.Response:
    client, secret = ADMIN
    form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret}
    return httpx.post(f"{found.url}/realms/master/protocol/openid-connect/token", data=form)


def test_it_serves_its_administrator(keycloak):
    assert administrator(keycloak).status_code == 200


@pytest.mark.parametrize(
    ("said", "major"),
    [('openjdk version "17.0.15" 2025-04-15', 17), ('java version "1.8.0_392"', 8), ('version "25"', 25), ("none", 0)],
)
def test_the_version_of_java_is_read(said, major):
    assert java_version(said) == major
