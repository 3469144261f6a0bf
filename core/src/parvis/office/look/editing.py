"""The look of an emitter: chosen, previewed, published. All but pictures is in the form, nothing is kept in between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis import merging
from parvis.audit import actions as audit
from parvis.branding import actions, history
from parvis.branding.history import Version
from parvis.branding.looks import TYPEFACES, Look, differences, plain
from parvis.branding.pictures import read_picture
from parvis.db import transaction
from parvis.errors import Conflict, Refusal, Refused, Text
from parvis.office.look import looking
from parvis.office.look.looking import PUBLISH, SEE, Here, with_names
from parvis.web import forms, pages, uploads
from parvis.web.forms import Form, Raw

_AnyRequest = Request[Any, Any, Any]
_NOTHING = Refusal("nothing-changed", Text("This changes nothing."))
_LOOK = Refusal("unseen", Text("Look at the preview of what you chose, then publish it."))
_CHOOSE = Refusal("resolve", Text("Choose what becomes of the two changes."), "resolve")


@dataclass(frozen=True, slots=True, kw_only=True)
class Meanwhile:
    """What others published since the page was shown, by whom, and what both changed: there it would be mine."""

    version: int
    changes: Sequence[tuple[Version, str]]
    said: Sequence[Text]
    clashes: Sequence[Text]


@get("/office/{emitter:str}/look", **SEE)
async def edit(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """The look as it is worn; with `from`, an earlier version of it, to be looked at and published again."""
    at = await looking.here(request, emitter)
    number = _whole(request.query_params.get("from", ""))
    chosen = at.look if number is None else (await history.version(at.emitter.id, number)).look
    return await _page(request, at, forms.of(chosen), chosen)


@post("/office/{emitter:str}/look", **PUBLISH)
async def publish(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """Preview what was chosen, or publish what was previewed."""
    at = await looking.here(request, emitter)
    typed, files = await uploads.read(request)
    pictures, refusals = await _kept(at, typed, files)
    form = forms.of_raw(Look, {**typed, **pictures}).refused(refusals)
    if form.errors or form.decoded is None:
        return await _page(request, at, form, form.decoded or at.look)
    return await _received(request, at, form, form.decoded)


async def _kept(at: Here, typed: Raw, files: Mapping[str, bytes]) -> tuple[Raw, list[Refusal]]:
    """The names of the pictures that were sent or taken away, and why others cannot be worn."""
    names: dict[str, tuple[str, ...]] = {}
    refusals = []
    for field in ("logo", "icon"):
        if typed.get(f"{field}-none"):
            names[field] = ("",)
        elif content := files.get(f"{field}-file"):
            found = read_picture(content, field)
            if isinstance(found, Refusal):
                refusals.append(found)
            else:
                names[field] = (await actions.keep_picture(at.emitter.id, found),)
    return names, refusals


async def _received(request: _AnyRequest, at: Here, form: Form[Look], mine: Look) -> Response[Any]:
    chosen, meanwhile = mine, None
    version = _whole(form.text("version"))
    if version is not None and version < at.version:
        base = await _at(at, version)
        meanwhile = await _meanwhile(at, version, base, mine)
        # Chosen after having seen everything there is to be seen by now.
        resolved = form.text("resolve") if form.text("seen") == str(at.version) else ""
        if resolved == "theirs":
            return pages.see_other(at.base)
        if resolved not in ("mine", "both"):
            return await _page(request, at, form.refused([_CHOOSE]), mine, meanwhile)
        chosen = mine if resolved == "mine" else _merged(base, mine, at.look)[0]
    if form.text("step") != "publish":
        return await _page(request, at, form, chosen, meanwhile)
    refusal = _LOOK if form.text("previewed") != chosen.mark else _NOTHING if chosen == at.look and at.version else None
    if refusal:
        return await _page(request, at, form.refused([refusal]), chosen, meanwhile)
    return await _published(request, at, form, chosen)


async def _published(request: _AnyRequest, at: Here, form: Form[Look], chosen: Look) -> Response[Any]:
    try:
        async with transaction():
            emitter = at.emitter.id
            version = await actions.publish(emitter, chosen, base=at.version, by=at.actor.person)
            await audit.trace(at.actor, "publish-look", "emitter", emitter, emitter=emitter, version=version)
    except Refused as refused:
        return await _page(request, at, form.refused(refused.refusals), at.look)
    except Conflict:
        # Somebody was quicker: what they published is shown beside what was chosen.
        now = await looking.here(request, at.emitter.slug)
        raw = {**form.raw, "version": (str(at.version),)}
        return await _received(request, now, replace(form, raw=raw), chosen)
    return pages.see_other(f"{at.base}?published={version}")


def _merged(base: Look, mine: Look, theirs: Look) -> tuple[Look, set[str]]:
    """Both changes made to `base`, and the names of what both changed."""
    both, clashes = merging.merge(*(msgspec.to_builtins(side) for side in (base, mine, theirs)))
    return msgspec.convert(both, Look), {path[0] for path in clashes}


async def _meanwhile(at: Here, version: int, base: Look, mine: Look) -> Meanwhile:
    _, clashes = _merged(base, mine, at.look)
    theirs = list(differences(base, at.look))
    return Meanwhile(
        version=version,
        changes=await with_names(await history.since(at.emitter.id, version)),
        said=[text for _, text in theirs],
        clashes=[text for name, text in theirs if name in clashes],
    )


async def _at(at: Here, version: int) -> Look:
    """The look that somebody saw who had this version before them."""
    if version == 0:
        return plain(at.emitter.name)
    return (await history.version(at.emitter.id, version)).look


async def _page(
    request: _AnyRequest, at: Here, form: Form[Any], chosen: Look, meanwhile: Meanwhile | None = None
) -> Response[Any]:
    # A script swaps the preview only, and only what came back with 200.
    swapped = "hx-request" in request.headers
    return pages.render(
        request,
        "office/look/edit.html",
        status=422 if form.errors and not swapped else 200,
        page=at,
        form=form,
        typefaces=[(face.value, text) for face, text in TYPEFACES.items()],
        seen=looking.preview(at, chosen),
        swapped=swapped,
        meanwhile=meanwhile,
        version=meanwhile.version if meanwhile else at.version,
        published="published" in request.query_params,
        older=_whole(request.query_params.get("from", "")),
    )


def _whole(raw: str) -> int | None:
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else None


HANDLERS = (edit, publish)
