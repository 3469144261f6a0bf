"""Rows of branding."""

from __future__ import annotations

from piccolo.columns import UUID, ForeignKey, Integer, OnDelete, Text, Timestamptz, Varchar
from piccolo.table import Table

from parvis.territory.tables import Emitter


class Branding(Table, tablename="branding", schema="parvis"):
    """One version of an emitter's look; the highest counts, none is changed.

    `colour` is what was asked for, `stylesheet` the corrected tokens, `logo` an SVG. The hashes are in their
    addresses, so that a browser never shows an old one.
    """

    id = UUID(primary_key=True, default=None)
    emitter = ForeignKey(Emitter, null=False, on_delete=OnDelete.cascade)
    version = Integer()
    display_name = Varchar(length=200)
    colour = Varchar(length=7)
    stylesheet = Text()
    stylesheet_hash = Varchar(length=16)
    logo = Text()
    logo_hash = Varchar(length=16)
    made_at = Timestamptz(default=None)
