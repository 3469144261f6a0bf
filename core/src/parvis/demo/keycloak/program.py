"""The demo's sign-on with a real Keycloak: started, brought in line, and stopped with the demo.

It answers on a port of its own once people can sign in: Keycloak's is open long before.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from pkgutil import resolve_name
from typing import Any

from parvis import crypto, settings
from parvis.demo import plan
from parvis.demo.keycloak.server import Keycloak, end_left_over
from parvis.errors import ConfigurationError, ParvisError
from parvis.identity.keycloak.access import GROUPS_PREFIX, GroupsAccess
from parvis.settings import Settings


def main() -> None:
    """Serve until a signal."""
    ready = Settings.from_env(os.environ)
    settings.use(ready)
    crypto.use(crypto.load_keys(ready))
    found = Keycloak(
        plan.keycloak_home(ready), ready.port + plan.PROVIDER, apart=False, health=ready.port + plan.KEYCLOAK_HEALTH
    )
    # The whole group is asked to stop: Keycloak does, and this waits for it.
    signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        end_left_over(found.home)
        found.start()
        _furnish(found, ready)
    except ParvisError as error:
        sys.exit(f"parvis: {error}")
    except RuntimeError as error:
        sys.exit(f"parvis: Keycloak does not start: {str(error).strip().splitlines()[-1]}")
    with socket.create_server(("127.0.0.1", ready.port + plan.KEYCLOAK_READY)):
        assert found.process is not None
        found.process.wait()
        found.wait_until_gone()


def _furnish(found: Keycloak, ready: Settings) -> None:
    try:
        furnish: Any = resolve_name("parvis.demo.keycloak.furnishing:furnish")
    except ModuleNotFoundError as error:
        raise ConfigurationError("The library for Keycloak is missing: install parvis-core[keycloak].") from error
    furnish(found.url, ready, settings.read(GroupsAccess, os.environ, GROUPS_PREFIX))


if __name__ == "__main__":
    main()
