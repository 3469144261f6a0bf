"""Who read my request? A resident asks, the emitter for which it was read answers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import asyncpg

from parvis import clock, crypto, outbox
from parvis.audit import queries as audit
from parvis.db import connection, new_id, transaction
from parvis.dossiers.queries import DossierInfo
from parvis.errors import NotFound
from parvis.events import ReadingAnswered, ReadingQuestioned

# The law gives a month (GDPR, article 12.3).
TERM = timedelta(days=30)
_ANSWER = "reading-answer"
_SEEN = timedelta(days=90)
_ROWS = (
    "SELECT question.id, question.dossier, reading, question.emitter, asked_at, answered_at, answer, reference, "
    "service FROM parvis.reading_question AS question JOIN parvis.dossier ON dossier.id = question.dossier "
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question about one reading of a dossier (UTC); `answer` is empty while it is open."""

    id: UUID
    dossier: UUID
    reference: str
    service: str
    reading: UUID
    emitter: UUID
    asked_at: datetime
    answered_at: datetime | None
    answer: str

    @property
    def due(self) -> datetime:
        """Until when it has to be answered."""
        return self.asked_at + TERM


async def ask(dossier: DossierInfo, reading: UUID) -> None:
    """Ask who that was; twice is once. Raises NotFound for what is no reading of this dossier."""
    found = next((one for one in await audit.readers_of(dossier.id) if one.id == reading), None)
    if found is None:
        raise NotFound
    emitter = found.emitter_id or dossier.emitter
    sql = (
        "INSERT INTO parvis.reading_question (id, dossier, reading, emitter, asked_at) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT (dossier, reading) DO NOTHING RETURNING id"
    )
    async with transaction() as c:
        question = await c.fetchval(sql, new_id(), dossier.id, reading, emitter, clock.now())
        if question:
            await outbox.record(ReadingQuestioned(emitter=emitter, question=question))


async def answer(question: UUID, text: str, by: UUID | None) -> None:
    """Answer it, once and for all. Raises NotFound if it was answered already."""
    sql = (
        "UPDATE parvis.reading_question SET answer = $2, answered_at = $3, answered_by = $4 "
        "WHERE id = $1 AND answered_at IS NULL RETURNING emitter"
    )
    async with transaction() as c:
        sealed = crypto.encrypt(text.encode(), _ANSWER)
        emitter = await c.fetchval(sql, question, sealed, clock.now(), by)
        if emitter is None:
            raise NotFound
        await outbox.record(ReadingAnswered(emitter=emitter, question=question))


async def take(question: UUID, what: Literal["told_at", "answer_told_at"]) -> bool:
    """Whether it is the caller's to write about a question: once, in its transaction; not once it is erased."""
    sql = f"UPDATE parvis.reading_question SET {what} = $2 WHERE id = $1 AND {what} IS NULL RETURNING true"  # noqa: S608 - a name of our own
    async with transaction() as c:
        return bool(await c.fetchval(sql, question, clock.now()))


async def one(question: UUID) -> Question:
    """One question. Raises NotFound."""
    found = await _several("WHERE question.id = $1", question)
    if not found:
        raise NotFound
    return found[0]


async def of_dossier(dossier: UUID) -> dict[UUID, Question]:
    """What was asked about a dossier, by reading."""
    return {found.reading: found for found in await _several("WHERE question.dossier = $1", dossier)}


async def open_at(emitter: UUID) -> list[Question]:
    """What an emitter still has to answer, the oldest first."""
    return await _several("WHERE question.emitter = $1 AND answered_at IS NULL ORDER BY asked_at", emitter)


async def answered_at(emitter: UUID) -> list[Question]:
    """What an emitter answered in the last three months, the latest first."""
    where = "WHERE question.emitter = $1 AND answered_at > $2 ORDER BY answered_at DESC LIMIT 100"
    return await _several(where, emitter, clock.now() - _SEEN)


async def count_open(emitter: UUID) -> int:
    """How many questions wait for an emitter's answer."""
    sql = "SELECT count(*) FROM parvis.reading_question WHERE emitter = $1 AND answered_at IS NULL"
    async with connection() as c:
        return int(await c.fetchval(sql, emitter))


async def _several(where: str, *given: object) -> list[Question]:
    async with connection() as c:
        return [_question(row) for row in await c.fetch(_ROWS + where, *given)]


def _question(row: asyncpg.Record) -> Question:
    said = crypto.decrypt(row["answer"], _ANSWER).decode() if row["answer"] else ""
    return Question(**{**row, "answer": said})
