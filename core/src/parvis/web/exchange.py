"""JSON in and out, and what a route of the API says about itself for OpenAPI: one Struct describes and decodes.

ASKED = Operation(summary="Hold an hour", body=NewHold, answer=Taken, status=201, problems=("slot-full",))

@post("/api/v1/holds", guards=[guards.public()], **described(ASKED, guards.declared("everyone")))
async def hold(request: Request) -> Response[bytes]:
    wanted = await read_body(request, NewHold)
    return answer(201, Taken(...))
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import msgspec
from litestar import Request, Response

from parvis.errors import Invalid, NotSignedIn, ParvisError, Refusal, Text

T = TypeVar("T", bound=msgspec.Struct)
_AnyRequest = Request[Any, Any, Any]
_BYTES = 64_000
_FIELDS = 100
_JSON = "application/json"
_MANY = (msgspec.inspect.ListType, msgspec.inspect.SetType, msgspec.inspect.FrozenSetType, msgspec.inspect.VarTupleType)


class Malformed(ParvisError):
    """The body is not JSON, or the query is not UTF-8."""

    status = 400
    code = "malformed"
    title = Text("The request cannot be understood.")


class NotJson(ParvisError):
    """The body is of another media type than JSON."""

    status = 415
    code = "unsupported-media-type"
    title = Text("This kind of content is not accepted here.")


class NoToken(NotSignedIn):
    """There is no bearer token."""

    code = "token-missing"
    title = Text("This needs a bearer token.")


class TooLarge(ParvisError):
    """The body is longer than any request needs."""

    status = 413
    code = "too-large"
    title = Text("What was sent is too large.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What a route of the API takes and gives. `refusals` are error classes that it may answer with.

    `secret` asks for a bearer token, `key` takes an Idempotency-Key; `answered` says in words what 2xx means.
    """

    summary: str
    description: str = ""
    tag: str = ""
    query: type[msgspec.Struct] | None = None
    body: type[msgspec.Struct] | None = None
    answer: Any = None
    status: int = 200
    answered: str = ""
    refusals: tuple[type[ParvisError], ...] = ()
    secret: bool = False
    key: bool = False


def described(operation: Operation, declaration: Mapping[str, Any]) -> dict[str, Any]:
    """What to hand to the route's decorator: `operation`, with the guards' declaration."""
    opt = {**declaration.get("opt", {}), "operation": operation}
    return {
        "opt": opt,
        "include_in_schema": False,
        "status_code": operation.status,
        "media_type": _JSON,
        "request_max_body_size": _BYTES,
    }


async def read_body(request: _AnyRequest, shape: type[T]) -> T:
    """The body as `shape`. Raises NotJson, Malformed, or Invalid with the field that does not fit."""
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != _JSON:
        raise NotJson
    try:
        decoded: T = _decoder(shape).decode(await request.body())
        return decoded
    except msgspec.ValidationError as error:
        raise _misfit(error) from error
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Malformed from error


def converted(raw: msgspec.Raw, shape: type[T], field: str) -> T:
    """A part of the body whose shape is known later. Raises Invalid, naming the field under `field`."""
    try:
        decoded: T = _decoder(shape).decode(raw)
        return decoded
    except msgspec.ValidationError as error:
        raise _misfit(error, field) from error


def read_query(request: _AnyRequest, shape: type[T]) -> T:
    """The query as `shape`; a parameter may be repeated where a list is expected. Raises Invalid."""
    raw = request.scope["query_string"]
    if not raw:
        return msgspec.convert({}, shape)
    try:
        pairs = parse_qsl(raw.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_FIELDS)
    except ValueError as error:
        raise Malformed from error
    values = _gathered(pairs, _lists(shape))
    try:
        return msgspec.convert(values, shape, strict=False)
    except msgspec.ValidationError as error:
        raise _misfit(error) from error


def bearer(request: _AnyRequest) -> str:
    """The secret of an `Authorization: Bearer` header. Raises NoToken without one."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        raise NoToken
    return secret.strip()


def answer(status: int, value: Any, location: str = "") -> Response[bytes]:
    """An answer in JSON that no cache keeps; `value` may be JSON already."""
    body = value if isinstance(value, bytes) else msgspec.json.encode(value)
    headers = {"Cache-Control": "no-store"}
    if location:
        headers["Location"] = location
    return Response(body, status_code=status, media_type=_JSON, headers=headers)


def nothing() -> Response[None]:
    """204: it is done, and there is nothing to say."""
    return Response(None, status_code=204, headers={"Cache-Control": "no-store"})


def _gathered(pairs: Iterable[tuple[str, str]], lists: Container[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in lists:
            values.setdefault(name, []).append(value)
        elif name in values:
            raise Invalid(Refusal("invalid", Text("“{name}” is given twice.", {"name": name}), name))
        else:
            values[name] = value
    return values


@cache
def _decoder(shape: type[msgspec.Struct]) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(shape)


@cache
def _lists(shape: type[msgspec.Struct]) -> frozenset[str]:
    info: Any = msgspec.inspect.type_info(shape)
    return frozenset(field.encode_name for field in info.fields if isinstance(_bare(field.type), _MANY))


def _bare(info: Any) -> Any:
    return _bare(info.type) if isinstance(info, msgspec.inspect.Metadata) else info


def _misfit(error: msgspec.ValidationError, inside: str = "") -> Invalid:
    """msgspec says what and where: "Expected `int` <= 8 - at `$.people`"."""
    what, _, where = str(error).partition(" - at `")
    inner = where.rstrip("`").removeprefix("$").removeprefix(".").replace("[...]", "[]")
    field = ".".join(part for part in (inside, inner) if part)
    return Invalid(Refusal("invalid", Text("{what}", {"what": what}), field or None))
