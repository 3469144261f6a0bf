"""Before a draft is published: what it would do, what it would have changed in the last year; and publishing it."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.db import transaction
from parvis.errors import Conflict, NotFound, Refusal, Refused, Text
from parvis.office.tariffs.looking import CHANGE, EDIT, Here, look
from parvis.office.tariffs.showing import csv_file
from parvis.payments.books import ledger
from parvis.payments.money import euros
from parvis.payments.tariffs import drafts, quotes, trials, typed_reading
from parvis.payments.tariffs.grids import Grid
from parvis.payments.tariffs.pricing import pricer
from parvis.payments.tariffs.trials import Trial
from parvis.web import forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_YEAR = timedelta(days=365)
_CHANGED = Text("Somebody has kept something else of this draft: look at it again.")


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """The draft that was looked at."""

    version: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """The grid that a draft gives, the one that held on its eve, and what else would change: a day by former grid."""

    grid: Grid
    former: Grid | None
    ends: tuple[tuple[date, date], ...]


@get("/office/{emitter:str}/tariffs/{activity:str}/draft/check", **EDIT)
async def check(request: _AnyRequest, emitter: FromPath[str], activity: FromPath[str]) -> Response[Any]:
    """What publishing would do, tried on the requests of the last year."""
    return await _page(request, await look(request, emitter, activity), forms.blank())


@post("/office/{emitter:str}/tariffs/{activity:str}/draft/check", **CHANGE)
async def publish(request: _AnyRequest, emitter: FromPath[str], activity: FromPath[str]) -> Response[Any]:
    """Publish it."""
    here, form = await look(request, emitter, activity), await forms.read(request, Checked)
    if here.draft is None:
        # Sent again, by a second click or after going back.
        return pages.see_other(here.base)
    try:
        async with transaction():
            version = await drafts.publish(here.emitter.id, activity, _version(form), here.by)
            await here.trace("publish-tariff", version=version, valid_from=here.draft.typed.valid_from)
    except Refused as refused:
        return await _page(request, here, form.refused(refused.refusals))
    except Conflict as conflict:
        return await _page(request, here, form.refused([Refusal(conflict.code, _CHANGED)]))
    return pages.see_other(f"{here.base}?told=published")


@get("/office/{emitter:str}/tariffs/{activity:str}/draft/trial.csv", **EDIT)
async def trial_sheet(request: _AnyRequest, emitter: FromPath[str], activity: FromPath[str]) -> Response[bytes]:
    """What it would have changed in the last year, as a CSV sheet."""
    here = await look(request, emitter, activity)
    found = await _tried(here, _outcome(here, await drafts.outcome(here.emitter.id, here.kept_draft)))
    if found is None:
        raise NotFound
    return csv_file(sheet_of(found), f"simulation-{activity}.csv")


def sheet_of(found: Trial) -> str:
    """A trial as a sheet for spreadsheets."""
    written = io.StringIO()
    table = csv.writer(written, delimiter=";", lineterminator="\r\n")
    table.writerow(("axis", "band", "requests", "before", "after", "difference", "pay_more", "pay_less"))
    for axis, band, sums in [("", "", found.total), *((one.axis, one.part, one.sums) for one in found.bands)]:
        amounts = (euros(cents) for cents in (sums.before, sums.after, sums.difference))
        table.writerow((axis, band, sums.requests, *amounts, sums.more, sums.less))
    return "\ufeff" + written.getvalue()


def _version(form: Form[Checked]) -> int:
    """The version that was looked at; none of a form that is none."""
    return form.decoded.version if form.decoded else 0


async def _page(request: _AnyRequest, here: Here, form: Form[Any]) -> Response[Any]:
    draft, outcome, tried = here.kept_draft, None, None
    faults: tuple[Refusal, ...] = ()
    try:
        outcome = _outcome(here, await drafts.outcome(here.emitter.id, draft))
        tried = await _tried(here, outcome)
    except Refused as refused:
        faults = refused.refusals
    return pages.render(
        request,
        "office/tariffs/check.html",
        status=409 if request.method == "POST" else 200,
        page=here,
        draft=draft,
        form=form,
        faults=faults,
        outcome=outcome,
        tried=tried,
        today=ledger.today(),
    )


def _outcome(here: Here, grids: Sequence[Grid]) -> Outcome:
    """Of all the grids there would be the new one, the one that holds on its eve now, and which end on other days."""
    starts = typed_reading.read(here.kept_draft.typed).valid_from
    grid = next(one for one in grids if one.valid_from == starts)
    eve = (grid.valid_from or ledger.today()) - timedelta(days=1)
    ends = tuple(
        (one.valid_from, one.valid_until)
        for one in grids
        if one is not grid and one.valid_from and one.valid_until and one not in here.grids
    )
    return Outcome(grid, here.grid_on(eve), ends)


async def _tried(here: Here, outcome: Outcome) -> Trial | None:
    """The requests of a year priced by both grids; None where there was none, or no grid before."""
    if here.tariff is None or outcome.former is None:
        return None
    asked = await quotes.asks_of(here.tariff.id, ledger.today() - _YEAR)
    if not asked:
        return None
    return await asyncio.to_thread(trials.trial, asked, pricer(outcome.former), pricer(outcome.grid))


HANDLERS = (check, publish, trial_sheet)
