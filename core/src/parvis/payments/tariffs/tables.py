"""Rows of tariffs. Days are the territory's, instants UTC."""

from __future__ import annotations

from piccolo.columns import (
    JSONB,
    UUID,
    Date,
    ForeignKey,
    Integer,
    OnDelete,
    Timestamptz,
    Varchar,
)
from piccolo.table import Table

from parvis.territory.tables import Emitter


class Tariff(Table, tablename="tariff", schema="parvis"):
    """What an activity of an emitter costs: `grids` as `grids` has them; `version` counts its changes."""

    id = UUID(primary_key=True, default=None)
    emitter = ForeignKey(Emitter, null=False, on_delete=OnDelete.restrict)
    activity = Varchar(length=60)
    version = Integer(default=1)
    grids = JSONB()
    name = Varchar(length=120, default="")


class TariffDraft(Table, tablename="tariff_draft", schema="parvis"):
    """A grid as somebody types it (`typed_grids.Typed`); `replaces`: the first day of the one in whose place."""

    id = UUID(primary_key=True, default=None)
    emitter = ForeignKey(Emitter, null=False, on_delete=OnDelete.restrict)
    activity = Varchar(length=60)
    typed = JSONB()
    replaces = Date(null=True, default=None)
    version = Integer(default=1)
    person = UUID(null=True, default=None)
    changed = Timestamptz(default=None)


class AskedPrice(Table, tablename="asked_price", schema="parvis"):
    """What was asked of a tariff (`pricing.Ask`) in the month of a first day; nothing leads to who asked."""

    id = UUID(primary_key=True, default=None)
    tariff = ForeignKey(Tariff, null=False, on_delete=OnDelete.restrict)
    month = Date(default=None)
    ask = JSONB()


class TariffChange(Table, tablename="tariff_change", schema="parvis"):
    """A change of a tariff: who (an account), when, and all its grids before and after."""

    id = UUID(primary_key=True, default=None)
    tariff = ForeignKey(Tariff, null=False, on_delete=OnDelete.restrict)
    version = Integer()
    at = Timestamptz(default=None)
    person = UUID(null=True, default=None)
    before = JSONB()
    after = JSONB()
