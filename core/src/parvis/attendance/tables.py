"""Rows of the attendance: steps, which stay for the figures, sheets, which are erased with their day,
outages and feeds."""

from __future__ import annotations

from piccolo.columns import (
    UUID,
    Array,
    BigInt,
    Boolean,
    Bytea,
    Date,
    ForeignKey,
    OnDelete,
    SmallInt,
    Timestamptz,
    Varchar,
)
from piccolo.table import Table

from parvis.calendars.tables import Booking, Calendar, Desk
from parvis.db.sealed import Sealed


class StepRow(Table, tablename="attendance_step", schema="parvis"):
    """Something that happened to a visit on its day; the last one that was not undone says how it stands.

    `by` is resident, staff or system, `person` the account of who did it. `cells` is how long an hour was before its
    rest was given back.
    """

    id = UUID(primary_key=True, default=None)
    ord = BigInt()
    booking = ForeignKey(Booking, null=False, on_delete=OnDelete.cascade)
    step = Varchar(length=8)
    at = Timestamptz(default=None)
    by = Varchar(length=8)
    person = UUID(null=True, default=None)
    cells = SmallInt(null=True, default=None)
    undone_at = Timestamptz(null=True, default=None)
    undone_by = UUID(null=True, default=None)


class Sheet(Table, tablename="attendance_sheet", schema="parvis"):
    """What an agent writes down for a visit until its day is over: `ticks` of what was brought, a note (encrypted)."""

    booking = ForeignKey(Booking, null=False, on_delete=OnDelete.cascade, primary_key=True)
    day = Date(default=None)
    ticks = Array(base_column=Varchar(length=60), default=[])
    note = Sealed("attendance-note", null=True, default=None)


class AttendanceSetting(Table, tablename="attendance_setting", schema="parvis"):
    """After how many minutes the rest of an hour is given back that nobody came to; without a row, never."""

    calendar = ForeignKey(Calendar, null=False, on_delete=OnDelete.cascade, primary_key=True)
    release_minutes = SmallInt()


class Outage(Table, tablename="outage", schema="parvis"):
    """Desks (none named is all) that fell out from an instant until another, by these closures of the timetable.

    `ended_at` is when they were back before that.
    """

    id = UUID(primary_key=True, default=None)
    calendar = ForeignKey(Calendar, null=False, on_delete=OnDelete.cascade)
    desks = Array(base_column=UUID(default=None), default=[])
    closures = Array(base_column=UUID(default=None), default=[])
    since = Timestamptz(default=None)
    until = Timestamptz(default=None)
    reason = Varchar(length=200)
    person = UUID(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)


class OutageVisit(Table, tablename="outage_visit", schema="parvis"):
    """A visit that an outage concerns, and the `start` it had; who was not `told` by a message is called."""

    outage = ForeignKey(Outage, null=False, on_delete=OnDelete.cascade, primary_key=True)
    booking = ForeignKey(Booking, null=False, on_delete=OnDelete.cascade)
    start = Timestamptz(default=None)
    told = Boolean(default=False)
    called_at = Timestamptz(null=True, default=None)


class DeskFeed(Table, tablename="desk_feed", schema="parvis"):
    """The agenda of a desk to subscribe to, by a secret of which only the digest is kept."""

    desk = ForeignKey(Desk, null=False, on_delete=OnDelete.cascade, primary_key=True)
    secret = Bytea()
    made_at = Timestamptz(default=None)
    person = UUID(null=True, default=None)
