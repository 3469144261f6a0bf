"""A tariff brought in as a CSV sheet: what each line would do is shown first, and nothing is half-written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Annotated, Any, TypeAlias

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.db import transaction
from parvis.errors import Conflict, Refusal, Refused, Text
from parvis.office.tariffs.looking import CHANGE, EDIT, Here, look
from parvis.payments.tariffs import catalogue, drafts, explaining, sheet_reading, typed_grids
from parvis.payments.tariffs.grids import Axis, Grid, Line
from parvis.web import fields, forms, pages, uploads
from parvis.web.fields import Reader
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_Placed: TypeAlias = tuple[Grid, Line]
_UPLOAD = EDIT | {"status_code": 200, "request_max_body_size": uploads.BYTES}
_BYTES = 120_000
_SHOWN = 200
_MISSING = Text("Choose a file.")
_LARGE = Text("The file is too large: at most 120 kB.")
_NOT_TEXT = Text("The file is no text: save it as CSV (UTF-8).")
_CHANGED = Text("The tariff has changed meanwhile: look at what the sheet would do now.")


class Confirmed(msgspec.Struct, frozen=True, kw_only=True):
    """The sheet that was looked at, and the mark of what was told of it."""

    sheet: Annotated[str, Reader(lambda raw: raw), fields.Missing(_MISSING)]
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What becomes of a price: `created`, `changed`, `unchanged` or `gone`; since when, for whom, before and after."""

    what: str
    since: date | None
    reaches: tuple[Text, ...]
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Report:
    """A word for each price. `mark` tells one report from another; `changes` counts dates, rebates, the rest too."""

    told: Sequence[Told]
    changes: bool
    mark: str

    @property
    def shown(self) -> Sequence[Told]:
        """What is shown: what changes first, and not too much of it."""
        return sorted(self.told, key=lambda one: one.what == "unchanged")[:_SHOWN]


@get("/office/{emitter:str}/tariffs/{activity:str}/import", **EDIT)
async def choose(request: _AnyRequest, emitter: FromPath[str], activity: FromPath[str]) -> Response[Any]:
    """Choose a sheet."""
    here = await look(request, emitter, activity)
    return _page(request, here, forms.blank())


@post("/office/{emitter:str}/tariffs/{activity:str}/rehearsal", **_UPLOAD)
async def rehearse(request: _AnyRequest, emitter: FromPath[str], activity: FromPath[str]) -> Response[Any]:
    """Tell what the sheet would do, price by price; nothing is kept."""
    here = await look(request, emitter, activity)
    _, files = await uploads.read(request)
    content, form = files.get("file", b""), forms.blank()
    if not content or len(content) > _BYTES:
        return _page(request, here, form.refused([Refusal("file", _LARGE if content else _MISSING, "file")]))
    text = uploads.as_text(content)
    if text is None:
        return _page(request, here, form.refused([Refusal("file", _NOT_TEXT, "file")]))
    form = forms.blank(sheet=text)
    try:
        return _page(request, here, form, await _report(here, text))
    except Refused as refused:
        return _page(request, here, form.refused(_unnamed(refused)))


@post("/office/{emitter:str}/tariffs/{activity:str}/import", **CHANGE)
async def bring_in(request: _AnyRequest, emitter: FromPath[str], activity: FromPath[str]) -> Response[Any]:
    """Bring in what was looked at; if it would do something else by now, that is shown first."""
    here, form = await look(request, emitter, activity), await forms.read(request, Confirmed)
    if form.errors:
        return _page(request, here, form)
    typed = form.value
    try:
        async with transaction():
            report = await _report(here, typed.sheet)
            if report.mark != typed.mark:
                return _page(request, here, form.refused([Refusal("sheet-mark", _CHANGED)]), report)
            axes = _axes(here, typed.sheet)
            await catalogue.import_sheet(here.emitter.id, activity, typed.sheet, axes=axes, by=here.by, name=here.title)
            if here.tariff is None:
                # It was begun for this sheet.
                await drafts.drop(here.emitter.id, activity)
            await here.trace("import-tariff", prices=len(report.told))
    except Refused as refused:
        return _page(request, here, form.refused(_unnamed(refused)))
    except Conflict:
        return _page(request, here, form.refused([Refusal("sheet-mark", _CHANGED)]))
    return pages.see_other(f"{here.base}?told=imported")


async def _report(here: Here, sheet: str) -> Report:
    """What a sheet would do. Raises Refused with every fault."""
    found = await catalogue.import_sheet(here.emitter.id, here.activity, sheet, axes=_axes(here, sheet), dry_run=True)
    told = [*_told(here.grids, found.grids)]
    version = here.tariff.version if here.tariff else 0
    return Report(told, found.changed, sha256(f"{version} {sheet}".encode()).hexdigest()[:16])


def _axes(here: Here, sheet: str) -> tuple[Axis, ...]:
    """The axes of a sheet: the tariff's own; those that it has not yet, as they look."""
    return sheet_reading.axes_in(sheet, catalogue.axes_of(here.grids))


def _told(before: Sequence[Grid], after: Sequence[Grid]) -> Iterator[Told]:
    was = {grid.valid_from: _by_reach(grid) for grid in before}
    will = {grid.valid_from: _by_reach(grid) for grid in after}
    for day in sorted({*was, *will}, key=lambda one: one or date.min):
        old, new = was.get(day, {}), will.get(day, {})
        for key in {**new, **old}:
            yield _one(day, old.get(key), new.get(key))


def _one(day: date | None, old: _Placed | None, new: _Placed | None) -> Told:
    before, after = (typed_grids.price_text(one[1]) if one else "" for one in (old, new))
    what = "created" if old is None else "gone" if new is None else "unchanged" if before == after else "changed"
    there = new or old
    return Told(what, day, explaining.reaches(*there) if there else (), before, after)


def _by_reach(grid: Grid) -> dict[object, _Placed]:
    """A grid's lines by whom they are for."""
    return {tuple(sorted(line.when.items())): (grid, line) for line in grid.lines}


def _unnamed(refused: Refused) -> list[Refusal]:
    """The reasons, each about the file as a whole: the page has no field for a line of it."""
    return [Refusal(one.code, one.text, f"line-{number}") for number, one in enumerate(refused.refusals)]


def _page(request: _AnyRequest, here: Here, form: Form[Any], report: Report | None = None) -> Response[Any]:
    wrong = [text for name, text in form.errors.items() if name.startswith("line-")]
    return pages.render(
        request,
        "office/tariffs/import.html",
        status=422 if form.errors else 200,
        page=here,
        form=form,
        wrong=wrong,
        report=report,
    )


HANDLERS = (choose, rehearse, bring_in)
