"""The last step of a held hour: the answers to check, the code, and the booking."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath

from parvis.calendars.actions import HoldGone
from parvis.calendars.queries import BookingInfo
from parvis.contract.values import Booked, BookingRequest
from parvis.errors import Refusal, Refused, TooMany
from parvis.identity import sessions, shares
from parvis.identity.actors import Actor
from parvis.settings import current
from parvis.territory import queries as territory
from parvis.web import forms, i18n, pages
from parvis.web.forms import Form
from parvis_idcard import actions, queries, seats
from parvis_idcard.drafts import Draft
from parvis_idcard.papers import to_bring
from parvis_idcard.permissions import BOOK_FOR_OTHERS
from parvis_idcard.routes import holding, proving
from parvis_idcard.routes.answers import Answers, answers_before, for_others
from parvis_idcard.routes.finding import PUBLIC

_Request = Request[Actor, None, State]


@get("/hold/{token:str}/check", **PUBLIC)
async def check(request: _Request, token: FromPath[str]) -> Response[Any]:
    """The answers, what to bring, and the code."""
    draft, held = await holding.where(request, token)
    if held is None:
        return await holding.lapsed(request, draft)
    return await _check(request, draft, held, forms.blank())


@post("/hold/{token:str}/check", status_code=303, **PUBLIC)
async def book(request: _Request, token: FromPath[str]) -> Response[Any]:
    """Prove the contact where that is needed, and book."""
    draft, held = await holding.where(request, token)
    if held is None:
        return await holding.lapsed(request, draft)
    form = await forms.read(request, proving.Code)
    answers = answers_before(request, draft)
    if answers is None:
        return pages.see_other(f"/e/{request.path_params['emitter']}/idcard/hold/{token}")
    try:
        cookie = await proving.prove(request, draft, answers, form)
        booked = await _book(request, await _request(request, draft, held, answers))
    except HoldGone:
        return await holding.lapsed(request, draft)
    except Refused as refused:
        return await _check(request, draft, held, form.refused(refused.refusals), refused.status)
    response = pages.see_other(await holding.shown_at(request, booked, "new"))
    if cookie is not None:
        response.cookies.append(sessions.cookie(current(), cookie))
    return response


@post("/hold/{token:str}/code", status_code=303, **PUBLIC)
async def send_again(request: _Request, token: FromPath[str]) -> Response[Any]:
    """Another code, after a minute."""
    draft, held = await holding.where(request, token)
    answers = answers_before(request, draft)
    if held is None or answers is None or answers.contact is None:
        return await holding.lapsed(request, draft)
    try:
        shares.count_code(request)
        await actions.ask_for_code(draft.hold, answers.contact, i18n.language(request))
    except TooMany as error:
        refusal = Refusal(error.code, error.detail or error.title, "code")
        return await _check(request, draft, held, forms.blank().refused([refusal]), error.status)
    return pages.see_other(f"/e/{request.path_params['emitter']}/idcard/hold/{token}/check")


async def _check(
    request: _Request, draft: Draft, held: BookingInfo, form: Form[Any], status: int = 200
) -> Response[Any]:
    answers = answers_before(request, draft)
    addresses = holding.addresses(request, draft)
    if answers is None:
        return pages.see_other(addresses["here_url"])
    bring = [(person, to_bring(held.kind, answers.details.reason, person)) for person in answers.details.applicants]
    return pages.render(
        request,
        "idcard/check.html",
        status=status,
        form=form,
        draft=draft,
        seat=await seats.acting(request, draft.asked.acting),
        held=held,
        answers=answers,
        bring=bring,
        also=await queries.also_bring(held.place, held.kind, i18n.language(request)),
        place=await territory.place(held.place),
        proved=await proving.is_proved(request, draft, answers),
        **addresses,
    )


async def _book(request: _Request, asked: BookingRequest) -> Booked:
    return await (seats.book(request.user, asked) if asked.for_others else actions.book(asked, waived=True))


async def _request(request: _Request, draft: Draft, held: BookingInfo, answers: Answers) -> BookingRequest:
    others = for_others(request, draft, answers.form)
    of_session = (proof.id for proof in request.user.proofs if proof.digest == answers.digest)
    return BookingRequest(
        hold=draft.hold,
        secret=draft.secret,
        details=answers.details,
        language=i18n.language(request),
        person=request.user.person,
        account=request.user.owner,
        behalf=request.user.behalf,
        proof=next(of_session, draft.proof),
        for_others=others,
        office=await _office(request, draft, held) if others else None,
    )


async def _office(request: _Request, draft: Draft, held: BookingInfo) -> UUID | None:
    """For which town hall somebody else is booked for; None for a helper."""
    seat = await seats.acting(request, draft.asked.acting)
    return seat.emitter if seat else request.user.acts_for(BOOK_FOR_OTHERS, held.emitter)


HANDLERS = (check, book, send_again)
