"""Rows of the indicators."""

from __future__ import annotations

from piccolo.columns import ForeignKey, OnDelete, Timestamptz, Varchar
from piccolo.table import Table

from parvis.calendars.tables import Booking


class Cancellation(Table, tablename="cancellation", schema="parvis"):
    """Who cancelled a booking (resident, staff, helper or system) and when: kept once the timeline is erased."""

    booking = ForeignKey(Booking, null=False, on_delete=OnDelete.cascade, primary_key=True)
    by = Varchar(length=10)
    at = Timestamptz(default=None)
