"""Sending one queued message, at least once and normally once."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from parvis import clock, settings
from parvis.contract.values import Channel
from parvis.db import transaction
from parvis.events import MessageQueued
from parvis.messages.actions import end, note
from parvis.messages.entries import Issue, calendar_file, method
from parvis.messages.letters import Letterhead, letterhead, write
from parvis.messages.mails import Envelope, NotSent, Rejected, compose, sender_address, transmit
from parvis.messages.sealing import Letter, unseal
from parvis.messages.senders import sms_sender
from parvis.outbox import Later
from parvis.outbox.rules import pause

_LONGEST = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A message whose attempt is counted."""

    id: UUID
    channel: Channel
    template: str
    language: str
    emitter: UUID | None
    sealed: bytes
    message_id: str
    attempts: int
    queued_at: datetime
    use_by: datetime
    sequence: int | None


async def deliver(event: MessageQueued) -> None:
    """Send a message unless it ended already or is stale. Raises Later while its server cannot be reached."""
    message = await _attempt(event.message)
    if message is None:
        return
    if message.use_by <= clock.now():
        await end(message.id, "stale", "too late")
        return
    try:
        await _transmit(message, unseal(message.sealed))
    except Rejected as rejected:
        await end(message.id, "bounced" if rejected.bounced else "failed", str(rejected))
    except NotSent as reason:
        await note(message.id, str(reason))
        raise Later(_again(message)) from None
    else:
        await end(message.id, "sent")


async def _attempt(message: UUID) -> Waiting | None:
    """Count it before it is tried, so that a worker killed in the middle has left its trace."""
    sql = (
        "UPDATE parvis.message SET attempts = attempts + 1 WHERE id = $1 AND state = 'queued' RETURNING "
        "id, channel, template, language, emitter, sealed, message_id, attempts, queued_at, use_by, sequence"
    )
    async with transaction() as c:
        row = await c.fetchrow(sql, message)
    return Waiting(**{**row, "channel": Channel(row["channel"])}) if row else None


async def _transmit(message: Waiting, letter: Letter) -> None:
    head = await letterhead(message.emitter)
    written = write(message.template, message.channel, message.language, head, letter)
    if message.channel is Channel.SMS:
        await sms_sender(settings.current()).send(letter.address, written.text, str(message.id))
        return
    envelope = Envelope(
        to=letter.address,
        sender=head.name,
        message_id=message.message_id,
        language=message.language,
        at=clock.now(),
        calendar=_calendar(message, letter, head),
    )
    await transmit(compose(written, envelope), letter.address)


def _calendar(message: Waiting, letter: Letter, head: Letterhead) -> tuple[bytes, str] | None:
    if letter.entry is None:
        return None
    issue = Issue(
        sequence=message.sequence or 0,
        at=message.queued_at,
        organiser=head.name,
        organiser_mail=sender_address(),
        zone=settings.current().zone,
    )
    return calendar_file(letter.entry, issue), method(letter.entry)


def _again(message: Waiting) -> datetime:
    wait = min(pause(message.attempts, random.random()), _LONGEST)  # noqa: S311 - spreads load, guards nothing
    return min(clock.now() + wait, message.use_by)
