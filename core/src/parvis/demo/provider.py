"""The demo's strict local OpenID provider: the same code path as Keycloak, without its 340 MB.

Its page lists the demo's people, one button each. It refuses what a strict provider refuses: another redirect
address, a request without PKCE, a code or a refresh token used twice. Run it with `python -m
parvis.demo.provider`; tests run it in a thread.
"""

from __future__ import annotations

import os
import socket
from urllib.parse import urlsplit

import uvicorn
from litestar import Litestar
from litestar.datastructures import State

from parvis import clock
from parvis.demo.issuing import Client, Issuing
from parvis.demo.people import PEOPLE
from parvis.demo.provider_pages import HANDLERS, refuse_while_down
from parvis.settings import Settings

_CALLBACK = "/login/callback"


def client_of(settings: Settings) -> Client:
    """The portal as this provider knows it."""
    base = settings.base_url
    return Client(
        settings.oidc_client_id,
        settings.oidc_client_secret,
        redirect_uri=base + _CALLBACK,
        signed_out_uri=base + "/signed-out",
        backchannel_uri=base + "/logout/backchannel",
    )


def provider_app(issuing: Issuing) -> Litestar:
    """The provider as an application; `issuing` holds its state and its faults."""
    return Litestar(
        HANDLERS,
        state=State({"issuing": issuing}, deep_copy=False),
        before_request=refuse_while_down,
        openapi_config=None,
    )


def server(issuing: Issuing) -> uvicorn.Server:
    """A server for the provider; it writes no access log, whose lines would hold codes."""
    config = uvicorn.Config(provider_app(issuing), log_level="warning", access_log=False, lifespan="off")
    return uvicorn.Server(config)


def listen(issuer: str) -> socket.socket:
    """A listening socket at the issuer's host and port. Raises OSError if the port is in use."""
    address = urlsplit(issuer)
    return socket.create_server((address.hostname or "127.0.0.1", address.port or 80))


def main() -> None:
    """Serve until a signal."""
    settings = Settings.from_env(os.environ)
    clock.follow(settings.data / "clock")
    issuing = Issuing(settings.oidc_issuer, client_of(settings), PEOPLE)
    server(issuing).run(sockets=[listen(settings.oidc_issuer)])


if __name__ == "__main__":
    main()
