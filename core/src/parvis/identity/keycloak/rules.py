"""What differs between what is wanted of a Keycloak and what is there, without I/O.

A thing is compared by the keys it wants and by no others, so whatever else somebody set stays as it is. Each thing of
ours carries a mark; one of the same name without it is somebody else's, and is never touched unasked.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Keys = Mapping[str, Any]


class Kind(StrEnum):
    """What a thing is; a value is how people read it."""

    REALM = "realm"
    FLOW = "flow"
    SCOPE = "scope"
    MAPPER = "mapper"
    GROUP = "group"
    PROVIDER = "provider"
    BINDING = "binding"
    CLIENT = "client"
    SCOPE_OF_CLIENT = "scope of the client"
    ROLES = "roles of the account"
    POLICY = "policy"
    PERMISSION = "permission"


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that is sent and never shown. `readable` is false where Keycloak does not give it back."""

    value: str
    readable: bool = True

    def __repr__(self) -> str:
        return "(secret)"


@dataclass(frozen=True, slots=True)
class Thing:
    """Something wanted: its keys, and where among them stands our mark (nowhere for a part of another thing)."""

    kind: Kind
    name: str
    keys: Keys
    mark: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Difference:
    """A key that is not as wanted."""

    key: str
    before: Any
    after: Any

    def __str__(self) -> str:
        if isinstance(self.after, Secret):
            return f"{self.key} is another"
        return f"{self.key}: {_shown(self.before)} → {_shown(self.after)}"


@dataclass(frozen=True, slots=True)
class Change:
    """A thing to add, where `found` is None, or to bring in line."""

    thing: Thing
    found: Keys | None = None
    differences: tuple[Difference, ...] = ()

    def __str__(self) -> str:
        told = "; ".join(str(difference) for difference in self.differences)
        return f"change {self.thing}: {told}" if self.found is not None else f"add {self.thing}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What would be done, in order, and the things of our names that are somebody else's."""

    changes: tuple[Change, ...]
    conflicts: tuple[Thing, ...]


def plan(wanted: Iterable[tuple[Thing, Keys | None]], adopted: frozenset[str] = frozenset()) -> Plan:
    """The plan for things, each with what was found of it. `adopted` names those to take over: `client parvis`."""
    changes, conflicts = [], []
    for thing, found in wanted:
        if found is None:
            changes.append(Change(thing))
        elif not is_ours(thing, found) and str(thing) not in adopted:
            conflicts.append(thing)
        elif told := tuple(differences(thing.keys, found)):
            changes.append(Change(thing, found, told))
    return Plan(tuple(changes), tuple(conflicts))


def is_ours(thing: Thing, found: Keys) -> bool:
    """Whether what was found carries the mark that the thing wants."""
    return not thing.mark or _at(found, thing.mark) == _at(thing.keys, thing.mark)


def differences(wanted: Keys, found: Keys, path: str = "") -> Iterator[Difference]:
    """Each wanted key that is another one there.

    >>> [str(one) for one in differences({"a": {"b": [2, 1]}, "c": True}, {"a": {"b": [1], "x": 0}, "c": True})]
    ['a.b: [1] → [2, 1]']
    """
    for key, value in wanted.items():
        there = found.get(key)
        if isinstance(value, Mapping):
            yield from differences(value, there if isinstance(there, Mapping) else {}, f"{path}{key}.")
        elif not _same(value, there):
            yield Difference(f"{path}{key}", there, value)


def merged(found: Keys, wanted: Keys) -> dict[str, Any]:
    """What was found with our keys over it, secrets in plain text: a thing as Keycloak is told.

    >>> merged({"a": {"x": 0, "b": 1}, "z": 1}, {"a": {"b": Secret("s")}})
    {'a': {'x': 0, 'b': 's'}, 'z': 1}
    """
    whole = dict(found)
    for key, value in wanted.items():
        if isinstance(value, Mapping):
            there = whole.get(key)
            whole[key] = merged(there if isinstance(there, Mapping) else {}, value)
        else:
            whole[key] = value.value if isinstance(value, Secret) else value
    return whole


def _same(wanted: Any, there: Any) -> bool:
    if isinstance(wanted, Secret):
        return not wanted.readable or wanted.value == there
    if _is_set(wanted) and _is_set(there):
        return sorted(wanted) == sorted(there)
    return bool(wanted == there)


def _is_set(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


def _at(keys: Keys, path: tuple[str, ...]) -> Any:
    found: Any = keys
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _shown(value: Any) -> str:
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False)
