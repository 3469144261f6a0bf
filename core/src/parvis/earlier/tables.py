"""Rows of earlier hours: what somebody asked for, and what they were proposed. Both go when the dossier closes."""

from __future__ import annotations

from piccolo.columns import UUID, Array, Date, ForeignKey, OnDelete, SmallInt, Time, Timestamptz, Varchar
from piccolo.table import Table

from parvis.calendars.tables import Calendar
from parvis.dossiers.tables import Dossier


class WishRow(Table, tablename="earlier_wish", schema="parvis"):
    """What a dossier's people would take instead of their hour; who asked first is asked first.

    `offers` counts what they were proposed, over several askings too; `ended` is why nothing more is proposed.
    """

    dossier = ForeignKey(Dossier, null=False, on_delete=OnDelete.cascade, primary_key=True)
    calendars = Array(base_column=UUID(default=None), default=[])
    weekdays = Array(base_column=SmallInt(default=None), default=[])
    not_before = Time(default=None)
    not_after = Time(default=None)
    last_day = Date(default=None)
    asked_at = Timestamptz(default=None)
    offers = SmallInt(default=0)
    ended_at = Timestamptz(null=True, default=None)
    ended = Varchar(length=10, null=True, default=None)


class OfferRow(Table, tablename="earlier_offer", schema="parvis"):
    """A freed hour (`hour` is its id) proposed to somebody until an instant; no `outcome` while they may take it."""

    id = UUID(primary_key=True, default=None)
    dossier = ForeignKey(Dossier, null=False, on_delete=OnDelete.cascade)
    hour = UUID(default=None)
    calendar = ForeignKey(Calendar, null=False, on_delete=OnDelete.cascade)
    start = Timestamptz(default=None)
    offered_at = Timestamptz(default=None)
    until = Timestamptz(default=None)
    outcome = Varchar(length=8, null=True, default=None)
    ended_at = Timestamptz(null=True, default=None)
