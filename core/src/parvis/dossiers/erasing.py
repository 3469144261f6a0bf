"""What is personal in dossiers goes: at the end of their term, or because whom they are about asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from parvis import clock
from parvis.contract.values import PersonalData
from parvis.db import Connection, transaction
from parvis.errors import Text

_BATCH = 500


async def erase_kept_long_enough(owners: Sequence[PersonalData]) -> int:
    """Erase what is kept no longer, the plugins' rows first; a bare row stays for the figures."""
    due = (
        "SELECT id FROM parvis.dossier WHERE state = 'closed' AND closed_at + make_interval(days => kept_days) <= $1 "
        "ORDER BY id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED"
    )
    async with transaction() as c:
        ids = [row["id"] for row in await c.fetch(due, clock.now(), _BATCH)]
        await _erase(c, ids, owners)
    return len(ids)


async def erase_asked(dossiers: Sequence[UUID], owners: Sequence[PersonalData]) -> list[UUID]:
    """Erase those of these dossiers that are closed and that no plugin has to keep; which they were."""
    closed = "SELECT id FROM parvis.dossier WHERE id = ANY($1) AND state = 'closed' ORDER BY id FOR NO KEY UPDATE"
    async with transaction() as c:
        ids = [row["id"] for row in await c.fetch(closed, list(dossiers))]
        free = [one for one in ids if await why_kept(one, owners) is None]
        await _erase(c, free, owners)
    return free


async def why_kept(dossier: UUID, owners: Sequence[PersonalData]) -> Text | None:
    """Why a plugin has to keep a dossier yet; None if none has to."""
    for owner in owners:
        if owner.keeps and (why := await owner.keeps(dossier)):
            return why
    return None


async def _erase(c: Connection, ids: list[UUID], owners: Sequence[PersonalData]) -> None:
    for owner in owners:
        await owner.erase(ids)
    await c.execute("DELETE FROM parvis.timeline WHERE dossier = ANY($1)", ids)
    await c.execute("DELETE FROM parvis.takeover_code WHERE dossier = ANY($1)", ids)
    await c.execute("DELETE FROM parvis.reading_question WHERE dossier = ANY($1)", ids)
    await c.execute(
        "UPDATE parvis.dossier SET state = 'erased', person = NULL, contact_kind = NULL, contact = NULL, "
        "contact_digest = NULL, phone = NULL, phone_digest = NULL, names = NULL, name_digests = NULL "
        "WHERE id = ANY($1)",
        ids,
    )
