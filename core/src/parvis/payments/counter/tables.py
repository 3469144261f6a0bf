"""Rows of a till's counter: its act, sessions, and what was taken in them."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, Array, BigInt, ForeignKey, Integer, OnDelete, Timestamptz, Varchar
from piccolo.table import Table

from parvis.payments.books.tables import Till
from parvis.payments.tables import Capture, Intent, Refund


class TillAct(Table, tablename="till_act", schema="parvis"):
    """What a till's act lets it take by hand: ways of paying, products (revenue accounts), those that are childcare."""

    till = ForeignKey(Till, null=False, on_delete=OnDelete.restrict, primary_key=True)
    reference = Varchar(length=200)
    ways = Array(base_column=Varchar(length=10))
    products = Array(base_column=Varchar(length=50))
    childcare = Array(base_column=Varchar(length=50))
    changed = Timestamptz(default=None)
    changed_by = UUID(null=True, default=None)


class TillSession(Table, tablename="till_session", schema="parvis"):
    """Somebody's session at a till, from the float to the count: `pieces` by face, and why it differs, in words."""

    id = UUID(primary_key=True, default=None)
    till = ForeignKey(Till, null=False, on_delete=OnDelete.restrict)
    number = Integer()
    person = UUID(default=None)
    opened_at = Timestamptz(default=None)
    float_cents = BigInt()
    closed_at = Timestamptz(null=True, default=None)
    closed_by = UUID(null=True, default=None)
    pieces = JSONB(null=True, default=None)
    counted_cents = BigInt(null=True, default=None)
    expected_cents = BigInt(null=True, default=None)
    explanation = Varchar(length=500, default="")


class TillTaking(Table, tablename="till_taking", schema="parvis"):
    """Money taken in a session for an intent, numbered in it; `change` was given back out of the cash."""

    id = UUID(primary_key=True, default=None)
    session = ForeignKey(TillSession, null=False, on_delete=OnDelete.restrict)
    number = Integer()
    intent = ForeignKey(Intent, null=False, on_delete=OnDelete.restrict)
    capture = ForeignKey(Capture, null=False, on_delete=OnDelete.restrict)
    cents = BigInt()
    change = BigInt()
    at = Timestamptz(default=None)


class TillTakingPart(Table, tablename="till_taking_part", schema="parvis"):
    """What of it was given in one way: cash (without the change), a cheque, vouchers."""

    taking = ForeignKey(TillTaking, null=False, on_delete=OnDelete.restrict, primary_key=True)
    way = Varchar(length=10)
    cents = BigInt()


class TillTakingBack(Table, tablename="till_taking_back", schema="parvis"):
    """That a taking was reversed in its session, why, and the refund that says so where refunds are counted."""

    taking = ForeignKey(TillTaking, null=False, on_delete=OnDelete.restrict, primary_key=True)
    refund = ForeignKey(Refund, null=False, on_delete=OnDelete.restrict)
    at = Timestamptz(default=None)
    person = UUID(default=None)
    reason = Varchar(length=200)
