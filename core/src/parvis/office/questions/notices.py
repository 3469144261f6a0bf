"""Who is written to: the emitter's managers about a question, the resident about its answer. Each once."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from parvis import clock, settings
from parvis.audit import queries as trace
from parvis.contract.values import Channel, MessageTemplate, Reaction
from parvis.db import transaction
from parvis.dossiers import queries as dossiers
from parvis.dossiers import questions
from parvis.dossiers.questions import Question
from parvis.errors import Text
from parvis.events import ReadingAnswered, ReadingQuestioned
from parvis.identity import members
from parvis.messages import actions as messages
from parvis.territory import queries as territory

QUESTION, ANSWER = "office/question", "office/answer"
_USE_BY = timedelta(days=7)
_LINK_LASTS = timedelta(days=90)
_SAMPLE: dict[str, Any] = {
    "at": datetime.fromisoformat("2027-01-04T08:30:00+00:00"),
    "due": datetime.fromisoformat("2027-02-03T08:30:00+00:00"),
    "reference": "K7M29QXP",
    "emitter": "Mairie de Mulhouse",
    "answer": "Une agente de l’état civil a vérifié votre numéro de pré-demande.",
    "show": "https://portal.example/my/requests/1?key=2",
    "url": "https://portal.example/office/mulhouse/questions/1",
}
TEMPLATES = (
    MessageTemplate(
        key=QUESTION, name=Text("Who read a request: question"), channels=frozenset({Channel.MAIL}), sample=_SAMPLE
    ),
    MessageTemplate(
        key=ANSWER,
        name=Text("Who read a request: answer"),
        channels=frozenset({Channel.MAIL, Channel.SMS}),
        sample=_SAMPLE,
    ),
)


async def tell_managers(event: ReadingQuestioned) -> None:
    """Queue a mail to each manager of the emitter who has an address; the list has it in any case."""
    async with transaction():
        if not await questions.take(event.question, "told_at"):
            return
        found = await questions.one(event.question)
        slug = (await territory.emitter(found.emitter)).slug
        url = f"{settings.current().base_url}/office/{slug}/questions/{found.id}"
        context = {**await _facts(found), "url": url, "due": found.due}
        for to in await members.managers_to_write_to(found.emitter):
            await messages.send(
                QUESTION, Channel.MAIL, to.address, to.language, found.emitter, context, clock.now() + _USE_BY
            )


async def tell_resident(event: ReadingAnswered) -> None:
    """Queue the answer to whoever asked, if they left a contact; the request's page has it in any case."""
    async with transaction():
        if not await questions.take(event.question, "answer_told_at"):
            return
        found = await questions.one(event.question)
        dossier = await dossiers.dossier(found.dossier)
        if dossier.contact is None:
            return
        key = dossiers.link_key(dossier.id, clock.now() + _LINK_LASTS)
        show = f"{settings.current().base_url}/my/requests/{dossier.id}?key={key}#readers"
        to = dossier.contact
        await messages.send(
            ANSWER,
            to.kind,
            to.address,
            dossier.language,
            found.emitter,
            {**await _facts(found), "answer": found.answer, "show": show},
            clock.now() + _USE_BY,
            dossier=dossier.id,
        )


async def _facts(found: Question) -> dict[str, Any]:
    reading = (await trace.readings([found.reading])).get(found.reading)
    return {
        "reference": found.reference,
        "emitter": (await territory.emitter(found.emitter)).name,
        "at": reading.at if reading else found.asked_at,
    }


REACTIONS = (
    Reaction(key="office.reading-questioned", event=ReadingQuestioned, handle=tell_managers),
    Reaction(key="office.reading-answered", event=ReadingAnswered, handle=tell_resident),
)
