"""The portal's application in a test. Putting its routes together takes half a second: a process does it once."""

from __future__ import annotations

from functools import cache

from litestar import Litestar

from parvis import plugins, settings
from parvis.app.assembly import assemble
from parvis.app.portal_process import compose, form_targets
from parvis.identity.composition import sign_on_of
from parvis.plugins import Plugins
from parvis.settings import Settings

_made: dict[tuple[object, ...], Litestar] = {}
_MOST = 4


def application(given: Settings | None = None) -> Litestar:
    """What `app.create` gives, for the settings in use unless given, with a conversation with the sign-on of its own.

    Only one test at a time may use it, and its lifespan is off; a test of coming up, or one that replaces routes,
    creates an application itself.
    """
    now = given or settings.current()
    installed = assemble(now, _installed())
    alike = (now.env, now.secure, *form_targets(now, installed), *(plugin.key for plugin in installed))
    if alike not in _made:
        if len(_made) >= _MOST:
            _made.clear()
        _made[alike] = compose(installed)
    app = _made[alike]
    app.state.sign_on = sign_on_of(now)
    return app


@cache
def _installed() -> Plugins:
    return plugins.load()
