"""The settings of an emitter: chosen, previewed, published. Everything is in the form, nothing is kept in between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis import merging
from parvis.audit import actions as audit
from parvis.db import transaction
from parvis.errors import Conflict, Refusal, Text
from parvis.identity import guards
from parvis.identity import queries as people
from parvis.office.permissions import SETTINGS
from parvis.office.settings import asking, previewing
from parvis.office.settings.looking import Here, look, with_settings
from parvis.territory import actions
from parvis.territory import queries as territory
from parvis.territory import settings_history as history
from parvis.territory.settings_history import SettingsChanged
from parvis.web import forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
SEE = guards.page(guards.staff(SETTINGS), "manager")
PUBLISH = guards.page(guards.staff(SETTINGS), "manager", status_code=200)
_NOTHING = Text("This changes nothing.")
_LOOK = Text("Look at the preview of what you typed, then publish it.")
_CHOOSE = Text("Choose what becomes of the two changes.")
# A mail's own look is written into it; it may do nothing else.
_MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox"


@dataclass(frozen=True, slots=True, kw_only=True)
class Meanwhile:
    """What others published since the page was shown, by whom, and what both changed: there it would be mine."""

    version: int
    changes: Sequence[tuple[SettingsChanged[Any], str]]
    said: Sequence[Text]
    clashes: Sequence[Text]


@get("/office/{emitter:str}/settings", **SEE)
async def overview(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """What can be set."""
    found = await territory.emitter_by_slug(emitter)
    plugins = await with_settings(found)
    return pages.render(request, "office/settings/overview.html", plugins=plugins, base=f"/office/{emitter}")


@get("/office/{emitter:str}/settings/{plugin:str}", **SEE)
async def edit(request: _AnyRequest, emitter: FromPath[str], plugin: FromPath[str]) -> Response[Any]:
    """The settings as they are kept."""
    here = await look(request, emitter, plugin)
    return await _page(request, here, asking.filled(here.settings), here.settings)


@post("/office/{emitter:str}/settings/{plugin:str}", **PUBLISH)
async def publish(request: _AnyRequest, emitter: FromPath[str], plugin: FromPath[str]) -> Response[Any]:
    """Preview what was typed, or publish what was previewed."""
    here = await look(request, emitter, plugin)
    form = await forms.read(request, here.kind)
    form = form.refused(asking.unanswered(here.kind, form))
    if form.errors or form.decoded is None:
        return await _page(request, here, form, here.settings)
    return await _received(request, here, form, form.decoded)


@post("/office/{emitter:str}/settings/{plugin:str}/mail", **PUBLISH)
async def mail(request: _AnyRequest, emitter: FromPath[str], plugin: FromPath[str]) -> Response[Any]:
    """A mail with its look, as what was typed would make it."""
    here = await look(request, emitter, plugin)
    form = await forms.read(request, here.kind)
    chosen = here.settings if form.errors or form.decoded is None else form.decoded
    found = await previewing.sample(here, chosen, form.text("mail"))
    headers = {"Content-Security-Policy": _MAIL_POLICY, "Cache-Control": "no-store"}
    return Response(found.written.html, media_type="text/html; charset=utf-8", headers=headers)


async def _received(
    request: _AnyRequest, here: Here, form: Form[msgspec.Struct], mine: msgspec.Struct
) -> Response[Any]:
    proposed, meanwhile = mine, None
    version = _whole(form.text("version"))
    if version is not None and version < here.version:
        meanwhile = await _meanwhile(here, version, mine)
        # Chosen after having seen everything there is to be seen by now.
        chosen = form.text("resolve") if form.text("seen") == str(here.version) else ""
        if chosen == "theirs":
            return pages.see_other(here.base)
        if chosen not in ("mine", "both"):
            return await _page(request, here, form.refused([Refusal("resolve", _CHOOSE, "resolve")]), mine, meanwhile)
        proposed = mine if chosen == "mine" else merged(here, await _at(here, version), mine)
    if form.text("step") != "publish":
        return await _page(request, here, form, proposed, meanwhile)
    if form.text("previewed") != previewing.mark(proposed):
        return await _page(request, here, form.refused([Refusal("unseen", _LOOK)]), proposed, meanwhile)
    if proposed == here.settings:
        return await _page(request, here, form.refused([Refusal("nothing-changed", _NOTHING)]), proposed, meanwhile)
    return await _published(request, here, form, proposed)


async def _published(request: _AnyRequest, here: Here, form: Form[Any], proposed: msgspec.Struct) -> Response[Any]:
    try:
        version = await keep(here, proposed)
    except Conflict:
        # Somebody was quicker: what they published is shown beside what was typed.
        now = await look(request, here.emitter.slug, here.plugin.key)
        raw = {**form.raw, "version": (str(here.version),)}
        return await _received(request, now, replace(form, raw=raw), proposed)
    return pages.see_other(f"{here.base}?published={version}")


async def keep(here: Here, proposed: msgspec.Struct, undoes: int | None = None) -> int:
    """Publish settings over those that were looked at; their version. Raises Conflict."""
    async with transaction():
        emitter, key, by = here.emitter.id, here.plugin.key, here.actor.person
        version = await actions.keep_settings(emitter, key, proposed, base=here.version, by=by, undoes=undoes)
        await audit.trace(here.actor, "publish-settings", "emitter", emitter, emitter=emitter, plugin=key)
    return version


async def with_names(changes: Sequence[SettingsChanged[Any]]) -> list[tuple[SettingsChanged[Any], str]]:
    """Changes with the names of who made them, empty where the account was erased."""
    names = await people.names([change.person for change in changes if change.person])
    return [(change, names.get(change.person, "") if change.person else "") for change in changes]


def merged(here: Here, base: msgspec.Struct, mine: msgspec.Struct) -> msgspec.Struct:
    """What becomes of the settings that are kept when the change from `base` to `mine` is made to them."""
    return _merged(here, base, mine, here.settings)[0]


def _merged(
    here: Here, base: msgspec.Struct, mine: msgspec.Struct, theirs: msgspec.Struct
) -> tuple[msgspec.Struct, tuple[merging.Path, ...]]:
    plain = [msgspec.to_builtins(side) for side in (base, mine, theirs)]
    both, clashes = merging.merge(*plain)
    return msgspec.convert(both, here.kind), clashes


async def _meanwhile(here: Here, version: int, mine: msgspec.Struct) -> Meanwhile:
    base = await _at(here, version)
    _, clashes = _merged(here, base, mine, here.settings)
    theirs = asking.differences(base, here.settings)
    return Meanwhile(
        version=version,
        changes=await with_names(await history.since(here.plugin.key, here.emitter.id, here.kind, version)),
        said=[text for _, text in theirs],
        clashes=[text for path, text in theirs if path in clashes],
    )


async def _at(here: Here, version: int) -> msgspec.Struct:
    """The settings that somebody saw who had this version before them; there is a later one."""
    return (await history.change(here.plugin.key, here.emitter.id, here.kind, version + 1)).before


async def _page(
    request: _AnyRequest,
    here: Here,
    form: Form[Any],
    proposed: msgspec.Struct,
    meanwhile: Meanwhile | None = None,
) -> Response[Any]:
    # A script swaps the preview only, and only what came back with 200.
    wrong = bool(form.errors) and "hx-request" not in request.headers
    return pages.render(
        request,
        "office/settings/edit.html",
        status=422 if wrong else 200,
        page=here,
        form=form,
        sections=asking.sections(here.kind),
        seen=await previewing.preview(here, proposed),
        meanwhile=meanwhile,
        version=meanwhile.version if meanwhile else here.version,
        published="published" in request.query_params,
    )


def _whole(raw: str) -> int | None:
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else None


HANDLERS = (overview, edit, publish, mail)
