"""Rows of invoices."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, BigInt, Date, ForeignKey, Integer, OnDelete, SmallInt, Timestamptz, Varchar
from piccolo.table import Table

from parvis.payments.books.tables import Till
from parvis.payments.tables import Basket, Intent, Refund


class InvoiceCounter(Table, tablename="invoice_counter", schema="parvis"):
    """The last invoice, or credit note, of a till and year; its row lock keeps the numbers without a gap."""

    till = ForeignKey(Till, null=False, on_delete=OnDelete.restrict, primary_key=True)
    sort = Varchar(length=7)
    year = SmallInt()
    last = Integer()


class Invoice(Table, tablename="invoice", schema="parvis"):
    """A bill as it was written (`invoice`), or that some of it was taken back or refunded (`credit`); never rewritten.

    `lines` are `issuing.Sold`, `parts` `issuing.Instalment`, `credits` `issuing.Used`, `taxes` `money.Tax`; who pays is
    known to the basket alone, and forgotten with it.
    """

    id = UUID(primary_key=True, default=None)
    till = ForeignKey(Till, null=False, on_delete=OnDelete.restrict)
    sort = Varchar(length=7)
    year = SmallInt()
    number = Integer()
    basket = ForeignKey(Basket, null=False, on_delete=OnDelete.restrict)
    intent = ForeignKey(Intent, null=True, on_delete=OnDelete.restrict)
    corrects = UUID(null=True, default=None)
    at = Timestamptz(default=None)
    last_day = Date(default=None)
    seller = Varchar(length=300)
    mentions = Varchar(length=1000)
    served = Varchar(length=100, default="")
    lines = JSONB()
    parts = JSONB(default="[]")
    credits = JSONB(default="[]")
    refund = ForeignKey(Refund, null=True, on_delete=OnDelete.restrict)
    taxes = JSONB(default="[]")
    cents = BigInt()


class PassedOn(Table, tablename="passed_on", schema="parvis"):
    """That the public accountant collects an amount (`reference`: the list's number), until it is recalled."""

    id = UUID(primary_key=True, default=None)
    intent = ForeignKey(Intent, null=False, on_delete=OnDelete.restrict)
    reference = Varchar(length=200)
    at = Timestamptz(default=None)
    person = UUID(default=None)
    recalled_at = Timestamptz(null=True, default=None)
    recalled_by = UUID(null=True, default=None)
