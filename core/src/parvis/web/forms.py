"""Forms: a url-encoded body decoded into a typed value, with every raw value and an error a field kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, time
from enum import Enum
from typing import Any, Generic, TypeVar
from urllib.parse import parse_qsl

import msgspec
from litestar import Request

from parvis.errors import Invalid, ParvisError, Refusal, Text
from parvis.web.shapes import read_shape

T = TypeVar("T", bound=msgspec.Struct)
_BYTES = 256 * 1024
_FIELDS = 1000
Raw = Mapping[str, tuple[str, ...]]
_AnyRequest = Request[Any, Any, Any]


class TooLarge(ParvisError):
    """More was sent than any of our forms holds."""

    status = 413
    code = "too-large"
    title = Text("What was sent is too large.")


@dataclass(frozen=True, slots=True)
class Form(Generic[T]):
    """A form as filled in: what was typed, what is wrong with it, and its value once nothing is.

    `errors` has a sentence by field name, under `""` what is about no single field.
    """

    raw: Raw = field(default_factory=dict)
    errors: Mapping[str, Text] = field(default_factory=dict)
    decoded: T | None = None

    @property
    def value(self) -> T:
        """The typed value. Raises Invalid, with one refusal a field, if there are errors."""
        if self.errors or self.decoded is None:
            raise Invalid(Refusal("invalid", text, name or None) for name, text in self.errors.items())
        return self.decoded

    def text(self, name: str) -> str:
        """What was typed in a field, or nothing."""
        return self.raw.get(name, ("",))[0]

    def has(self, name: str, choice: Any) -> bool:
        """Whether a choice was ticked."""
        return str(choice) in self.raw.get(name, ())

    def error(self, name: str) -> Text | None:
        """What to do about a field, or nothing."""
        return self.errors.get(name)

    def refused(self, refusals: Iterable[Refusal]) -> Form[T]:
        """The same form with what a rule or an action said, in that order; a field's first sentence stays."""
        told = dict(self.errors)
        for refusal in refusals:
            told.setdefault(refusal.field or "", refusal.text)
        return replace(self, errors=told)


def blank(**initial: Any) -> Form[Any]:
    """A form nobody filled in yet, with what is already known."""
    return Form({name: _typed(value) for name, value in initial.items() if value is not None})


def of(value: T) -> Form[T]:
    """A form that shows a value again, tidied, to be corrected."""
    return Form(dict(_flat(value)), {}, value)


async def read(request: _AnyRequest, shape: type[T]) -> Form[T]:
    """Decode the body. Raises TooLarge past 256 kB or 1,000 fields; everything else is told in `errors`."""
    return decode(shape, await _body(request))


async def typed(request: _AnyRequest) -> Raw | None:
    """What was typed in a form that nobody decodes, to be sent again; None for files, or more than is taken."""
    if not request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return None
    try:
        pairs = parse_qsl((await _body(request)).decode("utf-8", "replace"), True, max_num_fields=_FIELDS)
    except (TooLarge, ValueError):
        return None
    return gathered(pairs)


def query(request: _AnyRequest, shape: type[T]) -> Form[T]:
    """Decode the address's query, e.g. the filters of a list."""
    return decode(shape, request.url.query.encode())


def decode(shape: type[T], encoded: bytes) -> Form[T]:
    """Decode `a=1&b=2`. Raises TooLarge past 1,000 fields."""
    try:
        pairs = parse_qsl(encoded.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=_FIELDS)
    except ValueError as error:
        raise TooLarge from error
    return of_raw(shape, gathered(pairs))


def gathered(pairs: Iterable[tuple[str, str]]) -> Raw:
    """What was typed, by the name of its field."""
    raw: dict[str, tuple[str, ...]] = {}
    for name, typed in pairs:
        raw[name] = (*raw.get(name, ()), typed.replace("\x00", ""))
    return raw


def of_raw(shape: type[T], raw: Raw) -> Form[T]:
    """The form of what was typed, by the name of its field."""
    value, errors = read_shape(shape, raw)
    return Form(raw, errors, value)


async def _body(request: _AnyRequest) -> bytes:
    if int(request.headers.get("content-length") or 0) > _BYTES:
        raise TooLarge
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > _BYTES:
            raise TooLarge
        parts.append(part)
    return b"".join(parts)


def _flat(value: msgspec.Struct, prefix: str = "") -> Iterable[tuple[str, tuple[str, ...]]]:
    for name, item in msgspec.structs.asdict(value).items():
        if isinstance(item, tuple) and item and isinstance(item[0], msgspec.Struct):
            for n, part in enumerate(item):
                yield from _flat(part, f"{prefix}{name}-{n}-")
        elif isinstance(item, msgspec.Struct):
            yield from _flat(item, f"{prefix}{name}-")
        elif isinstance(item, date):
            yield f"{prefix}{name}", (item.isoformat(),)
            yield f"{prefix}{name}-day", (str(item.day),)
            yield f"{prefix}{name}-month", (str(item.month),)
            yield f"{prefix}{name}-year", (str(item.year),)
        elif item is not None:
            yield f"{prefix}{name}", _typed(item)


def _typed(value: Any) -> tuple[str, ...]:
    if isinstance(value, (tuple, list, frozenset)):
        return tuple(typed for item in value for typed in _typed(item))
    if isinstance(value, bool):
        return ("yes",) if value else ()
    if isinstance(value, Enum):
        return (str(value.value),)
    if isinstance(value, time):
        return (value.isoformat("minutes"),)
    return (str(value),)
