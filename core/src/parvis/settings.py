"""One frozen `Settings`, read from the environment at start. Secrets come from it or from files, never from code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from parvis.errors import ConfigurationError

Environment = Literal["production", "demo", "test"]
S = TypeVar("S")


def setting(default: Any, doc: str, read: Callable[[str], Any] = str, secret: bool = False) -> Any:
    """A field of a settings class: its default, what it means, and how a variable's text is read (or ValueError)."""
    return field(default=default, metadata={"doc": doc, "read": read, "secret": secret})


def _switch(raw: str) -> bool:
    if raw.lower() not in {"on", "off"}:
        raise ValueError("say on or off")
    return raw.lower() == "on"


def _level(raw: str) -> str:
    return "" if raw.lower() == "off" else raw


def _environment(raw: str) -> str:
    if raw not in {"production", "demo", "test"}:
        raise ValueError("say production, demo or test")
    return raw


def _seconds(raw: str) -> timedelta:
    return timedelta(seconds=float(raw))


def _minutes(raw: str) -> timedelta:
    return timedelta(minutes=float(raw))


def _days(raw: str) -> timedelta:
    return timedelta(days=float(raw))


_LEAST_AUDIT = timedelta(days=180)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Every setting of an instance. `PARVIS_<NAME>` sets one; `PARVIS_<NAME>_FILE` reads it from a file."""

    env: Environment = setting("production", "production, demo or test", _environment)
    data: Path = setting(Path(".parvis"), "folder of the embedded database, keys and caught mail", Path)
    port: int = setting(8000, "port of the portal; the demo counts its other ports from it", int)
    host: str = setting("127.0.0.1", "address the portal listens on")
    public_url: str = setting("", "address people type, without a slash at the end; the port's when empty")
    zone: ZoneInfo = setting(ZoneInfo("Europe/Paris"), "time zone of the territory", ZoneInfo)
    territory: str = setting("m2a", "slug of the emitter that holds the territory's portal")
    log_level: str = setting("INFO", "DEBUG, INFO, WARNING or ERROR")

    database_url: str = setting("", "PostgreSQL of the serving role; embedded when empty", secret=True)
    database_owner_url: str = setting("", "PostgreSQL of the role that owns and migrates", secret=True)
    listen_url: str = setting("", "direct PostgreSQL address for LISTEN, past a pooler", secret=True)
    pool_size: int = setting(10, "database connections a process", int)
    broker_url: str = setting("", "redis:// or amqp:// for several machines; in process when empty", secret=True)

    keys: str = setting(
        "", "id:base64 of 32 bytes, comma-separated: the first key writes, the last one finds", secret=True
    )
    oidc_issuer: str = setting("", "issuer of the sign-on; its discovery document is fetched at need")
    oidc_client_id: str = setting("parvis", "client id at the sign-on")
    oidc_client_secret: str = setting("", "client secret at the sign-on", secret=True)

    second_factor: str = setting(
        "2fa", "what the sign-on calls a second factor (acr), which pages of the back office demand; or off", _level
    )

    smtp_url: str = setting("", "smtp://[user:password@]host:port, or smtps://", secret=True)
    mail_from: str = setting("ne-pas-repondre@localhost", "sender of the portal's mails")
    sms_url: str = setting("", "where SMS are posted; kept as files in the data folder when empty", secret=True)

    limits: bool = setting(True, "off lifts the limits per client and person, for load tests", _switch)
    limit_requests: int = setting(600, "API requests a minute and client", int)
    limit_claims: int = setting(60, "hours held, bookings and codes in ten minutes, for each client", int)
    limit_unproved: int = setting(
        6, "hours held in ten minutes without the calculation an emitter may ask for, for each client", int
    )
    limit_codes: int = setting(6, "codes an hour for one contact", int)
    limit_contacts: int = setting(4, "contacts that get a code in an hour, for one held hour or session", int)
    limit_client_codes: int = setting(30, "codes an hour for each client: SMS cost money", int)
    limit_finds: int = setting(10, "names tried in an hour with one reference, codes with one account", int)
    skip_refused_plugins: bool = setting(False, "on starts the instance without the plugins it refuses", _switch)
    hold: timedelta = setting(timedelta(minutes=10), "minutes an hour is held while a form is filled in", _minutes)
    hold_extended: timedelta = setting(timedelta(minutes=30), "minutes of a prolonged hold", _minutes)
    freed_delay: timedelta = setting(timedelta(hours=4), "longest random delay, in minutes, of a freed hour", _minutes)
    freed_at_once: timedelta = setting(timedelta(days=2), "days before its start a freed hour returns at once", _days)
    session_idle: timedelta = setting(timedelta(hours=2), "minutes without a click before a session ends", _minutes)
    session_refresh: timedelta = setting(
        timedelta(minutes=5),
        "minutes after which the sign-on is asked again whether an account and its roles still stand",
        _minutes,
    )
    session_max: timedelta = setting(timedelta(hours=10), "minutes a session lasts at most", _minutes)

    contract_notice: timedelta = setting(
        timedelta(days=60), "days before its last one that both sides of a contract are written to", _days
    )

    audit_kept: timedelta = setting(
        timedelta(days=365),
        "days the trace of who did and saw what is kept from the end of its month on, from 180",
        _days,
    )

    def __post_init__(self) -> None:
        if self.audit_kept < _LEAST_AUDIT:
            raise ConfigurationError(
                "PARVIS_AUDIT_KEPT: the trace is kept for 180 days at least. Say more, or unset it."
            )
        if self.env == "production":
            if not self.limits:
                raise ConfigurationError("PARVIS_LIMITS=off is for load tests; production refuses it. Unset it.")
            if not self.keys:
                raise ConfigurationError("PARVIS_KEYS is missing. `parvis keys new` prints one; keep it safe.")

    @property
    def base_url(self) -> str:
        """Scheme, host and port that links carry, without a slash at the end."""
        return self.public_url.rstrip("/") or f"http://localhost:{self.port}"

    @property
    def secure(self) -> bool:
        """Whether people reach the instance over https: cookies are then `__Host-` and Secure."""
        return urlsplit(self.base_url).scheme == "https"

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """Read `PARVIS_*`. Raises ConfigurationError, naming the variable, on a value that cannot be read."""
        return read(cls, environ)


def read(kind: type[S], environ: Mapping[str, str], prefix: str = "PARVIS_") -> S:
    """A frozen dataclass of `setting` fields, from `<prefix><NAME>`. Raises ConfigurationError, naming the variable."""
    values = {}
    for found in fields(kind):  # type: ignore[arg-type]
        name = f"{prefix}{found.name.upper()}"
        if (raw := _raw(environ, name)) is not None:
            values[found.name] = _read(name, raw, found.metadata["read"])
    return kind(**values)


def prefix_of(plugin: str) -> str:
    """What the variables of a plugin's own settings begin with.

    >>> prefix_of("idcard")
    'PARVIS_IDCARD_'
    """
    return f"PARVIS_{plugin.upper()}_"


def _raw(environ: Mapping[str, str], name: str) -> str | None:
    if path := environ.get(f"{name}_FILE"):
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            raise ConfigurationError(f"{name}_FILE: {path} cannot be read ({error.strerror}).") from error
    return environ.get(name)


def _read(name: str, raw: str, read: Callable[[str], Any]) -> Any:
    try:
        return read(raw)
    except (ValueError, ZoneInfoNotFoundError) as error:
        raise ConfigurationError(f"{name}: {raw!r} cannot be read ({error}).") from error


_current: list[Settings] = []


def current() -> Settings:
    """The settings this process runs with. Raises ConfigurationError before `use` was called."""
    if not _current:
        raise ConfigurationError("Settings were asked for before the process read them.")
    return _current[-1]


def use(settings: Settings) -> None:
    """Make `settings` the process's own; a composition root calls it once, tests once a test."""
    _current[:] = [settings]


_provided: dict[type, Any] = {}


def provide(value: Any) -> None:
    """Hand a plugin its own settings for the instance; a composition root does so, tests as they like."""
    _provided[type(value)] = value


def provided(kind: type[S]) -> S:
    """A plugin's own settings for the instance as this process read them; their defaults before it did."""
    found: S = _provided.get(kind) or kind()
    return found
