"""The file that says how Keycloak is to be: what municipal IT writes and keeps. Every entry has a default."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import msgspec

from parvis.errors import ConfigurationError

Alias: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=60)]
Address: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^https?://[^\s/]+(/\S*)?$")]
Factor: TypeAlias = Literal["app", "key"]
Count: TypeAlias = Annotated[int, msgspec.Meta(ge=1)]
Minutes: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=24 * 60)]


class _Entry(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class RealmEntry(_Entry, frozen=True, kw_only=True):
    """The realm's pages and sessions. The first language is the one of people who choose none.

    `own`: no other application signs people in here, so our flow is everybody's, Keycloak's account pages included.
    """

    name: str = ""
    own: bool = False
    theme: str | None = None
    languages: Annotated[tuple[str, ...], msgspec.Meta(min_length=1)] = ("fr", "de", "en")
    registration: bool = True
    verify_email: bool = False
    passwords: str = "length(12) and notUsername(undefined) and notEmail(undefined)"
    idle: Minutes = 30
    longest: Minutes = 600


class BruteForceEntry(_Entry, frozen=True, kw_only=True):
    """How long somebody waits who types wrong passwords: minutes more after each `failures`, up to `longest`."""

    failures: Count = 5
    wait: Minutes = 1
    longest: Minutes = 15


class RolesEntry(_Entry, frozen=True, kw_only=True):
    """`narrow`: a role counts in Parvis only for members of its group too. Fill the groups before.

    `push`: an account of its own (PARVIS_GROUPS_CLIENT_ID) may fill them, and the portal does.
    """

    narrow: bool = False
    push: bool = False


class ProviderEntry(_Entry, frozen=True, kw_only=True):
    """Another OpenID provider whose people may sign in: its secret stands in a variable or in a file, never here."""

    alias: Alias
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    discovery: Address
    client_id: str
    secret_env: str | None = None
    secret_file: Path | None = None
    scopes: str = "openid profile email"

    def secret(self) -> str:
        """Its secret. Raises ConfigurationError that says where it was looked for."""
        if (self.secret_env is None) == (self.secret_file is None):
            raise ConfigurationError(f"provider {self.alias}: give secret_env or secret_file, and not both.")
        if self.secret_env is not None:
            if found := os.environ.get(self.secret_env, ""):
                return found
            raise ConfigurationError(f"provider {self.alias}: the variable {self.secret_env} is empty.")
        assert self.secret_file is not None
        try:
            return self.secret_file.read_text().strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(f"provider {self.alias}: {self.secret_file} cannot be read.") from error


class KeycloakFile(_Entry, frozen=True, kw_only=True):
    """The whole file; `step_up` lets a page ask for a second factor by `acr_values=2fa`.

    `first_factor` is what somebody sets up then who has neither a code app nor a key.
    """

    step_up: bool = True
    first_factor: Factor = "app"
    realm: RealmEntry = RealmEntry()
    brute_force: BruteForceEntry = BruteForceEntry()
    roles: RolesEntry = RolesEntry()
    provider: tuple[ProviderEntry, ...] = ()


def read(file: Path | None) -> KeycloakFile:
    """The file's content, the defaults without one. Raises ConfigurationError that says where it is not understood."""
    if file is None:
        return KeycloakFile()
    try:
        return msgspec.toml.decode(file.read_bytes(), type=KeycloakFile)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file}: {error}") from error
