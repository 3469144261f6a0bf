"""Rows of background work."""

from __future__ import annotations

from piccolo.columns import DoublePrecision, Text, Timestamptz, Varchar
from piccolo.table import Table


class TimerRun(Table, tablename="timer_run", schema="parvis"):
    """The last run of a timer. While it runs, nobody else starts it before `running_until`.

    `error` says why the last run failed, and is empty otherwise; `seconds` is how long the last complete one took.
    """

    key = Varchar(length=120, primary_key=True)
    started = Timestamptz(default=None)
    running_until = Timestamptz(null=True, default=None)
    ended = Timestamptz(null=True, default=None)
    seconds = DoublePrecision(null=True, default=None)
    error = Text()
