"""Writes of the messages: queue one, say how it ended, erase what is personal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from parvis import clock, outbox, settings
from parvis.contract.values import Channel
from parvis.db import Connection, in_transaction, new_id, transaction
from parvis.events import MessageQueued
from parvis.messages.entries import CalendarEntry
from parvis.messages.sealing import Letter, recipient, seal

Ended = Literal["sent", "stale", "failed", "bounced"]
_ADD = (
    "INSERT INTO parvis.message (id, channel, template, language, emitter, dossier, recipient, sealed, message_id, "
    "queued_at, use_by, uid, sequence) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)"
)


async def send(
    template: str,
    channel: Channel,
    address: str,
    language: str,
    emitter: UUID | None,
    context: Mapping[str, Any],
    use_by: datetime,
    calendar_entry: CalendarEntry | None = None,
    dossier: UUID | None = None,
) -> UUID:
    """Queue a message in the caller's transaction; the worker sends it after the commit, never after `use_by`.

    `emitter` is in whose name, None the portal's. The context holds text, numbers, `Text`, days, instants (UTC)
    and lists or mappings of these. A newer message about the same calendar entry to the same address replaces
    one that has not left. Raises OutsideTransaction.
    """
    if not in_transaction():
        raise outbox.OutsideTransaction
    message = new_id()
    letter = Letter(address, context, calendar_entry)
    uid = calendar_entry.uid if calendar_entry else None
    async with transaction() as c:
        sequence = await _sequence(c, uid, channel, address) if uid else None
        row = (message, channel.value, template, language, emitter, dossier, recipient(address), seal(letter))
        await c.execute(_ADD, *row, _message_id(message), clock.now(), use_by, uid, sequence)
        await outbox.record(MessageQueued(emitter=emitter, message=message))
    return message


async def end(message: UUID, state: Ended, error: str = "") -> None:
    """Say how a queued message ended. Its address goes with it, unless somebody may want to mend and resend."""
    sql = (
        "UPDATE parvis.message SET state = $2::varchar, error = $3, ended_at = $4, "
        "sealed = CASE WHEN $2::varchar = 'failed' THEN sealed END WHERE id = $1 AND state = 'queued'"
    )
    async with transaction() as c:
        await c.execute(sql, message, state, error[:120], clock.now())


async def note(message: UUID, error: str) -> None:
    """Keep why an attempt did not succeed; the message stays queued."""
    async with transaction() as c:
        await c.execute("UPDATE parvis.message SET error = $2 WHERE id = $1", message, error[:120])


async def erase(dossiers: Sequence[UUID]) -> int:
    """Erase what is personal in the messages of dossiers; those not sent yet are dropped. How many there were."""
    sql = (
        "UPDATE parvis.message SET sealed = NULL, recipient = '', dossier = NULL, "
        "ended_at = coalesce(ended_at, $2), state = CASE state WHEN 'queued' THEN 'stale' ELSE state END "
        "WHERE dossier = ANY($1) RETURNING id"
    )
    async with transaction() as c:
        return len(await c.fetch(sql, list(dossiers), clock.now()))


async def forget(before: datetime) -> int:
    """Delete messages that ended before `before`; how many."""
    async with transaction() as c:
        return len(await c.fetch("DELETE FROM parvis.message WHERE ended_at < $1 RETURNING id", before))


async def _sequence(c: Connection, uid: str, channel: Channel, address: str) -> int:
    replace = (
        "UPDATE parvis.message SET state = 'stale', error = 'replaced', ended_at = $1, sealed = NULL "
        "WHERE uid = $2 AND channel = $3 AND recipient = $4 AND state = 'queued'"
    )
    await c.execute(replace, clock.now(), uid, channel.value, recipient(address))
    count = (
        "INSERT INTO parvis.calendar_sequence (uid, sequence) VALUES ($1, 0) "
        "ON CONFLICT (uid) DO UPDATE SET sequence = calendar_sequence.sequence + 1 RETURNING sequence"
    )
    return int(await c.fetchval(count, uid))


def _message_id(message: UUID) -> str:
    """Stable, so that a second delivery of the same message is recognised as such."""
    host = settings.current().mail_from.rpartition("@")[2].rstrip(">") or "localhost"
    return f"<{message}@{host}>"
