"""The people of an appointment: a name or a number corrected, or somebody else who comes instead."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath

from parvis import settings
from parvis.dossiers.queries import DossierInfo
from parvis.errors import NotFound, Refused
from parvis.identity.actors import Actor
from parvis.web import forms, pages
from parvis.web.forms import Form
from parvis_idcard import actions, queries, replacing
from parvis_idcard.details import ApplicantForm
from parvis_idcard.routes.finding import PUBLIC
from parvis_idcard.routes.visiting import address, by_of, own, visit_page
from parvis_idcard.rules import Applicant

_Request = Request[Actor, None, State]


@get("/visit/{dossier:uuid}/people/{position:int}", **PUBLIC)
async def ask_to_correct(request: _Request, dossier: FromPath[UUID], position: FromPath[int]) -> Response[Any]:
    """Correct a name or a number."""
    found = await own(request, dossier)
    person = await _person(found, position)
    return await _correct(request, found, position, forms.of(ApplicantForm(**msgspec.structs.asdict(person))))


@post("/visit/{dossier:uuid}/people/{position:int}", status_code=303, **PUBLIC)
async def correct(request: _Request, dossier: FromPath[UUID], position: FromPath[int]) -> Response[Any]:
    """Correct it; if it is another person, say what that means."""
    found = await own(request, dossier)
    form = await forms.read(request, ApplicantForm)
    if form.errors:
        return await _correct(request, found, position, form, 422)
    try:
        after = Applicant(**msgspec.structs.asdict(form.value))
        await actions.correct(found, position, after, by_of(request, found))
    except Refused as refused:
        if refused.refusals[0].code == actions.ANOTHER_PERSON:
            return await _replace(request, found, position, _told(form), refused.status)
        return await _correct(request, found, position, form.refused(refused.refusals), refused.status)
    return pages.see_other(address(request, found, told="corrected"))


@get("/visit/{dossier:uuid}/people/{position:int}/replace", **PUBLIC)
async def ask_to_replace(request: _Request, dossier: FromPath[UUID], position: FromPath[int]) -> Response[Any]:
    """What happens when somebody else is to come."""
    found = await own(request, dossier)
    await _person(found, position)
    return await _replace(request, found, position, {})


@post("/visit/{dossier:uuid}/people/{position:int}/replace", status_code=303, **PUBLIC)
async def replace(request: _Request, dossier: FromPath[UUID], position: FromPath[int]) -> Response[Any]:
    """Give the hour back, and lead to a new search with what the others told."""
    found = await own(request, dossier)
    await _person(found, position)
    told = _told(await forms.read(request, ApplicantForm))
    try:
        search, token = await replacing.replace(found, position, told, by_of(request, found))
    except Refused as refused:
        return await _replace(request, found, position, told, refused.status, refused.refusals)
    return pages.see_other(f"/e/{settings.current().territory}/idcard/hours?{search.query()}&carry={token}")


async def _correct(
    request: _Request, found: DossierInfo, position: int, form: Form[Any], status: int = 200
) -> Response[Any]:
    person = await _person(found, position)
    return await visit_page(request, "idcard/correct.html", found, status, form=form, position=position, person=person)


async def _replace(
    request: _Request, found: DossierInfo, position: int, told: dict[str, str], status: int = 200, refusals: Any = ()
) -> Response[Any]:
    return await visit_page(request, "idcard/replace.html", found, status, refusals, position=position, told=told)


def _told(form: Form[Any]) -> dict[str, str]:
    """What was typed about the other person; their age and their case are asked anew."""
    return {name: form.text(name) for name in ("given", "family", "number") if form.text(name)}


async def _person(found: DossierInfo, position: int) -> Applicant:
    people = (await queries.appointment(found.id)).applicants
    if not 0 <= position < len(people):
        raise NotFound
    return people[position]


HANDLERS = (ask_to_correct, correct, ask_to_replace, replace)
