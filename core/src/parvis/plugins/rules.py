"""Is this module a plugin? Names and signatures of its hooks, and the form of the keys it chose.

pluggy passes over a hook without its marker, a misspelt one, or one that takes arguments nobody gives. Every
function here yields one sentence for each mistake, which says what to mend.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from difflib import get_close_matches
from types import FunctionType, ModuleType
from typing import Any, get_type_hints

from pluggy import HookimplOpts

from parvis.contract import hookspecs

HOOKS: dict[str, Callable[[], Any]] = {
    name: function
    for name, function in vars(hookspecs).items()
    if isinstance(function, FunctionType) and hasattr(function, "parvis_spec")
}
RETURNS: dict[str, Any] = {name: get_type_hints(function)["return"] for name, function in HOOKS.items()}

_NEAR = 0.75
_KEY = re.compile(r"[a-z][a-z0-9]{1,29}")
_TAKEN = frozenset({"public", "parvis", "core", "api", "office", "static", "health", "demo", "web", "testing"})


def key_mistake(key: str) -> str | None:
    """Why `key` cannot be a plugin's; None if it can.

    >>> key_mistake("library"), key_mistake("Town-Library")
    (None, "the key 'Town-Library' must be 2 to 30 small letters and figures, a letter first")
    """
    if not _KEY.fullmatch(key):
        return f"the key {key!r} must be 2 to 30 small letters and figures, a letter first"
    if key in _TAKEN or key.startswith("pg"):
        return f"the key {key!r} is a word of the platform or of PostgreSQL: choose another"
    return None


def misnamed(module: ModuleType) -> Iterator[str]:
    """Hooks that pluggy would pass over: without the marker, misspelt, or not hooks at all."""
    for name, function in _functions(module):
        options = _marked(function)
        if options is None:
            yield from _unmarked(module, name, function)
        elif (options.get("specname") or name) not in HOOKS:
            near = _near(name)
            yield f"{name}() is not a hook: " + (f"rename it {near}()" if near else "remove its @hookimpl")
    if "manifest" not in dict(_hooks(module)):
        yield "there is no manifest() under @hookimpl: add it, it says who the plugin is"


def missigned(module: ModuleType) -> Iterator[str]:
    """Hooks with arguments, asynchronous ones, and wrappers."""
    for name, function in _hooks(module):
        if parameters := list(inspect.signature(function).parameters):
            yield f"{name}() takes no argument: remove {', '.join(parameters)}"
        if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
            yield f"{name}() must be a plain function: write def, return the value"
        options = _marked(function)
        if options and (options.get("wrapper") or options.get("hookwrapper")):
            yield f"{name}() gives values and wraps nothing: remove the marker's wrapper option"


def unsettable(environment: Any) -> Iterator[str]:
    """One sentence for each field of a plugin's `Environment` that the operator could not set by a variable."""
    if environment is None:
        return
    if not (isinstance(environment, type) and is_dataclass(environment)):
        yield "environment.Environment must be a frozen dataclass of settings.setting() fields"
        return
    for field in fields(environment):
        if "read" not in field.metadata:
            yield f"Environment.{field.name} has no setting(): give it one, with a default and what it means"


def _hooks(module: ModuleType) -> Iterator[tuple[str, FunctionType]]:
    for name, function in _functions(module):
        options = _marked(function)
        if options is not None and (hook := options.get("specname") or name) in HOOKS:
            yield hook, function


def _functions(module: ModuleType) -> Iterator[tuple[str, FunctionType]]:
    for name, found in vars(module).items():
        if isinstance(found, FunctionType):
            yield name, found


def _marked(function: FunctionType) -> HookimplOpts | None:
    return getattr(function, f"{hookspecs.PROJECT}_impl", None)


def _unmarked(module: ModuleType, name: str, function: FunctionType) -> Iterator[str]:
    if name in HOOKS:
        yield f"{name}() lacks its marker: write @hookimpl above it"
    elif function.__module__ == module.__name__ and not name.startswith("_") and (near := _near(name)):
        yield f"{name}() is nearly a hook: rename it {near}(), or begin its name with an underscore"


def _near(name: str) -> str | None:
    return next(iter(get_close_matches(name.lower(), HOOKS, 1, _NEAR)), None)
