"""What an application adds to have pages: `Litestar(plugins=[Site(settings)])`. No route of a domain is here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec
from litestar import Request, Response, Router, post
from litestar.config.app import AppConfig
from litestar.config.compression import CompressionConfig
from litestar.plugins import InitPlugin
from litestar.types import ASGIApp, Receive, Scope, Send

from parvis.errors import Forbidden, Text
from parvis.settings import Settings
from parvis.settings import current as current_settings
from parvis.web import forms, i18n
from parvis.web.headers import security_headers
from parvis.web.pages import see_other
from parvis.web.problems import answer
from parvis.web.rules import LANGUAGES, from_own_site, local_path
from parvis.web.statics import serve_static
from parvis.web.trace import traced


class ForeignOrigin(Forbidden):
    """A page of another site made the browser send this."""

    code = "foreign-origin"
    title = Text("This was not sent from our own pages.")


class Site(InitPlugin):
    """Errors, security headers, origin check, correlation, static files, the change of language.

    `form_targets` are origins a form may be redirected to.
    A route with `opt={"cross_site": True}` takes unsafe requests from anywhere: machines, the sign-on; one that is
    `streamed` is not packed, so that each event leaves at once.
    `public` are the guard and declaration of our own two routes, which everyone may use.
    """

    def __init__(
        self,
        settings: Settings,
        form_targets: Sequence[str] = (),
        public: Mapping[str, Any] | None = None,
    ) -> None:
        self.settings, self.form_targets = settings, form_targets
        self.public = public or {}

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        """Add it all to the application."""
        app_config.before_send.append(security_headers(self.settings, self.form_targets))
        app_config.middleware[:0] = [traced, _own_site_only]
        app_config.exception_handlers = {Exception: answer, **app_config.exception_handlers}
        app_config.route_handlers.append(Router("/", route_handlers=[serve_static, choose_language], **self.public))
        app_config.compression_config = app_config.compression_config or CompressionConfig(
            backend="gzip",
            minimum_size=1000,
            gzip_compress_level=5,
            exclude=[r"^/static/"],
            exclude_opt_key="streamed",
        )
        return app_config


class _Choice(msgspec.Struct, frozen=True):
    language: str = ""
    back: str = "/"


@post("/language", include_in_schema=False, opt={"public": True}, status_code=303)
async def choose_language(request: Request[Any, Any, Any]) -> Response[None]:
    """Keep the chosen language for a year, and go back to the page one was on."""
    choice = (await forms.read(request, _Choice)).decoded or _Choice()
    response = see_other(local_path(choice.back))
    if choice.language in LANGUAGES:
        response.cookies.append(i18n.cookie(choice.language))
    return response


def _own_site_only(app: ASGIApp) -> ASGIApp:
    async def handle(scope: Scope, receive: Receive, send: Send) -> None:
        if not _sent_by_us(scope) and not scope["route_handler"].opt.get("cross_site"):
            raise ForeignOrigin
        await app(scope, receive, send)

    return handle


def _sent_by_us(scope: Scope) -> bool:
    headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    hosts = {headers.get(b"host", ""), urlsplit(current_settings().base_url).netloc}
    method, told = str(scope.get("method", "GET")), headers.get(b"sec-fetch-site")
    return from_own_site(method, told, headers.get(b"origin"), hosts)
