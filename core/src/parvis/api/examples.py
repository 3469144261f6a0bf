"""An example of a body, put together from the examples of its fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import inspect

_PLAIN: Mapping[type[inspect.Type], Any] = {
    inspect.NoneType: None,
    inspect.BoolType: True,
    inspect.IntType: 1,
    inspect.FloatType: 1.0,
    inspect.StrType: "…",
    inspect.UUIDType: "019b1f0e-5f6a-7c3e-9d2a-3a4b5c6d7e8f",
    inspect.DateType: "2027-01-04",
    inspect.DateTimeType: "2027-01-04T08:20:00Z",
    inspect.DictType: {},
    inspect.RawType: {},
    inspect.AnyType: {},
}


def example_of(shape: Any) -> Any:
    """A value of `shape` as JSON has it.

    >>> example_of(list[int])
    [1]
    """
    return _of(inspect.type_info(shape))


def _of(info: inspect.Type) -> Any:
    if isinstance(info, inspect.Metadata):
        given = _given(info)
        return given[0] if given else _of(info.type)
    for kind, make in _MADE.items():
        if isinstance(info, kind):
            return make(info)
    return _PLAIN[type(info)]


def _struct(info: Any) -> dict[str, Any]:
    return {field.encode_name: _of(field.type) for field in info.fields if not _left_out(field)}


def _left_out(field: inspect.Field) -> bool:
    """Whether it may be left out, and has no example that says it is usual."""
    optional = field.default in (None, msgspec.UNSET) or field.default_factory is not msgspec.NODEFAULT
    parts = field.type.types if isinstance(field.type, inspect.UnionType) else (field.type,)
    return optional and not any(_given(part) for part in parts)


def _given(info: inspect.Type) -> list[Any]:
    return (info.extra_json_schema or {}).get("examples", []) if isinstance(info, inspect.Metadata) else []


def _union(info: Any) -> Any:
    shown = [part for part in info.types if _given(part)] or info.types
    return _of(next(part for part in shown if not isinstance(part, inspect.NoneType)))


def _several(info: Any) -> list[Any]:
    return [_of(info.item_type)]


_MADE: Mapping[type[inspect.Type], Callable[[Any], Any]] = {
    inspect.StructType: _struct,
    inspect.UnionType: _union,
    inspect.VarTupleType: _several,
    inspect.ListType: _several,
    inspect.LiteralType: lambda info: info.values[0],
    inspect.EnumType: lambda info: next(iter(info.cls)).value,
}
