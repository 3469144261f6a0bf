"""What a manager has to answer: which questions are open, and one with who read."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis import plugins
from parvis.audit import actions as audit
from parvis.audit import queries as trace
from parvis.db import transaction
from parvis.dossiers import questions
from parvis.dossiers.questions import Question
from parvis.errors import NotFound, Text
from parvis.identity import guards
from parvis.identity.words import BONDS, ROLES
from parvis.office.permissions import ANSWER
from parvis.territory import queries as territory
from parvis.web import fields, forms, pages
from parvis.web.forms import Form

_AnyRequest = Request[Any, Any, Any]
_ANSWER = guards.page(guards.staff(ANSWER), "manager")


class Answered(msgspec.Struct, frozen=True):
    """What the resident is told."""

    answer: Annotated[fields.Words, fields.Missing(Text("Write the answer."))]


@get("/office/{emitter:str}/questions", **_ANSWER)
async def listed(request: _AnyRequest, emitter: FromPath[str]) -> Response[Any]:
    """What is open, the oldest first, and what was answered lately."""
    own = await territory.emitter_by_slug(emitter)
    return pages.render(
        request,
        "office/questions/questions.html",
        open=await questions.open_at(own.id),
        answered=await questions.answered_at(own.id),
        services=_services(),
        base=f"/office/{own.slug}/questions",
        told=request.query_params.get("told", ""),
    )


@get("/office/{emitter:str}/questions/{question:uuid}", **_ANSWER)
async def show(request: _AnyRequest, emitter: FromPath[str], question: FromPath[UUID]) -> Response[Any]:
    """One question, and who read."""
    return await _page(request, await _own(emitter, question), forms.blank())


@post("/office/{emitter:str}/questions/{question:uuid}", status_code=303, **_ANSWER)
async def answer(request: _AnyRequest, emitter: FromPath[str], question: FromPath[UUID]) -> Response[Any]:
    """Answer it; the resident is written to."""
    found, form = await _own(emitter, question), await forms.read(request, Answered)
    if form.errors:
        return await _page(request, found, form, 422)
    actor = guards.actor_of(request)
    async with transaction():
        await questions.answer(found.id, form.value.answer, actor.person)
        await audit.trace(actor, "answer", "dossier", found.dossier, emitter=found.emitter, question=str(found.id))
    return pages.see_other(f"/office/{emitter}/questions?told=answered")


async def _own(emitter: str, question: UUID) -> Question:
    """A question to this emitter. Raises NotFound for another's."""
    own, found = await territory.emitter_by_slug(emitter), await questions.one(question)
    if found.emitter != own.id:
        raise NotFound
    return found


async def _page(request: _AnyRequest, found: Question, form: Form[Any], status: int = 200) -> Response[Any]:
    slug = (await territory.emitter(found.emitter)).slug
    return pages.render(
        request,
        "office/questions/question.html",
        status=status,
        form=form,
        question=found,
        reading=(await trace.readings([found.reading])).get(found.reading),
        roles=ROLES,
        bonds=BONDS,
        service=_services().get(found.service, found.service),
        base=f"/office/{slug}/questions",
    )


def _services() -> dict[str, Text]:
    return {service.key: service.name for plugin in plugins.current() for service in plugin.services}


HANDLERS = (listed, show, answer)
