"""Rows of money. Amounts are whole cents, a debit is positive; instants are UTC, days the territory's."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, ForeignKey, Integer, OnDelete, Timestamptz, Varchar
from piccolo.table import Table

from parvis.territory.tables import Emitter


class Tariff(Table, tablename="tariff", schema="parvis"):
    """What an activity of an emitter costs: `axes` and `grids` as `grids` has them; `version` counts its changes."""

    id = UUID(primary_key=True, default=None)
    emitter = ForeignKey(Emitter, null=False, on_delete=OnDelete.restrict)
    activity = Varchar(length=60)
    version = Integer(default=1)
    grids = JSONB()


class TariffChange(Table, tablename="tariff_change", schema="parvis"):
    """A change of a tariff: who (an account), when, and all its grids before and after."""

    id = UUID(primary_key=True, default=None)
    tariff = ForeignKey(Tariff, null=False, on_delete=OnDelete.restrict)
    version = Integer()
    at = Timestamptz(default=None)
    person = UUID(null=True, default=None)
    before = JSONB()
    after = JSONB()
