"""`docs/reference`: hooks, settings, events and commands, written from the code so that they cannot lie."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import msgspec

from parvis.contract import hookspecs, values
from parvis.events import event_types
from parvis.identity.keycloak.access import GROUPS_PREFIX, PREFIX, Access, GroupsAccess
from parvis.plugins import load
from parvis.plugins.rules import HOOKS
from parvis.settings import Settings, prefix_of

_UNITS = (timedelta(minutes=1), timedelta(days=1), timedelta(seconds=1))
_HEAD = "# {}\n\n*Written from the code by `make reference`; change the code, not this page.*\n\n"


def pages(root: click.Command) -> dict[str, str]:
    """The pages by their file's name; `root` is the `parvis` command."""
    return {
        "hooks.md": _HEAD.format("Hooks") + "\n".join(_hooks()),
        "settings.md": _HEAD.format("Settings") + "\n".join(_settings()),
        "events.md": _HEAD.format("Events") + "\n".join(_events()),
        "commands.md": _HEAD.format("Commands") + "\n".join(_commands(root, "parvis")),
    }


def write(folder: Path, root: click.Command) -> list[Path]:
    """Write the pages into `folder`; the files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages(root).items():
        (folder / name).write_text(text, encoding="utf-8")
    return sorted(folder / name for name in pages(root))


def _hooks() -> Iterator[str]:
    yield from (inspect.getdoc(hookspecs) or "", "")
    for name, hook in HOOKS.items():
        result = str(inspect.signature(hook).return_annotation)
        yield from (
            f"## {name}",
            "",
            "```python",
            f"def {name}() -> {result}",
            "```",
            "",
            inspect.getdoc(hook) or "",
            "",
        )
    yield from ("## Values", "")
    for name, kind in vars(values).items():
        if is_dataclass(kind) and isinstance(kind, type) and kind.__module__ == values.__name__:
            yield from (
                f"### {name}",
                "",
                inspect.getdoc(kind) or "",
                "",
                "| field | type | default |",
                "|---|---|---|",
            )
            yield from (_field_row(field) for field in fields(kind))
            yield ""


def _field_row(field: Any) -> str:
    if field.default_factory is not field.kw_only and callable(field.default_factory):
        default = "empty"
    else:
        default = "" if repr(field.default).startswith("<dataclasses") else f"`{_plain(field.default)}`"
    return f"| {field.name} | `{str(field.type).replace('|', chr(92) + '|')}` | {default} |"


def _settings() -> Iterator[str]:
    yield "Set them in the environment of every process. `PARVIS_<NAME>_FILE` reads a value from a file: use it for"
    yield from ("secrets. A setting not in this list is refused by `parvis check`.", "")
    yield from _table(Settings, "PARVIS_")
    yield from ("## Only for `parvis identity provision`", "", *_table(Access, PREFIX))
    yield from ("## For Keycloak's groups", "", *_table(GroupsAccess, GROUPS_PREFIX))
    for plugin in load():
        if plugin.environment:
            yield from (f"## Plugin {plugin.key}", "", *_table(plugin.environment, prefix_of(plugin.key)))


def _table(kind: Any, prefix: str) -> Iterator[str]:
    yield from ("| variable | meaning | default |", "|---|---|---|")
    for setting in fields(kind):
        secret = " (secret)" if setting.metadata["secret"] else ""
        default = _plain(setting.default, setting.metadata["read"]) if setting.default != () else ""
        shown = f"`{default}`" if default else ""
        yield f"| `{prefix}{setting.name.upper()}` | {setting.metadata['doc']}{secret} | {shown} |"
    yield ""


def _events() -> Iterator[str]:
    yield "Facts that the core records. They carry identifiers and instants (UTC), never a name or an address."
    yield ""
    for name, kind in sorted(event_types().items()):
        if kind.__module__.startswith("parvis."):
            yield from (f"## {name}", "", f"`{kind.__module__}.{kind.__name__}`. {inspect.getdoc(kind)}", "")
            yield from ("| field | type |", "|---|---|", *_event_fields(kind), "")


def _event_fields(kind: type[msgspec.Struct]) -> Iterator[str]:
    annotated = {name: note for base in kind.__mro__ for name, note in getattr(base, "__annotations__", {}).items()}
    for field in msgspec.structs.fields(kind):
        yield f"| {field.encode_name} | `{annotated[field.name]}` |".replace(" | None", " \\| None")


def _commands(command: click.Command, name: str) -> Iterator[str]:
    context = click.Context(command, info_name=name)
    usage = " ".join([name, *command.collect_usage_pieces(context)])
    yield from (f"## {name}", "", f"`{usage}`", "", inspect.cleandoc(command.help or ""), "")
    options = [found for found in command.params if isinstance(found, click.Option)]
    for option in options:
        yield f"- `{', '.join(option.opts)}`: {option.help or ''}"
    if options:
        yield ""
    if isinstance(command, click.Group):
        for child in sorted(command.commands):
            yield from _commands(command.commands[child], f"{name} {child}")


def _plain(default: Any, read: Callable[[str], Any] = str) -> str:
    """A default as it would be written in the environment: a span of time in the unit that its reader takes."""
    if isinstance(default, bool):
        return "on" if default else "off"
    if isinstance(default, timedelta):
        counts = (f"{default / unit:g}" for unit in _UNITS)
        return next((count for count in counts if read(count) == default), str(default))
    return str(default)
