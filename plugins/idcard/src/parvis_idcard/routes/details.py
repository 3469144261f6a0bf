"""The form of a held hour: one contact, and each person who comes."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath

from parvis.calendars import actions as calendars
from parvis.calendars import queries as calendar_queries
from parvis.calendars.actions import HoldGone
from parvis.calendars.queries import BookingInfo
from parvis.errors import Refusal, Refused, Text, TooMany
from parvis.identity import family
from parvis.identity import queries as identity
from parvis.identity.actors import Actor
from parvis.identity.family import Relative
from parvis.territory import queries as territory
from parvis.web import forms, pages
from parvis.web.forms import Form
from parvis_idcard import actions, drafts, queries, relatives, seats
from parvis_idcard.ants.coordination.rules import other_address
from parvis_idcard.details import DetailsForm, in_order, untold
from parvis_idcard.drafts import Draft
from parvis_idcard.permissions import BOOK_FOR_OTHERS
from parvis_idcard.routes import holding, proving
from parvis_idcard.routes.answers import answers_of, for_others, may_book_for_others
from parvis_idcard.routes.finding import PUBLIC

_Request = Request[Actor, None, State]


@get("/hold/{token:str}", **PUBLIC)
async def fill_in(request: _Request, token: FromPath[str]) -> Response[Any]:
    """The form: one contact, and each person."""
    draft, held = await holding.where(request, token)
    if held is None:
        return await holding.lapsed(request, draft)
    return await _form(request, draft, held, await _typed_before(draft, request.user))


@post("/hold/{token:str}", status_code=303, **PUBLIC)
async def keep(request: _Request, token: FromPath[str]) -> Response[Any]:
    """Keep the answers; when they are right, prolong the hold once and send the code."""
    form = await forms.read(request, DetailsForm)
    draft, held = await holding.received(request, token, form)
    if held is None:
        return await holding.lapsed(request, draft)
    form = form.refused(untold(form, held.people, numbers=await _asks_numbers(request, draft, held, form)))
    try:
        answers = answers_of(request, form, draft)
        await actions.check(held, answers.details, answers.contact, for_others(request, draft, answers.form))
        await proving.ask_once(request, draft, answers)
    except HoldGone:
        return await holding.lapsed(request, draft)
    except (Refused, TooMany) as error:
        return await _form(request, draft, held, form.refused(_refusals(error, form)), error.status)
    with suppress(Refused):
        await calendars.extend(draft.hold, draft.secret)
    return pages.see_other(f"{request.url.path}/check")


@post("/hold/{token:str}/family", status_code=303, **PUBLIC)
async def put_in(request: _Request, token: FromPath[str]) -> Response[Any]:
    """Put the ticked people of one's family into the empty places of the form; what is typed so far is kept."""
    form = await forms.read(request, DetailsForm)
    draft, held = await holding.received(request, token, form)
    if held is None:
        return await holding.lapsed(request, draft)
    ticked = set(form.raw.get("relatives", ()))
    chosen = [one for one in await _family(request.user, draft) if str(one.id) in ticked]
    day = held.start.astimezone(ZoneInfo(held.zone)).date()
    await drafts.keep(draft, relatives.filled(form.raw, held.people, chosen, day))
    return pages.see_other(holding.addresses(request, draft)["here_url"])


async def _family(actor: Actor, draft: Draft) -> list[Relative]:
    """Whom somebody may put in: their own family, and nobody while they book for others."""
    if actor.account is None or actor.behalf or draft.asked.acting:
        return []
    return await family.all_of(actor.account)


async def _form(
    request: _Request, draft: Draft, held: BookingInfo, form: Form[Any], status: int = 200
) -> Response[Any]:
    place = await territory.place(held.place)
    return pages.render(
        request,
        "idcard/details.html",
        status=status,
        form=replace(form, errors=in_order(form.errors)),
        groups=_people(held.people),
        draft=draft,
        seat=await seats.acting(request, draft.asked.acting),
        held=held,
        place=place,
        settings=await queries.settings(held.emitter),
        kind=await calendar_queries.kind_at(held.place, held.service, held.kind),
        may_book_for_others=may_book_for_others(request),
        elsewhere=[other_address(form.error(f"applicants-{n}-number")) for n in range(held.people)],
        family=await _family(request.user, draft),
        hours_url=holding.back_to_hours(request, draft),
        **holding.addresses(request, draft),
    )


def _people(people: int) -> dict[str, Text]:
    """What tells one person's fields from another's, by the beginning of their names."""
    return {f"applicants-{n}-": Text("Person {n}", {"n": n + 1}) for n in range(people)} if people > 1 else {}


async def _asks_numbers(request: _Request, draft: Draft, held: BookingInfo, form: Form[DetailsForm]) -> bool:
    ticked = form.has("for_others", "yes") and may_book_for_others(request)
    if draft.asked.acting or ticked:
        return False
    return (await calendar_queries.kind_at(held.place, held.service, held.kind)).number


async def _typed_before(draft: Draft, actor: Actor) -> Form[Any]:
    """What was typed before, without its errors; else what the account tells, but nothing of it to a proxy."""
    if draft.form is not None:
        return replace(forms.decode(DetailsForm, draft.form.encode()), errors={})
    if actor.account is None or actor.behalf or actor.may(BOOK_FOR_OTHERS):
        return forms.blank(channel="mail")
    account = await identity.person(actor.account)
    channel = "mail" if account.email or not account.phone else "sms"
    return forms.blank(channel=channel, email=account.email or None, phone=account.phone or None)


def _refusals(error: Refused | TooMany, form: Form[Any]) -> tuple[Refusal, ...]:
    if isinstance(error, Refused):
        return error.refusals
    field = "phone" if form.text("channel") == "sms" else "email"
    return (Refusal(error.code, error.detail or error.title, field),)


HANDLERS = (fill_in, keep, put_in)
