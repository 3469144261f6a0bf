"""Identity as one piece for a composition root: `Litestar(plugins=[Identity(settings, permissions)])`."""

from __future__ import annotations

from collections.abc import Iterable

import httpx
from litestar.config.app import AppConfig
from litestar.plugins import InitPlugin

from parvis import crypto
from parvis.contract.values import Permission
from parvis.identity.actors import powers_of
from parvis.identity.oidc.sign_on import SignOn
from parvis.identity.recognition import Recognition
from parvis.identity.routes import account, contact, family, sign_in
from parvis.settings import Settings

_ANSWERS_WITHIN = 5.0


def sign_on_of(settings: Settings) -> SignOn:
    """The conversation with the provider of these settings, with connections of its own."""
    return SignOn(settings, httpx.AsyncClient(verify=crypto.trust(), timeout=_ANSWERS_WITHIN))


class Identity(InitPlugin):
    """Adds the routes, the recognition of who asks, `state.sign_on` and `state.powers`.

    `permissions` are the core's and the plugins' together.
    """

    def __init__(self, settings: Settings, permissions: Iterable[Permission]) -> None:
        self._sign_on = sign_on_of(settings)
        self._powers = powers_of(permissions)

    def on_app_init(self, app_config: AppConfig) -> AppConfig:
        """Register everything."""
        app_config.route_handlers += [
            sign_in.login,
            sign_in.second_factor,
            sign_in.callback,
            sign_in.logout,
            sign_in.backchannel,
            sign_in.signed_out,
            account.show,
            account.end,
            account.office,
            *family.HANDLERS,
            contact.which,
            contact.ask,
            contact.which_code,
            contact.prove,
            contact.again,
            contact.offer,
            contact.enter,
        ]
        app_config.middleware.append(Recognition(self._powers))
        app_config.state.sign_on = self._sign_on
        app_config.state.powers = self._powers
        app_config.on_shutdown.append(self._sign_on.close)
        return app_config
