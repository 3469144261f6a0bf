"""Discovery and reading: from entry points to a frozen registry. A plugin with a mistake never stops another."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points, version
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from pluggy import PluginManager

from parvis.contract import hookspecs
from parvis.contract.values import Manifest
from parvis.db.migrations import app_of
from parvis.plugins.claims import Claims, misplaced
from parvis.plugins.emitter_settings import unsuitable
from parvis.plugins.fitting import misfits
from parvis.plugins.ownership import trespasses
from parvis.plugins.registry import Origin, Plugin, PluginRefused, Plugins
from parvis.plugins.rules import HOOKS, RETURNS, key_mistake, misnamed, missigned, unsettable

GROUP = hookspecs.PROJECT


class _Mistakes(Exception):
    """A plugin cannot be read any further."""

    def __init__(self, *told: str) -> None:
        self.told = told


@dataclass
class _Loading:
    """The state of one start: what is read, refused and claimed so far."""

    core: str
    read: dict[str, Plugin] = field(default_factory=dict)
    refused: list[PluginRefused] = field(default_factory=list)
    claims: Claims = field(default_factory=Claims)

    def take(self, origin: Origin) -> None:
        try:
            self._same_key(origin)
            plugin = _read(origin, self.core)
            if told := [*misplaced(plugin), *self.claims.mistakes(plugin)]:
                raise _Mistakes(*told)
            self.read[origin.key] = plugin
        except _Mistakes as mistakes:
            self.refused += [PluginRefused(origin, " ".join(told.split()).rstrip(".")) for told in mistakes.told]

    def _same_key(self, origin: Origin) -> None:
        if other := self.read.get(origin.key):
            has = f"{other.origin.distribution} {other.origin.version}"
            raise _Mistakes(f"the key {origin.key!r} is {has}'s already: remove one of the two, or rename it")


def load(points: Iterable[EntryPoint] | None = None, core: str | None = None) -> Plugins:
    """Every installed plugin, read and checked; what is wrong is in `refused`, and nothing is raised.

    `core` is the core's version, the installed one unless told. Of two plugins with one key, the one in a
    package of that name has it, then the one whose distribution comes first by name.
    """
    found = entry_points(group=GROUP) if points is None else points
    origins = sorted({_origin(point) for point in found}, key=_order)
    loading = _Loading(core or version("parvis-core"))
    for origin in origins:
        loading.take(origin)
    return Plugins(loading.read, tuple(loading.refused))


def _origin(point: EntryPoint) -> Origin:
    dist = point.dist
    name, release = (dist.name, dist.version) if dist else (point.module, "0")
    return Origin(key=point.name, module=point.module, distribution=name, version=release)


def _order(origin: Origin) -> tuple[str, bool, str]:
    return origin.key, origin.package != f"parvis_{origin.key}", origin.distribution


def _read(origin: Origin, core: str) -> Plugin:
    if mistake := key_mistake(origin.key):
        raise _Mistakes(mistake)
    if origin.package != f"parvis_{origin.key}":
        raise _Mistakes(f"its package is {origin.package!r}: name it 'parvis_{origin.key}'")
    module = _running(origin, f"importing {origin.module}", lambda: import_module(origin.module))
    _raise_any([*misnamed(module), *missigned(module)])
    brought = _brought(origin, module)
    _raise_any(_manifest_mistakes(brought["manifest"], origin.key, core))
    app = _running(origin, f"importing {origin.package}.piccolo_app", lambda: app_of(origin.package))
    variables = _running(origin, f"importing {origin.package}.environment", lambda: _environment(origin.package))
    _raise_any([*unsuitable(brought.get("settings")), *unsettable(variables)])
    _raise_any(trespasses(origin.key, app) if app else ())
    return Plugin(origin=origin, folder=_folder(origin), app=app, environment=variables, **brought)


def _environment(package: str) -> type | None:
    """The plugin's settings for the whole instance: `Environment` of its module `environment`, if it has one."""
    if find_spec(f"{package}.environment") is None:
        return None
    kind: type = import_module(f"{package}.environment").Environment
    return kind


def _brought(origin: Origin, module: ModuleType) -> dict[str, Any]:
    manager = PluginManager(GROUP)
    manager.add_hookspecs(hookspecs)
    manager.register(module, origin.key)
    brought: dict[str, Any] = {}
    told: list[str] = []
    for hook in HOOKS:
        # One manager for one plugin, so that what a hook raises names its plugin.
        for value in _running(origin, f"{hook}()", getattr(manager.hook, hook)):
            told += misfits(value, RETURNS[hook], f"{hook}()")
            brought[hook] = value
    _raise_any(told)
    return brought


def _manifest_mistakes(manifest: Manifest, key: str, core: str) -> Iterator[str]:
    if manifest.key != key:
        yield f"its manifest says the key {manifest.key!r}, its entry point {key!r}: write the same"
    try:
        if not SpecifierSet(manifest.core).contains(core, prereleases=True):
            yield f"it needs Parvis {manifest.core} and this is {core}: install a version of it made for {core}"
    except InvalidSpecifier:
        yield f"its manifest's core {manifest.core!r} is no version range: write one like '>=0.1,<0.2'"


def _running(origin: Origin, doing: str, run: Callable[[], Any]) -> Any:
    try:
        return run()
    except (Exception, SystemExit) as error:
        said = str(error).strip().splitlines() or ["without a word"]
        message = f"{doing} raised {type(error).__name__}: {said[0]}{_place(origin, error)}"
        raise _Mistakes(message) from error


def _place(origin: Origin, error: BaseException) -> str:
    """Where in the plugin's own files it happened, for its author."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if origin.package in Path(frame.filename).parts]
    if not own:
        return ""
    parts = Path(own[-1].filename).parts
    return f" ({'/'.join(parts[parts.index(origin.package) :])} line {own[-1].lineno})"


def _folder(origin: Origin) -> Path:
    return Path(str(import_module(origin.package).__file__)).parent


def _raise_any(told: Iterable[str]) -> None:
    if found := tuple(told):
        raise _Mistakes(*found)
