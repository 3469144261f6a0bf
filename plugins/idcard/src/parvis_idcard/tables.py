"""Rows of the identity-paper appointments, by dossier."""

from __future__ import annotations

from piccolo.columns import UUID, Boolean, Bytea, ForeignKey, OnDelete, SmallInt, Timestamptz, Varchar
from piccolo.table import Table

from parvis.db.sealed import Sealed
from parvis.dossiers.tables import Dossier


class Draft(Table, tablename="draft", schema="idcard"):
    """What somebody whose hour is held has told us: gone once it is booked, or an hour after the hold lapsed.

    `page` is the page of results it was chosen on, so that a second click finds it; `slot` the hour's code, `search`
    the query that found it; `secret` and `form` (what was typed) are encrypted; `proof` is the contact's, on its way.
    """

    hold = UUID(primary_key=True, default=None)
    page = Varchar(length=40, unique=True)
    secret = Sealed("idcard-draft")
    slot = Varchar(length=40)
    search = Varchar(length=4000)
    form = Sealed("idcard-draft", null=True, default=None)
    proof = UUID(null=True, default=None)
    ends_at = Timestamptz(default=None)


class VisitRow(Table, tablename="visit", schema="idcard"):
    """What a dossier's visit is for, when it was booked, and whether whoever booked proved the contact."""

    dossier = ForeignKey(Dossier, null=False, on_delete=OnDelete.cascade, primary_key=True)
    kind = Varchar(length=20)
    paper = Varchar(length=12, null=True, default=None)
    booked_at = Timestamptz(default=None)
    proved = Boolean(default=True)


class ApplicantRow(Table, tablename="applicant", schema="idcard"):
    """A person of a visit: names and number encrypted, `number_digest` finds a live deposit of the same number."""

    id = UUID(primary_key=True, default=None)
    dossier = ForeignKey(Dossier, null=False, on_delete=OnDelete.cascade)
    position = SmallInt()
    age = Varchar(length=8)
    situation = Varchar(length=12, null=True, default=None)
    details = Sealed("idcard-applicant", null=True, default=None)
    number_digest = Bytea(null=True, default=None)
    live = Boolean(default=True)


class Told(Table, tablename="told", schema="idcard"):
    """A message that was queued about a dossier, so that an event delivered twice tells once."""

    id = UUID(primary_key=True, default=None)
    dossier = ForeignKey(Dossier, null=False, on_delete=OnDelete.cascade)
    what = Varchar(length=20)
