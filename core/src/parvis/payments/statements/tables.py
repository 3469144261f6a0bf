"""Rows of providers' statements, and of what differs from the books. Amounts are whole cents."""

from __future__ import annotations

from piccolo.columns import (
    UUID,
    BigInt,
    Boolean,
    Date,
    ForeignKey,
    Integer,
    OnDelete,
    Timestamptz,
    Varchar,
)
from piccolo.table import Table

from parvis.payments.tables import ProviderAccount


class Statement(Table, tablename="statement", schema="parvis"):
    """What a provider says moved at an account on a day, as it was last read."""

    id = UUID(primary_key=True, default=None)
    account = ForeignKey(ProviderAccount, null=False, on_delete=OnDelete.restrict)
    day = Date(default=None)
    read_at = Timestamptz(default=None)
    lines = Integer()


class StatementLine(Table, tablename="statement_line", schema="parvis"):
    """A line of a statement: a `capture` by the provider's reference, or a `refund` by ours."""

    statement = ForeignKey(Statement, null=False, on_delete=OnDelete.cascade, primary_key=True)
    n = Integer()
    kind = Varchar(length=8)
    provider_ref = Varchar(length=200)
    cents = BigInt()


class Difference(Table, tablename="difference", schema="parvis"):
    """Where statement and books differ, until somebody closes it with a reason.

    `found_again`: whether the last reading of that day's statement still found it.
    """

    id = UUID(primary_key=True, default=None)
    account = ForeignKey(ProviderAccount, null=False, on_delete=OnDelete.restrict)
    day = Date(default=None)
    kind = Varchar(length=8)
    sort = Varchar(length=14)
    provider_ref = Varchar(length=200)
    ours = BigInt(null=True, default=None)
    theirs = BigInt(null=True, default=None)
    found_at = Timestamptz(default=None)
    found_again = Boolean(default=True)
    closed_at = Timestamptz(null=True, default=None)
    closed_by = UUID(null=True, default=None)
    reason = Varchar(length=500)


class StatementDraft(Table, tablename="statement_draft", schema="parvis"):
    """A statement's file that somebody looks at; forgotten the next day."""

    id = UUID(primary_key=True, default=None)
    account = ForeignKey(ProviderAccount, null=False, on_delete=OnDelete.restrict)
    person = UUID(default=None)
    at = Timestamptz(default=None)


class StatementDraftLine(Table, tablename="statement_draft_line", schema="parvis"):
    """A line of it: a `capture`, a `refund`, or a `payout` to the bank with what the provider kept."""

    draft = ForeignKey(StatementDraft, null=False, on_delete=OnDelete.cascade, primary_key=True)
    n = Integer()
    day = Date(default=None)
    kind = Varchar(length=8)
    provider_ref = Varchar(length=200)
    cents = BigInt()
    fees = BigInt(default=0)
