"""Whether the contact of a held hour is proved, the code that proves it, and when one is sent."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Request
from litestar.datastructures import State

from parvis.errors import Invalid, Refusal, Text
from parvis.identity import contacts, shares
from parvis.identity.actors import Actor
from parvis.web import fields, i18n
from parvis.web.forms import Form
from parvis_idcard import actions
from parvis_idcard.drafts import Draft
from parvis_idcard.routes.answers import Answers, answers_before, for_others

_Request = Request[Actor, None, State]


class Code(msgspec.Struct, frozen=True):
    """The code that proves the contact."""

    code: Annotated[fields.Line, fields.Missing(Text("Type the six figures of the code that we sent you."))]


async def ask_once(request: _Request, draft: Draft, answers: Answers) -> None:
    """Send a code unless there is no need, or one to the same contact is on its way."""
    if answers.contact is None or await is_proved(request, draft, answers):
        return
    before = answers_before(request, draft)
    if draft.proof is not None and before is not None and before.contact == answers.contact:
        return
    shares.count_code(request)
    await actions.ask_for_code(draft.hold, answers.contact, i18n.language(request))


async def is_proved(request: _Request, draft: Draft, answers: Answers) -> bool:
    """Whether no code is needed (any more)."""
    if answers.contact is None or for_others(request, draft, answers.form):
        return True
    if any(proof.digest == answers.digest for proof in request.user.proofs):
        return True
    if await actions.is_proved(answers.contact, request.user.person, draft.proof):
        return True
    return await actions.is_validated(draft.hold, draft.secret, answers.details)


async def prove(request: _Request, draft: Draft, answers: Answers, form: Form[Code]) -> str | None:
    """Compare the code where one is needed; the cookie of the session it opened. Raises Refused."""
    if await is_proved(request, draft, answers):
        return None
    if draft.proof is None:
        raise Invalid(Refusal("code-lapsed", Text("This code is no longer valid. Ask for a new one."), "code"))
    try:
        return (await contacts.prove(draft.proof, form.value.code, request.user.session)).token
    except Invalid:
        # A double click: the first one has just proved it.
        if await is_proved(request, draft, answers):
            return None
        raise
