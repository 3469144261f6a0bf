"""OpenAPI 3.1 from what the routes say of themselves: the Structs that decode are the schemas that are shown.

Every answer that can come is named, errors too; what is not named here is a fault, and schemathesis says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from typing import Any

import msgspec
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from parvis.api.bodies.problems import Problem
from parvis.api.examples import example_of
from parvis.contract.values import Service
from parvis.errors import ParvisError, TooMany, Unavailable
from parvis.web.exchange import Malformed, NotJson, Operation, TooLarge
from parvis.web.idempotency import HEADER, NotRepeatable

_BOOKINGS = "/api/v1/bookings"
_JOB = ("Hours", "Holds", "Contacts", "Bookings", "Catalogue")
_REF = "#/components/schemas/{name}"
_ABOUT = (
    "The same actions as the portal's pages. Instants are ISO 8601 in UTC; days and weekdays are those of the place. "
    "Errors are RFC 9457 problems with a stable `code`. Lists go on with `after`, an opaque cursor. A POST that takes "
    "an Idempotency-Key does its work once however often it is sent, and answers the same, for a day."
)
_HEADERS = {
    401: {"WWW-Authenticate": "Bearer"},
    429: {"Retry-After": "60"},
    503: {"Retry-After": "30"},
}


def document(app: Litestar, services: Iterable[Service], server: str) -> dict[str, Any]:
    """The description of every route of `app` that describes itself."""
    routes = sorted(_routes(app), key=_when_needed)
    offered = tuple(services)
    shapes = [Problem, *(service.details for service in offered), *_shapes(op for _, _, _, op in routes)]
    found, components = msgspec.json.schema_components(list(dict.fromkeys(shapes)), ref_template=_REF)
    schemas = dict(zip(dict.fromkeys(shapes), found, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for path, method, handler, operation in routes:
        paths.setdefault(path, {})[method.lower()] = _operation(path, handler, operation, schemas, components)
    if "NewBooking" in components:
        told = components["NewBooking"]["properties"]["details"]
        told["anyOf"] = [schemas[service.details] for service in offered] or [{"type": "object"}]
        for service in offered[:1]:
            body = paths[_BOOKINGS]["post"]["requestBody"]["content"]["application/json"]
            body["example"]["details"] = example_of(service.details)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Parvis", "version": version("parvis-core"), "description": _ABOUT},
        "servers": [{"url": server}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"secret": {"type": "http", "scheme": "bearer", "description": "A hold's secret."}},
        },
    }


def _routes(app: Litestar) -> Iterator[tuple[str, str, HTTPRouteHandler, Operation]]:
    for route in app.routes:
        for method, (handler, _) in route.route_handler_map.items() if isinstance(route, HTTPRoute) else ():
            if isinstance(operation := handler.opt.get("operation"), Operation):
                yield re.sub(r"\{(\w+):\w+\}", r"{\1}", route.path), str(method), handler, operation


def _when_needed(route: tuple[str, str, HTTPRouteHandler, Operation]) -> tuple[int, str, int]:
    """In the order of the main job, and as its module has it; what plugins add comes behind."""
    _, _, handler, operation = route
    rank = _JOB.index(operation.tag) if operation.tag in _JOB else len(_JOB)
    return rank, operation.tag, handler.fn.__code__.co_firstlineno


def _shapes(operations: Iterable[Operation]) -> Iterator[Any]:
    for operation in operations:
        yield from (shape for shape in (operation.query, operation.body, operation.answer) if shape is not None)


def _operation(
    path: str, handler: HTTPRouteHandler, told: Operation, schemas: dict[Any, Any], components: dict[str, Any]
) -> dict[str, Any]:
    module = handler.fn.__module__.rpartition(".")[2]
    described: dict[str, Any] = {
        "operationId": f"{module}-{handler.fn.__name__}",
        "summary": told.summary,
        "tags": [told.tag],
        "parameters": [*_path_parameters(path), *_query_parameters(told, schemas, components), *_key(told)],
        "responses": _responses(told, schemas),
    }
    if told.description:
        described["description"] = told.description
    if told.secret:
        described["security"] = [{"secret": []}]
    if told.body is not None:
        shown = {"schema": schemas[told.body], "example": example_of(told.body)}
        described["requestBody"] = {"required": True, "content": {"application/json": shown}}
    return described


def _path_parameters(path: str) -> Iterator[dict[str, Any]]:
    for name in re.findall(r"\{(\w+)\}", path):
        schema = {"type": "string", "format": "uuid"}
        yield {"name": name, "in": "path", "required": True, "schema": schema, "description": "Its `id`."}


def _query_parameters(told: Operation, schemas: dict[Any, Any], components: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if told.query is None:
        return
    shape = components[schemas[told.query]["$ref"].rpartition("/")[2]]
    for name, described in shape["properties"].items():
        schema = dict(described)
        parameter = {"name": name, "in": "query", "required": name in shape.get("required", ()), "schema": schema}
        if description := schema.pop("description", ""):
            parameter["description"] = description
        if examples := schema.pop("examples", ()):
            parameter["example"] = examples[0]
        yield parameter


def _key(told: Operation) -> Iterator[dict[str, Any]]:
    if told.key:
        schema = {"type": "string", "pattern": r"^[\x21-\x7e]{1,255}$"}
        about = "Sent again with the same request, the answer is the same and nothing is done twice. A UUID is good."
        yield {"name": HEADER.title(), "in": "header", "required": False, "schema": schema, "description": about}


def _responses(told: Operation, schemas: dict[Any, Any]) -> dict[str, Any]:
    good: dict[str, Any] = {"description": told.answered}
    if told.answer is not None:
        shown = {"schema": schemas[told.answer], "example": example_of(told.answer)}
        good["content"] = {"application/json": shown}
    by_status: dict[int, list[type[ParvisError]]] = {}
    for error in dict.fromkeys([*told.refusals, *_usual(told)]):
        by_status.setdefault(error.status, []).append(error)
    bad = {str(status): _problem(status, errors, schemas) for status, errors in sorted(by_status.items())}
    return {str(told.status): good, **bad}


def _usual(told: Operation) -> Iterator[type[ParvisError]]:
    if told.body is not None:
        yield from (Malformed, TooLarge, NotJson)
    elif told.query is not None:
        yield Malformed
    if told.key:
        yield NotRepeatable
    yield from (TooMany, Unavailable)


def _problem(status: int, errors: list[type[ParvisError]], schemas: dict[Any, Any]) -> dict[str, Any]:
    examples = {
        error.code: {
            "value": {
                "type": f"urn:parvis:problem:{error.code}",
                "title": str(error.title),
                "status": status,
                "code": error.code,
                "instance": "urn:parvis:request:Xk2v0Tq8",
            }
        }
        for error in errors
    }
    described: dict[str, Any] = {
        "description": " ".join(str(error.title) for error in errors),
        "content": {"application/problem+json": {"schema": schemas[Problem], "examples": examples}},
    }
    if status in _HEADERS:
        described["headers"] = {
            name: {"schema": {"type": "string"}, "example": example} for name, example in _HEADERS[status].items()
        }
    return described
