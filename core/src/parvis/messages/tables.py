"""Rows of the messages."""

from __future__ import annotations

from piccolo.columns import UUID, Bytea, ForeignKey, Integer, OnDelete, Text, Timestamptz, Varchar
from piccolo.table import Table

from parvis.db.sealed import Sealed
from parvis.territory.tables import Emitter


class Message(Table, tablename="message", schema="parvis"):
    """A mail or an SMS; `state` is queued, sent, stale, failed or bounced.

    `sealed` is what is personal (address, context, calendar entry), encrypted, and null once it is of no more
    use; `recipient` is a keyed digest of the address. `uid` and `sequence` are those of its calendar file.
    """

    id = UUID(primary_key=True, default=None)
    channel = Varchar(length=4)
    template = Varchar(length=120)
    language = Varchar(length=2)
    emitter = ForeignKey(Emitter, null=True, default=None, on_delete=OnDelete.restrict)
    dossier = UUID(null=True, default=None)
    recipient = Bytea()
    sealed = Sealed("message", null=True, default=None)
    message_id = Varchar(length=200)
    state = Varchar(length=7, default="queued")
    attempts = Integer()
    queued_at = Timestamptz(default=None)
    use_by = Timestamptz(default=None)
    ended_at = Timestamptz(null=True, default=None)
    error = Varchar(length=120)
    uid = Varchar(length=200, null=True, default=None)
    sequence = Integer(null=True, default=None)


class CalendarSequence(Table, tablename="calendar_sequence", schema="parvis"):
    """How often a calendar entry was sent: its next SEQUENCE."""

    uid = Text(primary_key=True)
    sequence = Integer()
