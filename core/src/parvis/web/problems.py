"""Errors as people and programs meet them: a page with the next step, or an RFC 9457 problem. One mapping.

A page never shows a stack trace, nor what an exception says of our insides; the log has both, under the
correlation id that the page shows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import asyncpg
import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, ValidationException

from parvis.errors import NotFound, NotSignedIn, ParvisError, Refused, Text, TooMany, Unavailable
from parvis.web.i18n import language, translate
from parvis.web.pages import render, see_other
from parvis.web.rules import wants_page
from parvis.web.trace import correlation_id

log = structlog.get_logger()
_AnyRequest = Request[Any, Any, Any]
_DATABASE_GONE = (
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    ConnectionError,
    TimeoutError,
)
_TITLES = {
    400: Text("The request cannot be understood."),
    401: NotSignedIn.title,
    403: Text("This is not allowed."),
    404: NotFound.title,
    405: Text("This address does not take that kind of request."),
    413: Text("What was sent is too large."),
    415: Text("This kind of content is not accepted here."),
    422: Text("Please check what you entered."),
    429: TooMany.title,
    503: Unavailable.title,
}
_CODES = {
    400: "malformed",
    401: "not-signed-in",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    415: "unsupported-media-type",
    422: "invalid",
    429: "too-many",
    503: "unavailable",
}


# What a decoder says of a field is for programs, and stays as it is.
_AS_IS = "{what}"


@dataclass(frozen=True, slots=True)
class Problem:
    """An error as it is told. `errors` are (code, sentence, field) of what was refused."""

    status: int
    code: str
    title: Text
    detail: Text | None = None
    errors: tuple[tuple[str, Text, str | None], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()


def problem_of(error: Exception) -> Problem:
    """The one mapping from exceptions to what is told about them."""
    if isinstance(error, ParvisError):
        return _of_ours(error)
    if isinstance(error, (ValidationException, msgspec.ValidationError)):
        return Problem(422, "invalid", _TITLES[422], errors=_of_validation(error))
    if isinstance(error, HTTPException):
        return _of_http(error)
    if isinstance(error, _DATABASE_GONE):
        return Problem(503, "unavailable", Unavailable.title, headers=(("Retry-After", "30"),))
    return Problem(500, "error", ParvisError.title)


def answer(request: _AnyRequest, error: Exception) -> Response[Any]:
    """The answer to a request that ended in `error`: the handler of every exception."""
    problem = problem_of(error)
    if problem.status >= 500:
        # What we say no with on purpose (not ready yet) needs no stack trace in the log.
        unforeseen = None if isinstance(error, ParvisError) else error
        log.error("request.failed", code=problem.code, route=request.scope.get("path_template"), exc_info=unforeseen)
    if not wants_page(request.url.path, request.headers.get("accept", "")):
        return _machine_answer(request, problem)
    if problem.status == 401:
        return see_other(f"/login?next={quote(_way_back(request), safe='')}")
    return render(request, "web/error.html", status=problem.status, headers=dict(problem.headers), problem=problem)


def _machine_answer(request: _AnyRequest, problem: Problem) -> Response[bytes]:
    lang = language(request)
    told: dict[str, Any] = {
        "type": f"urn:parvis:problem:{problem.code}",
        "title": translate(problem.title, lang),
        "status": problem.status,
        "code": problem.code,
        "instance": f"urn:parvis:request:{correlation_id(request.scope)}",
    }
    if problem.detail:
        told["detail"] = translate(problem.detail, lang)
    if problem.errors:
        told["errors"] = [
            {"code": code, "detail": translate(text, lang)} | ({"field": field} if field else {})
            for code, text, field in problem.errors
        ]
    headers = {**dict(problem.headers), "Content-Language": lang, "Cache-Control": "no-store"}
    return Response(
        msgspec.json.encode(told), status_code=problem.status, media_type="application/problem+json", headers=headers
    )


def _of_ours(error: ParvisError) -> Problem:
    headers: tuple[tuple[str, str], ...] = ()
    if error.status in {429, 503}:
        headers = (("Retry-After", str(getattr(error, "retry_after", 30))),)
    if error.status == 401:
        headers = (("WWW-Authenticate", "Bearer"),)
    if not isinstance(error, Refused):
        return Problem(error.status, error.code, error.title, error.detail, headers=headers)
    errors = tuple((refusal.code, refusal.text, refusal.field) for refusal in error.refusals)
    code = error.refusals[0].code if len(error.refusals) == 1 else error.code
    return Problem(error.status, code, error.title, error.detail, errors, headers)


def _of_http(error: HTTPException) -> Problem:
    status = error.status_code if error.status_code in _TITLES or error.status_code >= 500 else 400
    kept = ("allow",) if isinstance(error, MethodNotAllowedException) else ()
    headers = tuple((name, value) for name, value in (error.headers or {}).items() if name.lower() in kept)
    title = _TITLES.get(status, ParvisError.title)
    return Problem(status, _CODES.get(status, "error"), title, headers=headers)


def _of_validation(error: Exception) -> tuple[tuple[str, Text, str | None], ...]:
    extra = getattr(error, "extra", None) or [{"message": str(error)}]
    return tuple(
        ("invalid", Text(_AS_IS, {"what": str(item.get("message", ""))}), item.get("key") or None)
        for item in extra
        if isinstance(item, dict)
    )


def _way_back(request: _AnyRequest) -> str:
    if request.method != "GET":
        return "/"
    return request.url.path + (f"?{request.url.query}" if request.url.query else "")
