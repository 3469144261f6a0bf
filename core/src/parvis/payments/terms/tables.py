"""Rows of terms. Instants are UTC, days the territory's."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, Boolean, Date, ForeignKey, OnDelete, Timestamptz
from piccolo.table import Table

from parvis.payments.books.tables import Till


class RefundTerms(Table, tablename="refund_terms", schema="parvis"):
    """From a day on, how much is given back (`rules.Terms`); without terms people decide. Never rewritten.

    Of several of a day the last holds; a `withdrawn` one lets those before it hold on.
    """

    id = UUID(primary_key=True, default=None)
    till = ForeignKey(Till, null=False, on_delete=OnDelete.restrict)
    since = Date(default=None)
    terms = JSONB(null=True, default=None)
    withdrawn = Boolean(default=False)
    at = Timestamptz(default=None)
    person = UUID(null=True, default=None)
