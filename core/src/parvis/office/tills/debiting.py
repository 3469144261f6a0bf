"""Direct debits of a till: batches as files for its bank, and what comes back from there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, astuple
from datetime import date
from functools import partial
from types import MappingProxyType
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.db import transaction
from parvis.errors import Invalid, NotFound, Refusal, Refused, Text
from parvis.office.tills.looking import FETCH, KEEP, SEE, UPLOAD, Here, look
from parvis.office.tills.wording import BATCHES, DEBITS
from parvis.payments import providers
from parvis.payments.books import ledger
from parvis.payments.debits import batches, bringing, creditors, failing, inquiring, orders, queries, rules
from parvis.payments.debits.bringing import Brought
from parvis.payments.debits.queries import Batch
from parvis.web import fields, forms, pages, uploads
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_FILE = Text("Choose the bank’s file.")
_ACTS: Mapping[str, Callable[[UUID], Awaitable[object]]] = MappingProxyType(
    {
        "send": batches.send,
        "send-former": partial(batches.send, former=True),
        "collect": batches.collect,
        "drop": batches.drop,
    }
)


class NewBatch(msgspec.Struct, frozen=True, kw_only=True):
    """When to collect."""

    day: Annotated[date, fields.Missing(Text("Choose the day of the collection."))]


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of a batch."""

    act: Literal["send", "send-former", "collect", "drop"]


class Failed(msgspec.Struct, frozen=True, kw_only=True):
    """Why a debit did not work."""

    reason: Annotated[fields.Line, fields.Missing(Text("Write the bank’s code of four signs, such as AM04."))]


@get("/office/{emitter:str}/tills/{till:uuid}/debits", **SEE)
async def listed(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """What can be debited, and the batches."""
    return await _list(request, await look(request, emitter, till), None)


@post("/office/{emitter:str}/tills/{till:uuid}/debits", **KEEP)
async def make(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """Put what is ready into a batch."""
    here, form = await look(request, emitter, till), await forms.read(request, NewBatch)
    if form.errors:
        return await _list(request, here, form)
    try:
        asked = await inquiring.ask(till, form.value.day, await providers.every())
        async with transaction():
            made = await batches.make(till, form.value.day, here.by, asked)
            await here.trace("make-debits", batch=str(made.id), debits=made.debits, cents=made.cents)
    except Refused as refused:
        return await _list(request, here, form.refused(refused.refusals))
    return pages.see_other(f"{here.base}/debits/{made.id}?told=made")


@post("/office/{emitter:str}/tills/{till:uuid}/debits/bring", **UPLOAD)
async def bring(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """Enter what the bank's file says did not work."""
    here = await look(request, emitter, till)
    _, files = await uploads.read(request)
    try:
        if not (content := files.get("file", b"")):
            raise Invalid(Refusal("file", _FILE, "file"))
        async with transaction():
            brought = await bringing.bring(till, content)
            await here.trace("bring-debits", **asdict(brought))
    except Refused as refused:
        return await _list(request, here, forms.blank().refused(refused.refusals))
    told = "-".join(map(str, astuple(brought)))
    return pages.see_other(f"{here.base}/debits?brought={told}")


@get("/office/{emitter:str}/tills/{till:uuid}/debits/{batch:uuid}", **SEE)
async def show(
    request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID], batch: FromPath[UUID]
) -> Response[Any]:
    """A batch with each of its debits."""
    here = await look(request, emitter, till)
    return await _one(request, here, await _batch(here, batch), forms.blank(), None)


@get("/office/{emitter:str}/tills/{till:uuid}/debits/{batch:uuid}/file.xml", **FETCH)
async def file(
    request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID], batch: FromPath[UUID]
) -> Response[Any]:
    """The file for the bank; who took it is noted, for it has names and account numbers."""
    here = await look(request, emitter, till)
    found = await _batch(here, batch)
    try:
        async with transaction():
            await here.trace("take-debits", batch=str(batch))
            content = await orders.take(batch)
    except Refused as refused:
        return await _one(request, here, found, forms.blank().refused(refused.refusals), None)
    name = f'attachment; filename="{found.reference}.xml"'
    headers = {"content-disposition": name, "cache-control": "no-store"}
    return Response(content, media_type="application/xml", headers=headers)


@post("/office/{emitter:str}/tills/{till:uuid}/debits/{batch:uuid}", **KEEP)
async def act(
    request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID], batch: FromPath[UUID]
) -> Response[Any]:
    """It went to the bank; the bank collected it; it is given up."""
    here, form = await look(request, emitter, till), await forms.read(request, Done)
    found = await _batch(here, batch)
    if form.text("act") not in _ACTS:
        raise NotFound
    try:
        async with transaction():
            await _ACTS[form.text("act")](batch)
            await here.trace(f"{form.text('act')}-debits", batch=str(batch))
    except Refused as refused:
        return await _one(request, here, found, forms.blank().refused(refused.refusals), None)
    return pages.see_other(f"{here.base}/debits/{batch}?told={form.text('act')}")


@post("/office/{emitter:str}/tills/{till:uuid}/debits/{batch:uuid}/{debit:uuid}", **KEEP)
async def fail(
    request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID], batch: FromPath[UUID], debit: FromPath[UUID]
) -> Response[Any]:
    """The bank says that a debit did not work."""
    here, form = await look(request, emitter, till), await forms.read(request, Failed)
    found = await _batch(here, batch)
    if debit not in {line.id for line in await queries.lines_of(batch)}:
        raise NotFound
    if form.errors:
        return await _one(request, here, found, form, debit)
    try:
        async with transaction():
            await failing.fail(debit, rules.tidy(form.value.reason))
            await here.trace("fail-debit", debit=str(debit))
    except (Invalid, Refused) as refused:
        return await _one(request, here, found, form.refused(refused.refusals), debit)
    return pages.see_other(f"{here.base}/debits/{batch}?told=failed")


async def _batch(here: Here, batch: UUID) -> Batch:
    """A batch of this till. Raises NotFound."""
    found = await queries.batch_by_id(batch)
    if found.till != here.till.id:
        raise NotFound
    return found


async def _list(request: _AnyRequest, here: Here, form: Form[Any] | None) -> Response[Any]:
    creditor = await creditors.creditor_of(here.till.id)
    today = ledger.today()
    due = await queries.ready(here.till.id, today + rules.AHEAD) if creditor else []
    soonest = queries.soonest(creditor) if creditor else today
    ready, later = [one for one in due if one.due <= soonest], [one for one in due if one.due > soonest]
    made = await queries.batches_of(here.till.id)
    return pages.render(
        request,
        "office/tills/debits.html",
        status=422 if form and form.errors else 200,
        page=here,
        creditor=creditor,
        ready=ready,
        later=later,
        firsts={one.mandate: one.id for one in reversed(due) if not one.debited},
        total=sum(one.cents for one in ready),
        soonest=soonest,
        batches=made,
        overdue=[one for one in made if queries.is_late(one)],
        states=BATCHES,
        form=form or forms.blank(day=soonest),
        told=request.query_params.get("told", ""),
        brought=_brought(request.query_params.get("brought", "")),
    )


async def _one(request: _AnyRequest, here: Here, batch: Batch, form: Form[Any], asked: UUID | None) -> Response[Any]:
    lines = await queries.lines_of(batch.id)
    return pages.render(
        request,
        "office/tills/batch.html",
        status=422 if form.errors else 200,
        page=here,
        batch=batch,
        overdue=queries.is_late(batch),
        early=rules.too_early(batch.day, ledger.today()) is not None,
        withdrawn=sum(line.withdrawn for line in lines),
        lines=[(line.id, line) for line in lines],
        reasons={line.id: rules.reason_of(line.reason) for line in lines if line.reason},
        codes=[(code, text) for code, text in rules.REASONS.items()],
        states=BATCHES,
        debits=DEBITS,
        form=form,
        blank=forms.blank(),
        asked=asked,
        told=request.query_params.get("told", ""),
    )


def _brought(told: str) -> Brought | None:
    parts = told.split("-")
    known = len(parts) == len(Brought.__slots__) and all(part.isdigit() for part in parts)
    return Brought(*map(int, parts)) if known else None


HANDLERS = (listed, make, bring, show, file, act, fail)
