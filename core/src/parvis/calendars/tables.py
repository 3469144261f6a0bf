"""Rows of the calendars. Days and times of rules are the place's own; instants are UTC."""

from __future__ import annotations

from typing import Any

from piccolo.columns import (
    JSONB,
    UUID,
    Array,
    BigInt,
    Boolean,
    Bytea,
    Column,
    Date,
    ForeignKey,
    Integer,
    OnDelete,
    SmallInt,
    Time,
    Timestamptz,
    Varchar,
)
from piccolo.table import Table

from parvis.territory.tables import Emitter, Place


class Bits(Column):
    """A PostgreSQL bit string of any length."""

    value_type: type[Any] = object
    column_type = "VARBIT"


class Period(Column):
    """A range of instants, its end excluded."""

    value_type: type[Any] = object
    column_type = "TSTZRANGE"


class TransactionId(Column):
    """A transaction's identifier, 64 bits, never reused within a cluster."""

    value_type: type[Any] = int
    column_type = "XID8"


class Calendar(Table, tablename="calendar", schema="parvis"):
    """The pool of desks at one place for one service, and when its days open.

    Days open `horizon_days` ahead: each midnight, or each `opens_weekday` (1 is Monday) at `opens_at`; or all at once
    up to `open_until`. A temporary one opens from `first_day` to `last_day`. `public_holidays` is the subdivision of
    France whose holidays close it, empty for none; `counter_percent` of each day is kept for the counter until
    `counter_days` before. `version` counts the changes of its rules.
    """

    id = UUID(primary_key=True, default=None)
    place = ForeignKey(Place, null=False, on_delete=OnDelete.restrict)
    service = Varchar(length=40)
    zone = Varchar(length=40)
    active = Boolean(default=True)
    horizon_days = SmallInt(default=90)
    opens_weekday = SmallInt(null=True, default=None)
    opens_at = Time(default=None)
    public_holidays = Varchar(length=20, default="Alsace-Moselle")
    school_zone = Varchar(length=10, default="Zone B")
    counter_percent = SmallInt(default=10)
    counter_days = SmallInt(default=0)
    version = Integer(default=1)
    first_day = Date(null=True, default=None)
    last_day = Date(null=True, default=None)
    open_until = Date(null=True, default=None)


class CalendarKind(Table, tablename="calendar_kind", schema="parvis"):
    """What can be booked there: minutes for the first person and each further one, a start every `step_minutes`.

    `number`: an application number is required of whoever books it alone; `bring` is a text by language.
    """

    id = UUID(primary_key=True, default=None)
    calendar = ForeignKey(Calendar, null=False, on_delete=OnDelete.cascade)
    kind = Varchar(length=40)
    minutes_first = SmallInt()
    minutes_further = SmallInt()
    step_minutes = SmallInt()
    people_max = SmallInt(default=8)
    online = Boolean(default=True)
    number = Boolean(default=False)
    bring = JSONB()


class Desk(Table, tablename="desk", schema="parvis"):
    """One desk; `kinds` are those it serves, empty for all. A temporary one serves from `first_day` to `last_day`."""

    id = UUID(primary_key=True, default=None)
    calendar = ForeignKey(Calendar, null=False, on_delete=OnDelete.restrict)
    name = Varchar(length=60)
    kinds = Array(base_column=Varchar(length=40), default=[])
    active = Boolean(default=True)
    first_day = Date(null=True, default=None)
    last_day = Date(null=True, default=None)


class OpeningRule(Table, tablename="opening_rule", schema="parvis"):
    """A weekly opening of a desk, in the place's time; `counter` keeps it from the public."""

    id = UUID(primary_key=True, default=None)
    desk = ForeignKey(Desk, null=False, on_delete=OnDelete.cascade)
    weekday = SmallInt()
    opens = Time(default=None)
    closes = Time(default=None)
    valid_from = Date(null=True, default=None)
    valid_until = Date(null=True, default=None)
    season = Varchar(length=8, default="always")
    counter = Boolean(default=False)


class OpeningException(Table, tablename="opening_exception", schema="parvis"):
    """Days on which it is otherwise: closed, open more, or open at other hours instead."""

    id = UUID(primary_key=True, default=None)
    calendar = ForeignKey(Calendar, null=False, on_delete=OnDelete.cascade)
    desks = Array(base_column=UUID(default=None), default=[])
    sort = Varchar(length=8)
    first_day = Date(default=None)
    last_day = Date(default=None)
    opens = Time(null=True, default=None)
    closes = Time(null=True, default=None)
    counter = Boolean(default=False)
    reason = Varchar(length=200)


class DeskDay(Table, tablename="desk_day", schema="parvis"):
    """A desk's local day: what the rules open and what of it is free, from cell `opens` on (`bitmaps`)."""

    desk = ForeignKey(Desk, null=False, on_delete=OnDelete.restrict, primary_key=True)
    day = Date(default=None)
    opens = SmallInt()
    grid = Bits()
    free = Bits()
    kept = Bits(null=True)


class Booking(Table, tablename="booking", schema="parvis"):
    """An hour held, confirmed, kept back before it returns to the public, or cancelled. The first three are live.

    `outside`: an agent decided to keep it where the rules no longer have it. `promised`: kept back for somebody who may
    take it instead of a later hour.
    """

    id = UUID(primary_key=True, default=None)
    desk = ForeignKey(Desk, null=False, on_delete=OnDelete.restrict)
    day = Date(default=None)
    cell = SmallInt()
    cells = SmallInt()
    period = Period()
    state = Varchar(length=10)
    kind = Varchar(length=40)
    people = SmallInt()
    hold_until = Timestamptz(null=True, default=None)
    extended = Boolean(default=False)
    sequence = SmallInt(default=0)
    secret = Bytea(null=True, default=None)
    dossier = UUID(null=True, default=None)
    created = Timestamptz(default=None)
    outside = Boolean(default=False)
    promised = Boolean(default=False)


class SlotChangeWaiting(Table, tablename="slot_change_waiting", schema="parvis"):
    """A change that has no number yet: a desk's day, or a whole calendar."""

    xid = TransactionId(primary_key=True)
    ord = BigInt()
    calendar = UUID(null=True, default=None)
    desk = UUID(null=True, default=None)
    day = Date(null=True, default=None)


class SlotChange(Table, tablename="slot_change", schema="parvis"):
    """A change with the number that readers page by."""

    number = BigInt(primary_key=True)
    calendar = UUID(null=True, default=None)
    desk = UUID(null=True, default=None)
    day = Date(null=True, default=None)
    sequenced = Timestamptz(default=None)


class SlotFeed(Table, tablename="slot_feed", schema="parvis"):
    """The feed's head: its epoch, the cluster it was begun on, the last number given."""

    id = SmallInt(primary_key=True, default=1)
    epoch = UUID(default=None)
    origin = Varchar(length=60)
    last = BigInt(default=0)


class CalendarChange(Table, tablename="calendar_change", schema="parvis"):
    """A change of a calendar's rules: who (an account), when, what sort, and the whole timetable before and after.

    `version` is the one it led to; `undoes` the version of the change it takes back.
    """

    id = UUID(primary_key=True, default=None)
    calendar = ForeignKey(Calendar, null=False, on_delete=OnDelete.restrict)
    version = Integer()
    at = Timestamptz(default=None)
    person = UUID(null=True, default=None)
    sort = Varchar(length=12)
    undoes = Integer(null=True, default=None)
    before = JSONB()
    after = JSONB()


class CalendarLoan(Table, tablename="calendar_loan", schema="parvis"):
    """A calendar that its owner lends to another emitter, whose staff then work with it.

    Never deleted: it holds while `ended_at` is null and `ends_at`, null for no end, has not come. Accounts gave and
    ended it.
    """

    id = UUID(primary_key=True, default=None)
    calendar = ForeignKey(Calendar, null=False, on_delete=OnDelete.restrict)
    delegate = ForeignKey(Emitter, null=False, on_delete=OnDelete.restrict)
    given_by = UUID(null=True, default=None)
    given_at = Timestamptz(default=None)
    ends_at = Timestamptz(null=True, default=None)
    ended_by = UUID(null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)
