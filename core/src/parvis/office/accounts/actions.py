"""Merging and separating accounts over the domains that keep something for them, each in one transaction."""

from __future__ import annotations

from uuid import UUID

from parvis.audit import actions as audit
from parvis.db import transaction
from parvis.dossiers import owners
from parvis.identity import merging
from parvis.identity.actors import Actor


async def merge(kept: UUID, merged: UUID, reason: str, by: Actor) -> UUID:
    """Make `merged` a further sign-on of `kept`, and trace it for both. Raises Refused, NotFound."""
    async with transaction():
        await merging.lock(kept, merged)
        moved = await merging.move(kept, merged) | {"dossiers": await owners.move(kept, merged)}
        made = await merging.join(kept, merged, reason, moved, by)
        for account, other in ((kept, merged), (merged, kept)):
            requests = len(moved["dossiers"])
            await audit.trace(by, "merge-accounts", "person", account, other=str(other), requests=requests)
    return made


async def separate(merge_id: UUID, by: Actor) -> None:
    """Undo a merge, and trace it for both. Raises NotFound if it was undone already."""
    async with transaction():
        found = await merging.part(merge_id, by)
        await owners.move_back(found.kept, found.moved.get("dossiers", []), found.merged, found.merged_at)
        for account, other in ((found.kept, found.merged), (found.merged, found.kept)):
            await audit.trace(by, "separate-accounts", "person", account, other=str(other))
