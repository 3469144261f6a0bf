"""Rows of credits."""

from __future__ import annotations

from piccolo.columns import UUID, BigInt, ForeignKey, OnDelete, Timestamptz
from piccolo.table import Table

from parvis.payments.books.tables import Till
from parvis.payments.tables import Basket, Capture


class Credit(Table, tablename="credit", schema="parvis"):
    """What the payer of a basket has in credit at a till; never rewritten.

    `capture` is the money that it is of, `source` where it comes from: that money, a refund, a bill whose money has all
    gone back, or a charge that was cancelled.
    """

    id = UUID(primary_key=True, default=None)
    till = ForeignKey(Till, null=False, on_delete=OnDelete.restrict)
    basket = ForeignKey(Basket, null=False, on_delete=OnDelete.restrict)
    capture = ForeignKey(Capture, null=False, on_delete=OnDelete.restrict)
    source = UUID(default=None)
    cents = BigInt()
    at = Timestamptz(default=None)
