"""The web process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from litestar import Litestar
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler

from parvis import settings
from parvis.app.assembly import assemble
from parvis.app.hosts import by_host
from parvis.app.mounts import mounted
from parvis.app.parts import HANDLERS, PERMISSIONS
from parvis.app.readiness import Readiness, coming_up, live, ready
from parvis.calendars.following import following
from parvis.db.migrations import apps_under
from parvis.demo import routes as demo
from parvis.identity.composition import Identity
from parvis.identity.guards import SecondFactorMissing
from parvis.office import factor
from parvis.office.day import boards
from parvis.plugins import Plugins
from parvis.settings import Settings
from parvis.web.site import Site


def create(given: Settings | None = None) -> Litestar:
    """The application of one web process; settings come from its environment unless given."""
    return compose(assemble(given))


def compose(installed: Plugins) -> Litestar:
    """Every route of the core and of the plugins, for the settings in use."""
    now = settings.current()
    readiness = Readiness()
    permissions = [*PERMISSIONS, *installed.permissions()]
    apps = [*apps_under("parvis"), *installed.apps()]
    return Litestar(
        route_handlers=[live, ready, *HANDLERS, *_demo_pages(now), *mounted(installed)],
        middleware=[by_host],
        plugins=[Site(now, form_targets=form_targets(now, installed)), Identity(now, permissions)],
        exception_handlers={SecondFactorMissing: factor.answer},
        dependencies={"readiness": Provide(lambda: readiness, sync_to_thread=False)},
        lifespan=[coming_up(now, apps, readiness), _search_index, _agents_days],
        openapi_config=None,
    )


@asynccontextmanager
async def _search_index(_: Litestar) -> AsyncIterator[None]:
    async with following():
        yield


@asynccontextmanager
async def _agents_days(_: Litestar) -> AsyncIterator[None]:
    async with boards.watching():
        yield


def _demo_pages(now: Settings) -> tuple[HTTPRouteHandler, ...]:
    return demo.HANDLERS if now.env == "demo" else ()


def form_targets(now: Settings, installed: Plugins) -> list[str]:
    """Origins that a form may end at by a redirect: the sign-on's, the portal's own, payment pages."""
    return [*_sign_on_origins(now), *_payment_origins(installed)]


def _payment_origins(installed: Plugins) -> Iterator[str]:
    """Where payers are led to by a form."""
    for provider in (found for plugin in installed for found in plugin.payment_providers):
        yield from provider.origins() if provider.origins else ()


def _sign_on_origins(now: Settings) -> tuple[str, ...]:
    # Under an emitter's host name a form may end at the portal's own.
    return (now.base_url, now.oidc_issuer) if now.oidc_issuer else (now.base_url,)
