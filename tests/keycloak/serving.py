"""The whole portal as a real server that Keycloak can call."""

from contextlib import asynccontextmanager
from dataclasses import replace

import uvicorn
from tests.keycloak.browsing import Browser
from tests.keycloak.realms import EMITTERS

from parvis import settings
from parvis.territory import actions as territory
from parvis.testing.applications import application
from parvis.testing.sign_on import serving


@asynccontextmanager
async def serve(given):
    """The portal on its port, with two town halls."""
    settings.use(
        replace(
            settings.current(), **{name: getattr(given, name) for name in ("oidc_issuer", "port", "oidc_client_secret")}
        )
    )
    for slug in EMITTERS:
        await territory.add_emitter(slug, slug.capitalize(), "municipality", latitude=47.7, longitude=7.3)
    config = uvicorn.Config(application(), host="127.0.0.1", port=given.port, log_level="warning", lifespan="off")
    listening = config.bind_socket()
    async with serving(uvicorn.Server(config), listening):
        found = Browser(settings.current().base_url)
        yield found
        await found.http.aclose()
