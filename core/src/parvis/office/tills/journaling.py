"""A till's journal: all of it, some days, or an arrêt's; as a sheet, and on paper in volumes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Request, Response, get
from litestar.params import FromPath
from litestar.response import Stream

from parvis.errors import Invalid, Refusal, Text
from parvis.office.tills.daily import paper, sender
from parvis.office.tills.looking import SEE, Here, look
from parvis.office.tills.wording import FACTS, in_french
from parvis.payments.books import closings, journals, ledger
from parvis.payments.books.journals import Span
from parvis.payments.money import euros
from parvis.web import forms, pages
from parvis.web.forms import Form
from parvis.web.papers import Sheet, drawn

_AnyRequest = Request[Any, Any, Any]
# Entries on one paper: more than that nobody staples.
_VOLUME = 2_000
_BACKWARDS = Text("The last day is before the first one.")


class Chosen(msgspec.Struct, frozen=True, kw_only=True):
    """Which days, or which arrêt; of a paper in volumes, which."""

    since: date | None = None
    until: date | None = None
    closing: int | None = None
    part: Annotated[int, msgspec.Meta(ge=1)] = 1


@dataclass(frozen=True, slots=True)
class Asked:
    """Which entries were asked for: as they were typed, and their numbers."""

    form: Form[Chosen]
    span: Span

    @property
    def query(self) -> str:
        """What asks for the same entries again."""
        named = {name: self.form.text(name) for name in ("since", "until", "closing") if self.form.text(name)}
        return urlencode(named)


@get("/office/{emitter:str}/tills/{till:uuid}/journal", **SEE)
async def choose(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """Which entries?"""
    here, asked = await look(request, emitter, till), await _asked(request, till)
    return pages.render(
        request,
        "office/tills/journal.html",
        status=422 if asked.form.errors else 200,
        page=here,
        form=asked.form,
        span=asked.span,
        volumes=asked.span.volumes(_VOLUME),
        query=asked.query,
    )


@get("/office/{emitter:str}/tills/{till:uuid}/journal.csv", **SEE)
async def as_sheet(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Stream:
    """They for spreadsheets, however many."""
    here, asked = await look(request, emitter, till), await _asked(request, till)
    asked.form.value  # noqa: B018 - raises what is wrong
    headers = {
        "content-disposition": f'attachment; filename="{_name(here, asked)}.csv"',
        "cache-control": "no-store",
    }
    sheet = journals.journal_sheet(till, asked.span)
    return Stream(sheet, media_type="text/csv; charset=utf-8", headers=headers)


@get("/office/{emitter:str}/tills/{till:uuid}/journal.pdf", **SEE)
async def as_paper(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[bytes]:
    """A volume of them to print."""
    here, asked = await look(request, emitter, till), await _asked(request, till)
    volumes, part = asked.span.volumes(_VOLUME), asked.form.value.part
    if part > len(volumes):
        raise Invalid(Refusal("volume", Text("There is no such volume."), "part"))
    sheet = await _sheet(here, volumes[part - 1], f" – volume {part} sur {len(volumes)}" if len(volumes) > 1 else "")
    name = _name(here, asked) + (f"-{part}" if len(volumes) > 1 else "")
    return paper(await asyncio.to_thread(drawn, sheet), f"{name}.pdf")


async def _asked(request: _AnyRequest, till: UUID) -> Asked:
    """What was asked for, nothing of it where it cannot be read. Raises NotFound for an arrêt that there is not."""
    form = forms.query(request, Chosen)
    chosen = form.decoded
    if form.errors or chosen is None:
        return Asked(form, Span(1, 0))
    if chosen.closing is not None:
        closed = await closings.closing_numbered(till, chosen.closing)
        return Asked(form, Span(closed.first_entry, closed.last_entry))
    if chosen.since is None and chosen.until is None:
        return Asked(form, Span(1, await ledger.last_number(till)))
    since, until = chosen.since or date.min, chosen.until or date.max
    if until < since:
        return Asked(replace(form, errors={"until": _BACKWARDS}), Span(1, 0))
    return Asked(form, await journals.span_of(till, since, until))


async def _sheet(here: Here, span: Span, volume: str) -> Sheet:
    return Sheet(
        **await sender(here),
        title=f"Journal, écritures {span.first} à {span.last}" if span.count else "Journal, aucune écriture",
        facts=[("Édité le", ledger.today().strftime("%d/%m/%Y") + volume)],
        header=("N°", "Jour", "Fait", "Compte", "Référence", "Débit (€)", "Crédit (€)"),
        rows=await _rows(here.till.id, span),
        widths=(6, 14, 16, 24, 18, 11, 11),
        figures_from=5,
    )


async def _rows(till: UUID, span: Span) -> Sequence[Sequence[str]]:
    rows = []
    refs = await journals.references(till, span.first, span.last)
    for entry in await ledger.entries(till, span.first, span.last, span.count):
        fact, day = FACTS.get(entry.kind, entry.kind), entry.day.strftime("%d/%m/%Y")
        for n, (account, cents) in enumerate(entry.lines):
            sides = (euros(cents), "") if cents > 0 else ("", euros(-cents))
            ref = "" if n else refs.get(entry.number, "")
            rows.append((str(entry.number), day, fact, in_french(account), ref, *sides))
    return rows


def _name(here: Here, asked: Asked) -> str:
    which = asked.form.text("closing") and f"arret-{asked.form.text('closing')}"
    days = "-".join(filter(None, (asked.form.text("since"), asked.form.text("until"))))
    return "-".join(filter(None, ("journal", here.till.slug, which or days)))


HANDLERS = (choose, as_sheet, as_paper)
