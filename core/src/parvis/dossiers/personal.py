"""Everything the dossiers keep about whom they are about, in the clear."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from parvis.audit import queries as audit
from parvis.dossiers import queries, questions
from parvis.dossiers.queries import DossierInfo
from parvis.identity.actors import Actor
from parvis.identity.contacts import Contact


async def of_person(actor: Actor) -> list[DossierInfo]:
    """All the dossiers of somebody signed in and of the contacts they proved in this session, but erased ones."""
    digests = [proof.digest for proof in actor.proofs]
    where = "(dossier.person = $1 OR contact_digest = ANY($2)) ORDER BY opened_at DESC"
    return await queries.matching(where, actor.account, digests)


async def export(found: DossierInfo) -> dict[str, Any]:
    """A dossier, what happened to it, who read it (without the agents' names), and what was asked about that."""
    plain = ("reference", "service", "state", "opened_at", "closed_at", "language", "names", "phone")
    return {
        **{name: getattr(found, name) for name in plain},
        "emitter": found.slug,
        "contact": _contact(found.contact),
        "visit": _visit(found),
        "timeline": [
            {"at": row.at, "event": row.event, "by": row.by, "office": row.office, "told": dict(row.data)}
            for row in await queries.timeline(found.id)
        ],
        **await _readings(found.id),
    }


async def _readings(dossier: UUID) -> dict[str, Any]:
    asked = await questions.of_dossier(dossier)
    return {
        "readings": [
            {"at": one.at, "emitter": one.emitter, "role": one.bond or one.role}
            for one in await audit.readers_of(dossier)
        ],
        "questions": [
            {"asked_at": one.asked_at, "answered_at": one.answered_at, "answer": one.answer} for one in asked.values()
        ],
    }


def _contact(contact: Contact | None) -> str | None:
    return contact.address if contact else None


def _visit(found: DossierInfo) -> dict[str, Any] | None:
    visit = found.visit
    if visit is None:
        return None
    plain = ("kind", "people", "start", "end", "cancelled")
    return {name: getattr(visit, name) for name in plain}
