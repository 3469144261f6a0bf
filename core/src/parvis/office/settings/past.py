"""The changes of an emitter's settings so far, and taking one back."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.errors import Conflict
from parvis.office.settings import asking, editing
from parvis.office.settings.looking import Here, look
from parvis.territory import settings_history as history
from parvis.territory.settings_history import SettingsChanged
from parvis.web import pages

_AnyRequest = Request[Any, Any, Any]
_PAGE = 20


@get("/office/{emitter:str}/settings/{plugin:str}/changes", **editing.SEE)
async def changes(request: _AnyRequest, emitter: FromPath[str], plugin: FromPath[str]) -> Response[Any]:
    """The changes, the latest first."""
    here = await look(request, emitter, plugin)
    asked = request.query_params.get("before", "")
    before = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else None
    found = await history.changes(plugin, here.emitter.id, here.kind, _PAGE + 1, before)
    return pages.render(
        request,
        "office/settings/changes.html",
        page=here,
        rows=[(change, name, _said(change)) for change, name in await editing.with_names(found[:_PAGE])],
        older=f"{here.base}/changes?before={found[_PAGE - 1].version}" if len(found) > _PAGE else None,
    )


@get("/office/{emitter:str}/settings/{plugin:str}/changes/{version:int}", **editing.SEE)
async def ask_to_undo(
    request: _AnyRequest, emitter: FromPath[str], plugin: FromPath[str], version: FromPath[int]
) -> Response[Any]:
    """A change, and what undoing it would make now."""
    here = await look(request, emitter, plugin)
    return await _undoing(request, here, await _change(here, version))


@post("/office/{emitter:str}/settings/{plugin:str}/changes/{version:int}", **editing.PUBLISH)
async def undo(
    request: _AnyRequest, emitter: FromPath[str], plugin: FromPath[str], version: FromPath[int]
) -> Response[Any]:
    """Undo a change: what it changed is as before, what others changed since stays."""
    here = await look(request, emitter, plugin)
    change = await _change(here, version)
    undone = editing.merged(here, change.after, change.before)
    try:
        kept = await editing.keep(here, undone, version) if undone != here.settings else here.version
    except Conflict:
        return await _undoing(request, await look(request, emitter, plugin), change)
    return pages.see_other(f"{here.base}?published={kept}")


async def _undoing(request: _AnyRequest, here: Here, change: SettingsChanged[Any]) -> Response[Any]:
    undone = editing.merged(here, change.after, change.before)
    [(_, name)] = await editing.with_names([change])
    return pages.render(
        request,
        "office/settings/undo.html",
        page=here,
        change=change,
        name=name,
        did=_said(change),
        said=[text for _, text in asking.differences(here.settings, undone)],
    )


async def _change(here: Here, version: int) -> SettingsChanged[Any]:
    return await history.change(here.plugin.key, here.emitter.id, here.kind, version)


def _said(change: SettingsChanged[Any]) -> list[Any]:
    return [text for _, text in asking.differences(change.before, change.after)]


HANDLERS = (changes, ask_to_undo, undo)
