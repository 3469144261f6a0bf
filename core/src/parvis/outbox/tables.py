"""Rows of the outbox."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, ForeignKey, OnDelete, SmallInt, Text, Timestamptz, Varchar
from piccolo.table import Table


class EventRow(Table, tablename="event", schema="parvis"):
    """A recorded fact: its type's name, its fields, whose it is, and the request that caused it."""

    id = UUID(primary_key=True, default=None)
    type = Varchar(length=80)
    emitter = UUID(null=True, default=None)
    payload = JSONB()
    recorded = Timestamptz(default=None)
    correlation = Varchar(length=64)


class Delivery(Table, tablename="delivery", schema="parvis"):
    """One event due to one reaction; `state` is due, done or dead.

    `due` is when somebody may take it next: while it is leased, the end of the lease. `lease` changes with every
    lease, so that a message which a broker delivers late or twice is recognised; `started` tells one that is
    running from one that waits in a broker.
    """

    id = UUID(primary_key=True, default=None)
    event = ForeignKey(EventRow, null=False, on_delete=OnDelete.cascade)
    reaction = Varchar(length=120)
    state = Varchar(length=4, default="due")
    attempts = SmallInt()
    due = Timestamptz(default=None)
    lease = UUID(null=True, default=None)
    worker = UUID(null=True, default=None)
    started = Timestamptz(null=True, default=None)
    finished = Timestamptz(null=True, default=None)
    error = Text()
