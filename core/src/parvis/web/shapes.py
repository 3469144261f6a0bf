"""Reading raw values into a Struct by the types of its fields. No I/O."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, time
from enum import Enum
from types import MappingProxyType, NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

import msgspec

from parvis.errors import Text
from parvis.web import fields

T = TypeVar("T", bound=msgspec.Struct)
Raw = Mapping[str, tuple[str, ...]]
Errors = dict[str, Text]
_GROUPS = 50
_EMPTY = Text("Please answer this question.")
_CHOOSE = Text("Please choose one of the answers.")
_NUMBER = Text("Please write a whole number.")
_OFF = frozenset({"", "0", "no", "off", "false"})
_COLUMN = msgspec.Meta(ge=fields.LEAST, le=fields.MOST)
_missing = object()


def read_shape(shape: type[T], raw: Raw, prefix: str = "") -> tuple[T | None, Errors]:
    """The value, or None and a sentence by the full name of each field that cannot be read."""
    hints = get_type_hints(shape, include_extras=True)
    values: dict[str, Any] = {}
    errors: Errors = {}
    for item in msgspec.structs.fields(shape):
        found, wrong = _field(hints[item.name], raw, f"{prefix}{item.name}")
        errors.update(wrong)
        if found is not _missing:
            values[item.name] = found
        elif not wrong and item.required:
            _, notes, optional = _unwrapped(hints[item.name])
            if optional:
                values[item.name] = None
            else:
                errors[f"{prefix}{item.name}"] = _missing_text(notes)
    return (None, errors) if errors else (shape(**values), {})


def _field(hint: Any, raw: Raw, name: str) -> tuple[Any, Errors]:
    hint, notes, optional = _unwrapped(hint)
    reader = next((note for note in notes if isinstance(note, fields.Reader)), None)
    if get_origin(hint) is tuple and reader is None:
        return _several(get_args(hint)[0], raw, name)
    if hint is bool:
        return raw.get(name, ("",))[0].lower() not in _OFF, {}
    if _is_struct(hint):
        part, errors = read_shape(hint, raw, f"{name}-")
        return (_missing if errors else part), errors
    names = [f"{name}-{part}" for part in reader.parts] if reader and reader.parts else [name]
    typed = [raw.get(part, ("",))[0] for part in names]
    if not any(text.strip() for text in typed) and not (reader and reader.empty and names[0] in raw):
        return (None if optional and names[0] in raw else _missing), {}
    found = (reader.read if reader else _reader(hint))(*typed)
    wrong = found if isinstance(found, Text) else _out_of_bounds(found, notes)
    return (_missing, {name: wrong}) if wrong else (found, {})


def _several(hint: Any, raw: Raw, name: str) -> tuple[Any, Errors]:
    if _is_struct(hint):
        numbers = {int(found[1]) for key in raw if (found := re.match(rf"{re.escape(name)}-(\d{{1,3}})-", key))}
        read = [read_shape(hint, raw, f"{name}-{n}-") for n in sorted(numbers)[:_GROUPS]]
        errors = {key: text for _, wrong in read for key, text in wrong.items()}
    else:
        read = [_field(hint, {name: (typed,)}, name) for typed in raw.get(name, ()) if typed.strip()]
        errors = {key: text for _, wrong in read for key, text in wrong.items()}
    if not read:
        return _missing, {}
    return (_missing, errors) if errors else (tuple(value for value, _ in read), {})


def _is_struct(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, msgspec.Struct)


def _unwrapped(hint: Any) -> tuple[Any, tuple[Any, ...], bool]:
    """The bare type, its annotations, and whether it may be left empty."""
    notes: tuple[Any, ...] = ()
    optional = False
    while get_origin(hint) in {Annotated, Union, UnionType}:
        if get_origin(hint) is Annotated:
            notes += hint.__metadata__
            hint = hint.__origin__
        else:
            optional = True
            hint = next(part for part in get_args(hint) if part is not NoneType)
    return hint, notes, optional


def _missing_text(notes: tuple[Any, ...]) -> Text:
    return next((note.text for note in notes if isinstance(note, fields.Missing)), _EMPTY)


def _reader(hint: Any) -> Callable[[str], Any]:
    if get_origin(hint) is Literal:
        return lambda typed: next((item for item in get_args(hint) if str(item) == typed), _CHOOSE)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return lambda typed: next((item for item in hint if str(item.value) == typed), _CHOOSE)
    return _READERS.get(hint, fields.line)


def _whole(typed: str) -> int | Text:
    digits = "".join(typed.split())
    return int(digits) if re.fullmatch(r"[+-]?[0-9]{1,15}", digits) else _NUMBER


def _decimal(typed: str) -> float | Text:
    digits = "".join(typed.split()).replace(",", ".")
    return float(digits) if re.fullmatch(r"[+-]?\d{1,12}(\.\d{1,12})?", digits) else _NUMBER


def _id(typed: str) -> UUID | Text:
    try:
        return UUID(typed.strip())
    except ValueError:
        return _CHOOSE


_READERS: Mapping[Any, Callable[[str], Any]] = MappingProxyType(
    {int: _whole, date: fields.day, time: fields.hour, float: _decimal, UUID: _id}
)


def _out_of_bounds(value: Any, notes: tuple[Any, ...]) -> Text | None:
    bounds = [note for note in notes if isinstance(note, msgspec.Meta)]
    if type(value) is int:
        # Those that a field has of its own are told first.
        bounds.append(_COLUMN)
    for note in bounds:
        if note.ge is not None and value < note.ge:
            return Text("Please write {least} or more.", {"least": note.ge})
        if note.le is not None and value > note.le:
            return Text("Please write {most} or less.", {"most": note.le})
        if note.max_length is not None and len(value) > note.max_length:
            return Text(
                "Please use at most {limit} characters; you wrote {n}.", {"limit": note.max_length, "n": len(value)}
            )
        if note.pattern is not None and not re.search(note.pattern, value):
            return Text(note.description) if note.description else _EMPTY
    return None
