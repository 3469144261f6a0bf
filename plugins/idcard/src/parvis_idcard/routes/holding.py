"""While an hour is held: the details, the answers to check with the code, and the booking."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.datastructures import State
from litestar.params import FromPath

from parvis import crypto
from parvis.calendars import actions as calendars
from parvis.calendars import queries as calendar_queries
from parvis.calendars.actions import HoldGone
from parvis.calendars.queries import BookingInfo
from parvis.contract.values import Booked, BookingRequest
from parvis.dossiers import queries as dossiers
from parvis.errors import Invalid, Refusal, Refused, Text, TooMany
from parvis.identity import contacts, sessions, shares
from parvis.identity import queries as identity
from parvis.identity.actors import Actor
from parvis.identity.contacts import Contact
from parvis.settings import current
from parvis.territory import queries as territory
from parvis.web import fields, forms, i18n, pages
from parvis.web.forms import Form
from parvis_idcard import actions, drafts, hours, queries, seats
from parvis_idcard.ants.coordination.rules import other_address
from parvis_idcard.details import Details, DetailsForm, contact_of, in_order, of_form, tidied, untold
from parvis_idcard.drafts import Draft, DraftGone
from parvis_idcard.papers import to_bring
from parvis_idcard.permissions import BOOK_FOR_OTHERS
from parvis_idcard.routes.finding import PUBLIC

_Request = Request[Actor, None, State]


class _Code(msgspec.Struct, frozen=True):
    """The code that proves the contact."""

    code: Annotated[fields.Line, fields.Missing(Text("Type the six figures of the code that we sent you."))]


class Elsewhere(Exception):
    """The hour was booked already: a double click, the way back, a second tab. `url` shows the appointment."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


def go_there(_: _Request, error: Elsewhere) -> Response[None]:
    """Lead on to what became of it."""
    return pages.see_other(error.url)


@dataclass(frozen=True, slots=True)
class _Answers:
    """A filled-in form that was right when it was sent; only somebody else may be booked for without a contact."""

    form: DetailsForm
    details: Details
    contact: Contact | None

    @property
    def digest(self) -> bytes | None:
        """What finds the contact."""
        return self.contact.digest if self.contact else None


@get("/hold/{token:str}", **PUBLIC)
async def fill_in(request: _Request, token: FromPath[str]) -> Response[Any]:
    """The form: one contact, and each person."""
    draft, held = await _where(request, token)
    if held is None:
        return await _lapsed(request, draft)
    return await _form(request, draft, held, await _typed_before(draft, request.user))


@post("/hold/{token:str}", status_code=303, **PUBLIC)
async def keep(request: _Request, token: FromPath[str]) -> Response[Any]:
    """Keep the answers; when they are right, prolong the hold once and send the code."""
    form = await forms.read(request, DetailsForm)
    draft, held = await _received(request, token, form)
    if held is None:
        return await _lapsed(request, draft)
    form = form.refused(untold(form, held.people, numbers=await _asks_numbers(request, draft, held, form)))
    try:
        answers = _answers(request, form, draft)
        await actions.check(held, answers.details, answers.contact, _for_others(request, draft, answers.form))
        await _ask_once(request, draft, answers)
    except HoldGone:
        return await _lapsed(request, draft)
    except (Refused, TooMany) as error:
        return await _form(request, draft, held, form.refused(_refusals(error, form)), error.status)
    with suppress(Refused):
        await calendars.extend(draft.hold, draft.secret)
    return pages.see_other(f"{request.url.path}/check")


@post("/hold/{token:str}/longer", status_code=303, **PUBLIC)
async def keep_longer(request: _Request, token: FromPath[str]) -> Response[Any]:
    """Prolong the hold, once, for whoever needs more time to type; what is typed so far is kept."""
    draft, held = await _received(request, token, await forms.read(request, DetailsForm))
    if held is None:
        return await _lapsed(request, draft)
    with suppress(Refused, HoldGone):
        await calendars.extend(draft.hold, draft.secret)
    return pages.see_other(_addresses(request, draft)["here_url"])


@get("/hold/{token:str}/check", **PUBLIC)
async def check(request: _Request, token: FromPath[str]) -> Response[Any]:
    """The answers, what to bring, and the code."""
    draft, held = await _where(request, token)
    if held is None:
        return await _lapsed(request, draft)
    return await _check(request, draft, held, forms.blank())


@post("/hold/{token:str}/check", status_code=303, **PUBLIC)
async def book(request: _Request, token: FromPath[str]) -> Response[Any]:
    """Prove the contact where that is needed, and book."""
    draft, held = await _where(request, token)
    if held is None:
        return await _lapsed(request, draft)
    form = await forms.read(request, _Code)
    answers = _answers_again(request, draft)
    if answers is None:
        return pages.see_other(f"/e/{request.path_params['emitter']}/idcard/hold/{token}")
    try:
        cookie = await _prove(request, draft, answers, form)
        booked = await _book(request, await _request(request, draft, held, answers))
    except HoldGone:
        return await _lapsed(request, draft)
    except Refused as refused:
        return await _check(request, draft, held, form.refused(refused.refusals), refused.status)
    response = pages.see_other(await _shown_at(request, booked, "new"))
    if cookie is not None:
        response.cookies.append(sessions.cookie(current(), cookie))
    return response


@post("/hold/{token:str}/code", status_code=303, **PUBLIC)
async def send_again(request: _Request, token: FromPath[str]) -> Response[Any]:
    """Another code, after a minute."""
    draft, held = await _where(request, token)
    answers = _answers_again(request, draft)
    if held is None or answers is None or answers.contact is None:
        return await _lapsed(request, draft)
    try:
        shares.count_code(request)
        await actions.ask_for_code(draft.hold, answers.contact, i18n.language(request))
    except TooMany as error:
        refusal = Refusal(error.code, error.detail or error.title, "code")
        return await _check(request, draft, held, forms.blank().refused([refusal]), error.status)
    return pages.see_other(f"/e/{request.path_params['emitter']}/idcard/hold/{token}/check")


@post("/hold/{token:str}/release", status_code=303, **PUBLIC)
async def give_back(request: _Request, token: FromPath[str]) -> Response[Any]:
    """Give the hour back, to choose another one."""
    draft, held = await _where(request, token)
    if held is not None:
        with suppress(HoldGone):
            await calendars.release(draft.hold, draft.secret)
    return pages.see_other(_back_to_hours(request, draft))


async def _where(request: _Request, token: str) -> tuple[Draft, BookingInfo | None]:
    """The draft, and its hour while it is held.

    Raises Elsewhere if it was booked already, NotFound, or what `seats.acting` does for a draft that is not theirs.
    """
    if (booked := await actions.booked_before(*drafts.parts(token))) is not None:
        raise Elsewhere(await _shown_at(request, booked))
    draft = await drafts.of_token(token)
    await seats.acting(request, draft.asked.acting)
    held = await calendar_queries.held(draft.hold, draft.secret) if await drafts.is_held(draft) else None
    return draft, held


async def _received(request: _Request, token: str, form: Form[DetailsForm]) -> tuple[Draft, BookingInfo | None]:
    """The draft with what was just sent kept in it; begun again if it was forgotten long ago, then without an hour."""
    try:
        draft, held = await _where(request, token)
    except DraftGone:
        shares.count_claim(request)
        return await drafts.begin_again(token, form.raw), None
    await drafts.keep(draft, form.raw)
    return draft, held


async def _book(request: _Request, asked: BookingRequest) -> Booked:
    return await (seats.book(request.user, asked) if asked.for_others else actions.book(asked, waived=True))


async def _shown_at(request: _Request, booked: Booked, told: str = "") -> str:
    """Where what was booked is shown: to whoever booked it for somebody else, among the others they booked."""
    seat = await seats.which_booked(request.user, booked.dossier)
    if seat is None:
        return f"{booked.link}&new=yes" if told else booked.link
    return seat.address(await dossiers.dossier(booked.dossier), **({"told": told} if told else {}))


async def _lapsed(request: _Request, draft: Draft) -> Response[Any]:
    """The time ran out: what is kept, and the next hours."""
    place = await calendar_queries.place_of(draft.hour.calendar)
    return pages.render(
        request,
        "idcard/lapsed.html",
        status=409 if request.method == "POST" else 200,
        draft=draft,
        seat=await seats.acting(request, draft.asked.acting),
        kept=draft.form is not None or request.method == "POST",
        slots=await hours.nearest(draft.hour.start, draft.asked, place),
        page=crypto.new_secret(),
        base=f"/e/{request.path_params['emitter']}/idcard",
        hours_url=_back_to_hours(request, draft),
    )


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
        may_book_for_others=_may_book_for_others(request),
        elsewhere=[other_address(form.error(f"applicants-{n}-number")) for n in range(held.people)],
        hours_url=_back_to_hours(request, draft),
        **_addresses(request, draft),
    )


async def _check(
    request: _Request, draft: Draft, held: BookingInfo, form: Form[Any], status: int = 200
) -> Response[Any]:
    answers = _answers_again(request, draft)
    addresses = _addresses(request, draft)
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
        proved=await _is_proved(request, draft, answers),
        **addresses,
    )


def _people(people: int) -> dict[str, Text]:
    """What tells one person's fields from another's, by the beginning of their names."""
    return {f"applicants-{n}-": Text("Person {n}", {"n": n + 1}) for n in range(people)} if people > 1 else {}


async def _asks_numbers(request: _Request, draft: Draft, held: BookingInfo, form: Form[DetailsForm]) -> bool:
    ticked = form.has("for_others", "yes") and _may_book_for_others(request)
    if draft.asked.acting or ticked:
        return False
    return (await calendar_queries.kind_at(held.place, held.service, held.kind)).number


def _addresses(request: _Request, draft: Draft) -> dict[str, Any]:
    base = f"/e/{request.path_params['emitter']}/idcard"
    return {"base": base, "here_url": f"{base}/hold/{draft.token}"}


def _back_to_hours(request: _Request, draft: Draft) -> str:
    emitter = current().territory if request.path_params["emitter"] not in draft.asked.place else ""
    slug = emitter or request.path_params["emitter"]
    return f"/e/{slug}/idcard/hours?{draft.asked.query()}&carry={draft.token}"


async def _typed_before(draft: Draft, actor: Actor) -> Form[Any]:
    """What was typed before, without its errors; else what the account tells."""
    if draft.form is not None:
        return replace(forms.decode(DetailsForm, draft.form.encode()), errors={})
    if actor.person is None or actor.may(BOOK_FOR_OTHERS):
        return forms.blank(channel="mail")
    account = await identity.person(actor.person)
    channel = "mail" if account.email or not account.phone else "sms"
    return forms.blank(channel=channel, email=account.email or None, phone=account.phone or None)


def _answers(request: _Request, form: Form[DetailsForm], draft: Draft) -> _Answers:
    """What was told. Raises Invalid."""
    details = tidied(of_form(form.value, draft.asked.paper))
    silent = details.silent and _for_others(request, draft, form.value)
    return _Answers(form.value, details, None if silent else contact_of(details))


def _answers_again(request: _Request, draft: Draft) -> _Answers | None:
    """What was told before, if it was right then."""
    with suppress(Invalid):
        return _answers(request, forms.decode(DetailsForm, (draft.form or "").encode()), draft)
    return None


async def _ask_once(request: _Request, draft: Draft, answers: _Answers) -> None:
    """Send a code unless there is no need, or one to the same contact is on its way."""
    if answers.contact is None or await _is_proved(request, draft, answers):
        return
    before = _answers_again(request, draft)
    if draft.proof is not None and before is not None and before.contact == answers.contact:
        return
    shares.count_code(request)
    await actions.ask_for_code(draft.hold, answers.contact, i18n.language(request))


async def _is_proved(request: _Request, draft: Draft, answers: _Answers) -> bool:
    if answers.contact is None or _for_others(request, draft, answers.form):
        return True
    if any(proof.digest == answers.digest for proof in request.user.proofs):
        return True
    if await actions.is_proved(answers.contact, request.user.person, draft.proof):
        return True
    return await actions.is_validated(draft.hold, draft.secret, answers.details)


async def _prove(request: _Request, draft: Draft, answers: _Answers, form: Form[_Code]) -> str | None:
    """Compare the code where one is needed; the cookie of the session it opened. Raises Refused."""
    if await _is_proved(request, draft, answers):
        return None
    if draft.proof is None:
        raise Invalid(Refusal("code-lapsed", Text("This code is no longer valid. Ask for a new one."), "code"))
    try:
        return (await contacts.prove(draft.proof, form.value.code, request.user.session)).token
    except Invalid:
        # A double click: the first one has just proved it.
        if await _is_proved(request, draft, answers):
            return None
        raise


async def _request(request: _Request, draft: Draft, held: BookingInfo, answers: _Answers) -> BookingRequest:
    for_others = _for_others(request, draft, answers.form)
    of_session = (proof.id for proof in request.user.proofs if proof.digest == answers.digest)
    return BookingRequest(
        hold=draft.hold,
        secret=draft.secret,
        details=answers.details,
        language=i18n.language(request),
        person=request.user.person,
        proof=next(of_session, draft.proof),
        for_others=for_others,
        office=await _office(request, draft, held) if for_others else None,
    )


async def _office(request: _Request, draft: Draft, held: BookingInfo) -> UUID | None:
    """For which town hall somebody else is booked for; None for a helper."""
    seat = await seats.acting(request, draft.asked.acting)
    return seat.emitter if seat else request.user.acts_for(BOOK_FOR_OTHERS, held.emitter)


def _may_book_for_others(request: _Request) -> bool:
    return request.user.may(BOOK_FOR_OTHERS)


def _for_others(request: _Request, draft: Draft, form: DetailsForm) -> bool:
    return bool(draft.asked.acting) or (form.for_others and _may_book_for_others(request))


def _refusals(error: Refused | TooMany, form: Form[Any]) -> tuple[Refusal, ...]:
    if isinstance(error, Refused):
        return error.refusals
    field = "phone" if form.text("channel") == "sms" else "email"
    return (Refusal(error.code, error.detail or error.title, field),)


HANDLERS = (fill_in, keep, keep_longer, check, book, send_again, give_back)
