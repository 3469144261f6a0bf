"""Coming up: the process answers at once, and serves once its database does and has this version's schema."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

import structlog
from litestar import Litestar, get
from piccolo.conf.apps import AppConfig

from parvis.db import close_pool, connection, open_pool
from parvis.db.migrations import require_current_schema
from parvis.errors import ParvisError, Text, Unavailable
from parvis.identity import guards
from parvis.settings import Settings

log = structlog.get_logger()
_PAUSE_SECONDS = 0.5
_PUBLIC = guards.page(guards.public(), "everyone")


@dataclass(slots=True)
class Readiness:
    """Whether this process serves; `missing` says in a sentence what it waits for, None once nothing is."""

    missing: Text | None = field(default_factory=lambda: Text("The process is starting."))


class NotReady(Unavailable):
    """The process does not serve yet."""

    code = "not-ready"


def coming_up(
    settings: Settings,
    apps: Sequence[AppConfig],
    readiness: Readiness,
) -> Callable[[Litestar], contextlib.AbstractAsyncContextManager[None]]:
    """A lifespan that keeps trying for the database in the background."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Litestar) -> AsyncIterator[None]:
        task = asyncio.create_task(_come_up(settings, apps, readiness))
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await close_pool()

    return lifespan


async def _come_up(
    settings: Settings,
    apps: Sequence[AppConfig],
    readiness: Readiness,
) -> None:
    while readiness.missing is not None:
        try:
            await open_pool(settings.database_url, settings.pool_size)
            await require_current_schema(apps)
        except (ParvisError, OSError) as error:
            await close_pool()
            missing = error.detail if isinstance(error, ParvisError) and error.detail else Text(str(error))
            if missing != readiness.missing:
                log.warning("process.waiting", missing=str(missing))
            readiness.missing = missing
            await asyncio.sleep(_PAUSE_SECONDS)
        else:
            readiness.missing = None
            log.info("process.ready")


@get("/health/live", include_in_schema=False, opt={"public": True})
async def live() -> dict[str, str]:
    """The process runs; nobody is recognised, as that would ask the database."""
    return {"status": "live"}


@get("/health/ready", **_PUBLIC)
async def ready(readiness: Readiness) -> dict[str, str]:
    """The process serves. Raises NotReady, naming what is missing."""
    if readiness.missing is not None:
        raise NotReady(readiness.missing)
    async with connection() as c:
        await c.fetchval("SELECT 1")
    return {"status": "ready"}
