"""Rows of the books. Amounts are whole cents, a debit is positive; instants are UTC, days the territory's."""

from __future__ import annotations

from piccolo.columns import (
    JSONB,
    UUID,
    BigInt,
    Boolean,
    Bytea,
    Date,
    ForeignKey,
    Integer,
    OnDelete,
    SmallInt,
    Timestamptz,
    Varchar,
)
from piccolo.table import Table

from parvis.territory.tables import Emitter


class Till(Table, tablename="till", schema="parvis"):
    """Where money comes in, with books of its own: `regie`, `mandate` or the emitter's `own`.

    Refunds up to `alone_up_to` cents need no second person. `mentions` stand on its receipts: an address, a SIRET.
    A bill has at most `parts_most` instalments, of at least `parts_least` cents, and is reminded of so many days before
    and after its day, 0 for not at all. Before more than `cash_most` lies there in cash, or `held_most` with the
    bank's, it is handed over; `keeper` is the régisseur's account, since a day. `invoices.sellers` knows who sells.
    """

    id = UUID(primary_key=True, default=None)
    emitter = ForeignKey(Emitter, null=False, on_delete=OnDelete.restrict)
    slug = Varchar(length=60)
    name = Varchar(length=200)
    kind = Varchar(length=8)
    alone_up_to = BigInt(default=0)
    mentions = Varchar(length=500, default="")
    parts_most = SmallInt(default=1)
    parts_least = BigInt(default=1)
    cash_most = BigInt(null=True, default=None)
    held_most = BigInt(null=True, default=None)
    keeper = UUID(null=True, default=None)
    keeper_since = Date(null=True, default=None)
    remind_before = SmallInt(default=7)
    remind_after = SmallInt(default=7)
    remind_again = SmallInt(default=21)
    address = Varchar(length=300, default="")
    siret = Varchar(length=14, default="")
    vat_number = Varchar(length=14, default="")
    vat_exempt = Boolean(default=False)


class LedgerHead(Table, tablename="ledger_head", schema="parvis"):
    """The state of a till's books: how many entries, the last one's day, and through which day they are closed."""

    till = ForeignKey(Till, null=False, on_delete=OnDelete.restrict, primary_key=True)
    entries = BigInt(default=0)
    last_day = Date(default=None)
    closed_through = Date(null=True, default=None)


class LedgerEntry(Table, tablename="ledger_entry", schema="parvis"):
    """One fact in a till's books, once for each `kind` and `source`; numbered without a gap."""

    id = UUID(primary_key=True, default=None)
    till = ForeignKey(Till, null=False, on_delete=OnDelete.restrict)
    number = BigInt()
    day = Date(default=None)
    at = Timestamptz(default=None)
    kind = Varchar(length=20)
    source = UUID(default=None)
    lines = SmallInt()


class LedgerLine(Table, tablename="ledger_line", schema="parvis"):
    """A posting: a debit of an account if positive, else a credit. An entry's lines sum to zero."""

    entry = ForeignKey(LedgerEntry, null=False, on_delete=OnDelete.restrict, primary_key=True)
    n = SmallInt()
    account = Varchar(length=60)
    cents = BigInt()


class LedgerBalance(Table, tablename="ledger_balance", schema="parvis"):
    """What an account's lines sum to, kept as they are added."""

    till = ForeignKey(Till, null=False, on_delete=OnDelete.restrict, primary_key=True)
    account = Varchar(length=60)
    debit = BigInt()
    credit = BigInt()


class ReceiptCounter(Table, tablename="receipt_counter", schema="parvis"):
    """The last receipt of a till and year; its row lock keeps the numbers without a gap."""

    till = ForeignKey(Till, null=False, on_delete=OnDelete.restrict, primary_key=True)
    year = SmallInt()
    last = Integer()


class Receipt(Table, tablename="receipt", schema="parvis"):
    """What a payer was given for money that came in (`source`: its capture)."""

    id = UUID(primary_key=True, default=None)
    till = ForeignKey(Till, null=False, on_delete=OnDelete.restrict)
    year = SmallInt()
    number = Integer()
    source = UUID(default=None)
    cents = BigInt()
    at = Timestamptz(default=None)


class TillClosing(Table, tablename="till_closing", schema="parvis"):
    """An arrêt: the entries up to a day, what each account had and has, and a digest that holds the former one's."""

    id = UUID(primary_key=True, default=None)
    till = ForeignKey(Till, null=False, on_delete=OnDelete.restrict)
    number = Integer()
    day = Date(default=None)
    at = Timestamptz(default=None)
    person = UUID(null=True, default=None)
    first_entry = BigInt()
    last_entry = BigInt()
    totals = JSONB()
    digest = Bytea(default=None)


class TillTransfer(Table, tablename="till_transfer", schema="parvis"):
    """What the accountant said of an entry that moves money: the bank's day, the reference of payout or slip."""

    till = ForeignKey(Till, null=False, on_delete=OnDelete.restrict, primary_key=True)
    number = BigInt()
    reference = Varchar(length=200)
    day = Date(default=None)
    person = UUID(default=None)
