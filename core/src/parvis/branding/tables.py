"""Rows of branding."""

from __future__ import annotations

from piccolo.columns import UUID, Bytea, ForeignKey, Integer, OnDelete, Text, Timestamptz, Varchar
from piccolo.table import Table

from parvis.territory.tables import Emitter


class Branding(Table, tablename="branding", schema="parvis"):
    """One version of an emitter's look, made by an account (`person`); the highest counts, none is changed.

    `colour`, `accent` and `mail` are what was asked for, `stylesheet` the corrected tokens; its hash is in its
    address, so that a browser never shows an old one. `logo` and `icon` are files of `BrandingPicture`.
    """

    id = UUID(primary_key=True, default=None)
    emitter = ForeignKey(Emitter, null=False, on_delete=OnDelete.cascade)
    version = Integer()
    display_name = Varchar(length=200)
    colour = Varchar(length=7)
    accent = Varchar(length=7, null=True, default=None)
    mail = Varchar(length=7, null=True, default=None)
    typeface = Varchar(length=20)
    stylesheet = Text()
    stylesheet_hash = Varchar(length=16)
    logo = Varchar(length=20, null=True, default=None)
    icon = Varchar(length=20, null=True, default=None)
    made_at = Timestamptz(default=None)
    person = UUID(null=True, default=None)


class BrandingPicture(Table, tablename="branding_picture", schema="parvis"):
    """A cleaned picture of an emitter, by the name that carries its hash; one that no version wears is let go."""

    id = UUID(primary_key=True, default=None)
    emitter = ForeignKey(Emitter, null=False, on_delete=OnDelete.cascade)
    file = Varchar(length=20)
    content = Bytea()
    kept_at = Timestamptz(default=None)
