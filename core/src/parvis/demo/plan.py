"""What one demo is made of: its folder, its ports, its processes and their surroundings."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from parvis.contract.values import Simulator
from parvis.demo.nursery import Program
from parvis.errors import ConfigurationError
from parvis.plugins import Plugin
from parvis.settings import Settings

PROVIDER, MAIL = 3, 4
# Beside the contract's ports and the simulators': how Keycloak is, and what opens once people can sign in there.
KEYCLOAK_HEALTH, KEYCLOAK_READY = 8, 9
_REALM = "parvis"
_LOOPBACK = "127.0.0.1"
_COMMAND = "parvis.cli:main"
# What the programs are made of. By name, as the composition roots stand above this package.
SHARED = (
    "parvis.cli.running",
    "parvis.demo.mailbox",
    "parvis.demo.prepare",
    "parvis.demo.provider",
    "parvis.demo.simulating",
)


@dataclass(frozen=True, slots=True)
class Played:
    """Another system that a plugin simulates."""

    plugin: str
    simulator: Simulator


def played_by(installed: Iterable[Plugin]) -> tuple[Played, ...]:
    """Every system that the plugins simulate."""
    return tuple(Played(plugin.key, one) for plugin in installed if plugin.demo for one in plugin.demo.simulators)


def demo_settings(environ: Mapping[str, str], keycloak: bool = False) -> Settings:
    """The demo's settings, with the sign-on of its own or a real Keycloak.

    Raises ConfigurationError under production settings, or if a variable cannot be read.
    """
    if environ.get("PARVIS_ENV", "demo") != "demo":
        raise ConfigurationError(
            f"The demo never runs with PARVIS_ENV={environ['PARVIS_ENV']}: unset it, or run `parvis serve`."
        )
    read = Settings.from_env({**environ, "PARVIS_ENV": "demo"})
    return replace(
        read,
        data=read.data.absolute(),
        oidc_issuer=f"http://localhost:{read.port + PROVIDER}{f'/realms/{_REALM}' if keycloak else ''}",
        oidc_client_secret=secrets.token_urlsafe(24),
        smtp_url=f"smtp://{_LOOPBACK}:{read.port + MAIL}",
    )


def is_on_keycloak(settings: Settings) -> bool:
    """Whether people sign in at a real Keycloak."""
    return settings.oidc_issuer.endswith(f"/realms/{_REALM}")


def keycloak_home(settings: Settings) -> Path:
    """Where the demo's Keycloak lives, with its database."""
    return settings.data / "keycloak"


def environment(settings: Settings, environ: Mapping[str, str], played: Iterable[Played] = ()) -> dict[str, str]:
    """The environment of the demo's processes; they share keys, clock and faults by the data folder."""
    own = {
        "PARVIS_ENV": "demo",
        "PARVIS_DATA": str(settings.data),
        "PARVIS_OIDC_ISSUER": settings.oidc_issuer,
        "PARVIS_OIDC_CLIENT_SECRET": settings.oidc_client_secret,
        "PARVIS_SMTP_URL": settings.smtp_url,
    }
    if is_on_keycloak(settings):
        own |= {"PARVIS_GROUPS_CLIENT_ID": "parvis-groups", "PARVIS_GROUPS_CLIENT_SECRET": secrets.token_urlsafe(24)}
    for one in played:
        own |= one.simulator.environ(f"http://{_LOOPBACK}:{settings.port + one.simulator.port}")
    return {**environ, **own}


def preparation() -> Program:
    """What brings the database up to date and seeds it; it ends by itself."""
    return Program("prepare", "parvis.demo.prepare:main")


def surroundings(settings: Settings, played: Iterable[Played] = ()) -> tuple[Program, ...]:
    """What runs around the portal and does not need its database."""
    return (
        _sign_on(settings),
        Program("mail", "parvis.demo.mailbox:main", port=settings.port + MAIL),
        *(
            Program(
                one.simulator.key,
                "parvis.demo.simulating:main",
                (one.plugin, one.simulator.key),
                settings.port + one.simulator.port,
            )
            for one in played
        ),
    )


def _sign_on(settings: Settings) -> Program:
    if is_on_keycloak(settings):
        return Program("sign-on", "parvis.demo.keycloak.program:main", port=settings.port + KEYCLOAK_READY)
    return Program("sign-on", "parvis.demo.provider:main", port=settings.port + PROVIDER)


def portal() -> Program:
    """The web process, which is handed an open socket."""
    return Program("web", _COMMAND, ("serve",))


def worker() -> Program:
    """What delivers mails and keeps time."""
    return Program("worker", _COMMAND, ("worker",))
