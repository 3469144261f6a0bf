"""Rows of coordination: what is declared of each number of a dossier, and what numbers were worth lately."""

from __future__ import annotations

from piccolo.columns import UUID, Boolean, Bytea, ForeignKey, OnDelete, SmallInt, Timestamptz, Varchar
from piccolo.table import Table

from parvis.db.sealed import Sealed
from parvis.dossiers.tables import Dossier


class DeclarationRow(Table, tablename="declaration", schema="idcard"):
    """An application number of a dossier, and how it stands at the coordination service.

    `told_…` is what the service took last, nothing where it has nothing of us; `due` is the next attempt, and
    `busy_until` keeps two workers apart. `asked_at` is when the resident was asked about a number that is worth nothing
    (any more), `answer_by` until when, `answered` that they keep the hour. `reason` is an agent's, who overrides.
    """

    id = UUID(primary_key=True, default=None)
    dossier = ForeignKey(Dossier, null=False, on_delete=OnDelete.cascade)
    emitter = UUID(default=None)
    applicant = UUID(default=None)
    number = Sealed("idcard-declaration")
    number_digest = Bytea()
    state = Varchar(length=10)
    status = Varchar(length=10, null=True, default=None)
    checked_at = Timestamptz(null=True, default=None)
    told_place = Varchar(length=80, null=True, default=None)
    told_name = Varchar(length=200, null=True, default=None)
    told_at = Varchar(length=19, null=True, default=None)
    told_url = Varchar(length=300, null=True, default=None)
    attempts = SmallInt(default=0)
    due = Timestamptz(default=None)
    busy_until = Timestamptz(null=True, default=None)
    error = Varchar(length=20, default="")
    asked_at = Timestamptz(null=True, default=None)
    answer_by = Timestamptz(null=True, default=None)
    answered = Boolean(default=False)
    reason = Varchar(length=200, null=True, default=None)
    reason_by = UUID(null=True, default=None)


class NumberCheck(Table, tablename="number_check", schema="idcard"):
    """What a number was worth a moment ago, so that typing, sending and booking ask once; gone within the hour."""

    number_digest = Bytea(primary_key=True)
    standing = Sealed("idcard-number-check")
    checked_at = Timestamptz(default=None)
