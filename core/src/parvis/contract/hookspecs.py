"""The hooks of a plugin. All are synchronous, take no argument, and return frozen values, read once at start.

Only `manifest` has to be there. A module of a plugin's package holds them, each under `@hookimpl`; the
entry point in the group `parvis` names that module, and has the plugin's key as its name.

What an operator sets for the whole instance, such as addresses and secrets of other systems, is no hook: a module
`environment` of the package holds `Environment`, a frozen dataclass of `parvis.settings.setting` fields. Each is set by
`PARVIS_<KEY>_<NAME>` and read once at start; `settings.provided(Environment)` gives it.
"""

from __future__ import annotations

from click import Command
from msgspec import Struct
from pluggy import HookimplMarker, HookspecMarker

from parvis.contract.values import (
    Demo,
    Manifest,
    MessageTemplate,
    Mount,
    NavEntry,
    PaymentProvider,
    Permission,
    PersonalData,
    Reaction,
    Service,
)

PROJECT = "parvis"
hookspec = HookspecMarker(PROJECT)
hookimpl = HookimplMarker(PROJECT)


@hookspec
def manifest() -> Manifest:  # type: ignore[empty-body]
    """Who the plugin is: key, name, the core versions it works with, data it holds and how long, addresses it calls.

    An emitter's manager reads it before enabling the plugin. `core` is a version range like `>=0.1,<0.2`.
    """


@hookspec
def settings() -> type[Struct] | None:
    """The plugin's settings for each emitter, as a msgspec Struct whose every field has a default.

    The core edits, previews, keeps and decodes them. A field is a whole number, a tick (`bool`), a line (`str`), a
    text by language (`web.fields.Wording`), or a tuple with a `web.fields.Reader`; annotated with `values.Asked` it
    has a label, a hint and a section in the editor. A class attribute `version: ClassVar[int]` (1 without one) counts
    up when fields change meaning; then `upgrade(kept: dict, version: int) -> dict`, a static method, turns
    what an older version kept into today's fields.
    """


@hookspec
def services() -> tuple[Service, ...]:  # type: ignore[empty-body]
    """What residents may ask for: kinds, details as a Struct, first page, how long personal data are kept."""


@hookspec
def routes() -> tuple[Mount, ...]:  # type: ignore[empty-body]
    """Litestar routers, where each one goes, and for whom it is. Every route has one guard of `identity.guards`."""


@hookspec
def permissions() -> tuple[Permission, ...]:  # type: ignore[empty-body]
    """What members of staff may do, and which roles may by default. Keys are `<plugin>.<name>`."""


@hookspec
def nav_entries() -> tuple[NavEntry, ...]:  # type: ignore[empty-body]
    """Lines of the back office's navigation, shown to those who have the permission."""


@hookspec
def message_templates() -> tuple[MessageTemplate, ...]:  # type: ignore[empty-body]
    """Mails and SMS the plugin sends, each with a sample for the preview and the test. Keys are `<plugin>/<name>`."""


@hookspec
def commands() -> tuple[Command, ...]:  # type: ignore[empty-body]
    """Click commands or groups under `parvis`. Names are the plugin's key, or begin with `<plugin>-`."""


@hookspec
def reactions() -> tuple[Reaction, ...]:  # type: ignore[empty-body]
    """What the plugin does on events: `async handle(event)`, at least once, after commit. Keys are `<plugin>.<name>`.

    Each reaction has deliveries of its own, so that one that fails starves no other; handle is idempotent.
    """


@hookspec
def personal_data() -> tuple[PersonalData, ...]:  # type: ignore[empty-body]
    """Export and erasure of the plugin's tables, by dossier. Figures survive erasure as anonymous facts."""


@hookspec
def payment_providers() -> tuple[PaymentProvider, ...]:  # type: ignore[empty-body]
    """Ways to pay online: what implements `contract.payments.Provider`, and what a till says of its account there.

    Keys are `<plugin>.<name>`. A provider reads what a till said with `payments.accounts.account_details`.
    """


@hookspec
def demo() -> Demo | None:
    """What the plugin brings to `make demo`: a seed that runs once, systems it simulates, switches for faults."""
