"""A number checked as it is typed: an enhancement of the form, which checks again when it is sent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from litestar import Request, Response, post
from litestar.datastructures import State
from litestar.params import FromPath

from parvis.calendars import queries as calendars
from parvis.errors import Text
from parvis.identity import guards
from parvis.identity.actors import Actor
from parvis.settings import current
from parvis.territory import queries as territory
from parvis.web import forms, limits, pages
from parvis.web.limits import Limit
from parvis_idcard import drafts
from parvis_idcard.ants.coordination import checks
from parvis_idcard.details import DetailsForm
from parvis_idcard.drafts import Draft
from parvis_idcard.routes.finding import PUBLIC
from parvis_idcard.rules import Age, Applicant, read_number

_Request = Request[Actor, None, State]
_NUMBERS = Limit("numbers", 60, timedelta(minutes=10))
_GOOD = Text("This number is valid.")
_LATER = Text("This number could not be checked now. Go on: we check it later, and tell you if something is wrong.")


@post("/hold/{token:str}/number/{position:int}", status_code=200, **PUBLIC)
async def check_number(request: _Request, token: FromPath[str], position: FromPath[int]) -> Response[Any]:
    """What a number is worth, as a part of the page. The number travels in the body: addresses are kept and logged."""
    draft = await drafts.of_token(token)
    form = await forms.read(request, DetailsForm)
    limits.take(request, _NUMBERS, guards.actor_of(request).person)
    kind, text = await _said(draft, form.text(f"applicants-{position}-number"))
    return pages.render(request, "idcard/number.html", headers={"Cache-Control": "no-store"}, kind=kind, text=text)


async def _said(draft: Draft, typed: str) -> tuple[str, Text | None]:
    if not typed.strip():
        return "", None
    number = read_number(typed)
    if isinstance(number, Text):
        return "warn", number
    place = await territory.place(await calendars.place_of(draft.hour.calendar))
    known = await checks.look([number], place.slug)
    if number not in known:
        return "info", _LATER
    person = Applicant(given="-", family="-", age=Age.ADULT, number=number)
    refused = checks.refusals([person], known, current().zone)
    return ("warn", refused[0].text) if refused else ("good", _GOOD)


HANDLERS = (check_number,)
