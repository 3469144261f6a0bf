"""structlog as JSON lines (or readable ones on a terminal), each with its correlation id, none with personal data."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator
from typing import Any

import structlog
from structlog.contextvars import bind_contextvars, clear_contextvars, merge_contextvars
from structlog.typing import EventDict

from parvis.settings import Settings

# httpx writes whole addresses at INFO, authorization codes included.
_QUIET = ("httpx", "httpcore", "aiosmtplib", "asyncio", "dramatiq", "mail.log")


def configure(settings: Settings) -> None:
    """Set the process's logging up, once, before anything logs."""
    level = logging.getLevelName(settings.log_level.upper())
    logging.basicConfig(level=level, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s", force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    renderer = structlog.dev.ConsoleRenderer() if sys.stderr.isatty() else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            where_it_happened,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: _Lines(),
        cache_logger_on_first_use=True,
    )


def where_it_happened(_logger: Any, _method: str, line: EventDict) -> EventDict:
    """Write an error as its types and the places it passed, without its own words: they may name a person."""
    error = line.pop("exc_info", None)
    if error is True:
        error = sys.exception()
    if isinstance(error, BaseException):
        line["exception"] = "\n".join(_passed(error))
    return line


def _passed(error: BaseException) -> Iterator[str]:
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from _passed(before)
    yield type(error).__qualname__
    yield from (f"  {at.filename}:{at.lineno} {at.name}" for at in traceback.extract_tb(error.__traceback__))


class _Lines:
    """Writes each line to the stderr of the moment: loggers are kept, and a stream may be replaced meanwhile."""

    def msg(self, line: str) -> None:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()

    debug = info = warning = error = critical = exception = msg


def correlate(correlation_id: str) -> None:
    """Start a new unit of work: every line it logs carries `correlation_id`."""
    clear_contextvars()
    bind_contextvars(correlation=correlation_id)
