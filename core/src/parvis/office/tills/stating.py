"""A provider's statement brought in as a file: what each line would do is shown first, then it is compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.db import transaction
from parvis.errors import Refusal, Refused, Text
from parvis.office.tills.looking import FETCH, KEEP, UPLOAD, Here, look
from parvis.office.tills.wording import DIFFERING, SORTS, collector
from parvis.payments import providers
from parvis.payments.accounts import BY_OURSELVES, Account, accounts_of
from parvis.payments.statements import drafts, statement_files
from parvis.payments.statements.drafts import Report
from parvis.web import fields, forms, pages, uploads
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_BYTES = 10_000_000
_SHOWN = 200
_MISSING = Text("Choose a file.")
_LARGE = Text("The file is too large: at most 10 MB.")
_NOT_TEXT = Text("The file is no text: save it as CSV (UTF-8).")
_WHICH = Text("Choose the account that the statement is of.")


class Looked(msgspec.Struct, frozen=True, kw_only=True):
    """The file that was looked at."""

    draft: Annotated[UUID, fields.Missing(_MISSING)]


@get("/office/{emitter:str}/tills/{till:uuid}/statement", **FETCH)
async def choose(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """Choose a file."""
    here = await look(request, emitter, till)
    return _page(request, here, await _silent(till), forms.blank())


@post("/office/{emitter:str}/tills/{till:uuid}/statement/rehearsal", **UPLOAD)
async def rehearse(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """Tell how each line compares with the books; nothing is kept."""
    here, accounts = await look(request, emitter, till), await _silent(till)
    typed, files = await uploads.read(request)
    content = files.get("file", b"")
    form = forms.blank(account=next(iter(typed.get("account", ())), ""))
    try:
        draft = await drafts.keep(_chosen(accounts, form.text("account")), _text(content), here.by)
        return _page(request, here, accounts, form, await drafts.rehearse(draft, _SHOWN))
    except Refused as refused:
        return _page(request, here, accounts, form.refused(_unnamed(refused)))


@post("/office/{emitter:str}/tills/{till:uuid}/statement", **KEEP)
async def bring_in(request: _AnyRequest, emitter: FromPath[str], till: FromPath[UUID]) -> Response[Any]:
    """Keep the statement of each of its days, and what differs; the same file again changes nothing."""
    here, accounts, form = await look(request, emitter, till), await _silent(till), await forms.read(request, Looked)
    if form.errors:
        return _page(request, here, accounts, forms.blank().refused([Refusal("file", _MISSING, "file")]))
    try:
        draft = await drafts.of(form.value.draft, here.by)
        at = _chosen(accounts, draft.account)
        async with transaction():
            differing = await drafts.bring_in(draft, here.by)
            await here.trace("bring-statement", account=at, lines=draft.lines, differing=differing)
    except Refused as refused:
        return _page(request, here, accounts, form.refused(_unnamed(refused)))
    return pages.see_other(f"{here.base}/differences?told=stated")


async def _silent(till: UUID) -> list[Account]:
    """A till's accounts whose provider has no statement to ask for."""
    return [
        one for one in await accounts_of(till) if one.provider not in BY_OURSELVES and not providers.can(one, "rows")
    ]


def _chosen(accounts: Sequence[Account], key: str) -> str:
    if key not in {one.key for one in accounts}:
        raise Refused(Refusal("account", _WHICH, "account"))
    return key


def _text(content: bytes) -> str:
    text = uploads.as_text(content)
    if not content or len(content) > _BYTES or text is None:
        raise Refused(Refusal("file", _MISSING if not content else _NOT_TEXT if text is None else _LARGE, "file"))
    return text


def _unnamed(refused: Refused) -> list[Refusal]:
    """The reasons; a line's own, which the page has no field for, are about the file as a whole."""
    return [
        Refusal(one.code, one.text, one.field if one.field in ("account", "file") else f"line-{number}")
        for number, one in enumerate(refused.refusals)
    ]


def _page(
    request: _AnyRequest, here: Here, accounts: Sequence[Account], form: Form[Any], report: Report | None = None
) -> Response[Any]:
    return pages.render(
        request,
        "office/tills/statement.html",
        status=422 if form.errors else 200,
        page=here,
        accounts=[(one.key, collector(one.key)) for one in accounts],
        form=form,
        wrong=[text for name, text in form.errors.items() if name.startswith("line-")],
        report=report,
        sorts=SORTS,
        kinds=DIFFERING,
        collector=collector,
        columns=";".join(statement_files.WITH_FEES),
    )


HANDLERS = (choose, rehearse, bring_in)
