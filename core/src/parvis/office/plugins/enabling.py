"""Enabling a plugin at an emitter after having read what it is, and disabling it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis import plugins
from parvis.audit import actions as audit
from parvis.audit import queries as trail
from parvis.calendars import offering
from parvis.db import transaction
from parvis.errors import NotFound, Refusal, Text
from parvis.identity import guards
from parvis.identity import queries as people
from parvis.identity.actors import Actor
from parvis.office.permissions import PLUGINS
from parvis.office.plugins.reading import Reading, read, usual
from parvis.territory import actions
from parvis.territory import queries as territory
from parvis.territory.queries import EmitterInfo
from parvis.web import forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_SEE = guards.page(guards.staff(PLUGINS), "manager")
_CHANGE = guards.page(guards.staff(PLUGINS), "manager", status_code=200)
_UNREAD = Text("Read what it holds and does, then confirm it here.")
_ENABLE, _DISABLE = "enable-plugin", "disable-plugin"


class Confirmed(msgspec.Struct, frozen=True, kw_only=True):
    """That somebody read the page, and the mark of what stood on it."""

    read: bool = False
    mark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """A plugin at an emitter, and who looks at it."""

    emitter: EmitterInfo
    reading: Reading
    enabled: bool
    actor: Actor

    @property
    def key(self) -> str:
        """The plugin's key."""
        return self.reading.plugin.key

    @property
    def base(self) -> str:
        """The address of all plugins."""
        return f"/office/{self.emitter.slug}/plugins"


@get("/office/{emitter:str}/plugins", **_SEE)
async def listed(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """Those that the operator installed, and since when they are enabled here."""
    found = await territory.emitter_by_slug(emitter)
    since = await territory.enabled_since(found.id)
    return pages.render(
        request,
        "office/plugins/plugins.html",
        plugins=[(plugin, since.get(plugin.key)) for plugin in plugins.current()],
        base=f"/office/{emitter}/plugins",
    )


@get("/office/{emitter:str}/plugins/{plugin:str}", **_SEE)
async def one(request: _AnyRequest, emitter: FromPath[str], plugin: FromPath[str]) -> Response[Any]:
    """What it holds, why and how long; what it does, and which addresses it calls."""
    return await _page(request, await _look(request, emitter, plugin), forms.blank())


@post("/office/{emitter:str}/plugins/{plugin:str}/enable", **_CHANGE)
async def enable(request: _AnyRequest, emitter: FromPath[str], plugin: FromPath[str]) -> Response[Any]:
    """Enable just what was read; settings of a former time come back."""
    here, form = await _look(request, emitter, plugin), await forms.read(request, Confirmed)
    typed = form.decoded or Confirmed()
    if not typed.read or typed.mark != here.reading.mark:
        return await _page(request, here, form.refused([Refusal("unread", _UNREAD, "read")]))
    async with transaction():
        await actions.enable_plugin(here.emitter.id, here.key)
        for service in here.reading.plugin.services:
            await actions.publish_first(here.emitter.id, service.key)
        await offering.tell(here.emitter.id)
        await _trace(here, _ENABLE, version=here.reading.plugin.origin.version, mark=typed.mark)
    return pages.see_other(f"{here.base}/{here.key}?done=yes")


@post("/office/{emitter:str}/plugins/{plugin:str}/disable", **_CHANGE)
async def disable(request: _AnyRequest, emitter: FromPath[str], plugin: FromPath[str]) -> Response[Any]:
    """Disable it: nothing it holds is lost."""
    here = await _look(request, emitter, plugin)
    try:
        async with transaction():
            await actions.disable_plugin(here.emitter.id, here.key)
            await offering.tell(here.emitter.id)
            await _trace(here, _DISABLE)
    except NotFound:
        # Somebody was quicker.
        pass
    return pages.see_other(f"{here.base}/{here.key}?done=yes")


async def _trace(here: Here, action: str, **facts: Any) -> None:
    own = here.emitter.id
    await audit.trace(here.actor, action, "emitter", own, emitter=own, plugin=here.key, **facts)


async def _look(request: _AnyRequest, slug: str, key: str) -> Here:
    """A plugin at an emitter. Raises NotFound."""
    emitter = await territory.emitter_by_slug(slug)
    return Here(
        emitter=emitter,
        reading=read(plugins.current()[key]),
        enabled=await territory.is_enabled(key, emitter.id),
        actor=guards.actor_of(request),
    )


async def _page(request: _AnyRequest, here: Here, form: Form[Any]) -> Response[Any]:
    return pages.render(
        request,
        "office/plugins/plugin.html",
        status=422 if form.errors else 200,
        page=here,
        plugin=here.reading.plugin,
        form=form,
        permissions=[(found.name, usual(found)) for found in here.reading.plugin.permissions],
        past=await _past(here),
        done="done" in request.query_params,
    )


async def _past(here: Here) -> list[tuple[trail.Act, str]]:
    """When it was enabled and disabled here, and by whom, the latest first."""
    acts = await trail.latest("emitter", here.emitter.id, (_ENABLE, _DISABLE), {"plugin": here.key})
    names = await people.names([act.person for act in acts if act.person])
    return [(act, names.get(act.person, "") if act.person else "") for act in acts]


HANDLERS = (listed, one, enable, disable)
