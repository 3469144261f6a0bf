"""Does a value fit its declared type? Down to every field of a frozen value, and the calls it promises to take."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints


def misfits(value: object, hint: Any, where: str) -> Iterator[str]:
    """One sentence for each place inside `value` that does not fit `hint`; `where` names it to people.

    >>> list(misfits(("a", 1), tuple[str, ...], "names"))
    ['names[1] must be str, and is int']
    """
    origin = get_origin(hint)
    if hint is Any:
        return
    if origin in (Union, UnionType):
        yield from _union(value, get_args(hint), where)
    elif origin is Callable:
        arguments, result = get_args(hint)
        yield from _call(value, len(arguments), get_origin(result) is Awaitable, where)
    elif origin is type:
        if not (isinstance(value, type) and issubclass(value, get_args(hint)[0])):
            yield f"{where} must be a class derived from {_named(get_args(hint)[0])}, and is {_kind(value)}"
    elif origin is not None:
        yield from _many(value, origin, get_args(hint), where)
    elif getattr(hint, "_is_protocol", False) and "__call__" in vars(hint):
        promised = hint.__call__
        yield from _call(value, _arity(promised), inspect.iscoroutinefunction(promised), where)
    else:
        yield from _one(value, hint, where)


def _one(value: object, kind: type, where: str) -> Iterator[str]:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is int):
        yield f"{where} must be {_named(kind)}, and is {_kind(value)}"
    elif is_dataclass(kind):
        hints = get_type_hints(kind)
        for field in fields(kind):
            yield from misfits(getattr(value, field.name), hints[field.name], f"{where}.{field.name}")


def _union(value: object, hints: Iterable[Any], where: str) -> Iterator[str]:
    told = [list(misfits(value, hint, where)) for hint in hints if hint is not type(None) or value is None]
    if all(told):
        yield from min(told, key=len)


def _many(value: object, kind: type, arguments: tuple[Any, ...], where: str) -> Iterator[str]:
    if not isinstance(value, kind):
        yield f"{where} must be a {_named(kind)}, and is {_kind(value)}"
    elif isinstance(value, Mapping):
        return
    elif issubclass(kind, tuple) and arguments[-1] is not ...:
        if len(value) != len(arguments):  # type: ignore[arg-type]
            yield f"{where} must have {len(arguments)} parts"
            return
        for index, (part, hint) in enumerate(zip(value, arguments, strict=True)):  # type: ignore[call-overload]
            yield from misfits(part, hint, f"{where}[{index}]")
    else:
        for index, part in enumerate(value):  # type: ignore[arg-type]
            yield from misfits(part, arguments[0], f"{where}[{index}]")


def _call(value: object, arguments: int, asynchronous: bool, where: str) -> Iterator[str]:
    if not callable(value):
        yield f"{where} must be a function, and is {_kind(value)}"
        return
    try:
        inspect.signature(value).bind(*range(arguments))
    except TypeError as error:
        count = "1 argument" if arguments == 1 else f"{arguments or 'no'} arguments"
        yield f"{where} is called with {count}, but {_name_of(value)}(): {error}"
    if asynchronous and not (inspect.iscoroutinefunction(value) or inspect.iscoroutinefunction(value.__call__)):
        yield f"{where} must be asynchronous: write async def {_name_of(value)}"


def _arity(method: Any) -> int:
    return len(inspect.signature(method).parameters) - 1


def _name_of(value: object) -> str:
    return getattr(value, "__name__", type(value).__name__)


def _named(kind: Any) -> str:
    return getattr(kind, "__name__", str(kind))


def _kind(value: object) -> str:
    if isinstance(value, type):
        return f"the class {value.__name__}"
    return "None" if value is None else type(value).__name__
