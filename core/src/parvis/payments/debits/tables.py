"""Rows of direct debits."""

from __future__ import annotations

from piccolo.columns import UUID, BigInt, Boolean, Bytea, Date, ForeignKey, Integer, OnDelete, Timestamptz, Varchar
from piccolo.table import Table

from parvis.db.sealed import Sealed
from parvis.payments.books.tables import Till
from parvis.payments.tables import Capture, Intent, ProviderAccount


class SepaCounter(Table, tablename="sepa_counter", schema="parvis"):
    """The last mandate and the last batch of a till; its row lock keeps their numbers without a gap."""

    till = ForeignKey(Till, null=False, on_delete=OnDelete.restrict, primary_key=True)
    mandates = Integer(default=0)
    batches = Integer(default=0)


class SepaMandate(Table, tablename="sepa_mandate", schema="parvis"):
    """What lets a till debit a payer's bank account: an account here, or a contact's digest.

    `given_by` is the agent who typed it in, null where the payer did.
    """

    id = UUID(primary_key=True, default=None)
    till = ForeignKey(Till, null=False, on_delete=OnDelete.restrict)
    number = Integer()
    reference = Varchar(length=35)
    person = UUID(null=True, default=None)
    contact_digest = Bytea(null=True, default=None)
    name = Sealed("sepa-mandate")
    iban = Sealed("sepa-mandate")
    last = Varchar(length=4)
    signed_on = Date(default=None)
    given_at = Timestamptz(default=None)
    given_by = UUID(null=True, default=None)
    revoked_at = Timestamptz(null=True, default=None)
    revoked_why = Varchar(length=4, default="")


class DebitBatch(Table, tablename="debit_batch", schema="parvis"):
    """Debits that go to the bank in one file; `creditor` is what the till said of itself when it was made.

    `file` is as it was last taken, at `file_at`.
    """

    id = UUID(primary_key=True, default=None)
    account = ForeignKey(ProviderAccount, null=False, on_delete=OnDelete.restrict)
    till = ForeignKey(Till, null=False, on_delete=OnDelete.restrict)
    number = Integer()
    reference = Varchar(length=35)
    day = Date(default=None)
    state = Varchar(length=9)
    creditor = Sealed("debit-creditor")
    made_at = Timestamptz(default=None)
    made_by = UUID(default=None)
    file = Sealed("debit-file", null=True, default=None)
    file_at = Timestamptz(null=True, default=None)


class Debit(Table, tablename="debit", schema="parvis"):
    """An intent's debit by a mandate; `reference` is what the bank names it by, `reason` why it did not work."""

    id = UUID(primary_key=True, default=None)
    batch = ForeignKey(DebitBatch, null=False, on_delete=OnDelete.restrict)
    mandate = ForeignKey(SepaMandate, null=False, on_delete=OnDelete.restrict)
    intent = ForeignKey(Intent, null=False, on_delete=OnDelete.restrict)
    reference = Varchar(length=35)
    cents = BigInt()
    sequence = Varchar(length=4)
    label = Varchar(length=140)
    state = Varchar(length=9)
    reason = Varchar(length=4, default="")
    changed = Timestamptz(default=None)


class CaptureReturn(Table, tablename="capture_return", schema="parvis"):
    """Money that came in and that the payer's bank took back; `person` is who entered it, null for the bank's file, and
    `undone_by` who said that it was a mistake. It `stands` then where its money came in again."""

    id = UUID(primary_key=True, default=None)
    capture = ForeignKey(Capture, null=False, on_delete=OnDelete.restrict)
    at = Timestamptz(default=None)
    day = Date(default=None)
    reason = Varchar(length=200, default="")
    person = UUID(null=True, default=None)
    stands = Boolean(default=True)
    undone_at = Timestamptz(null=True, default=None)
    undone_by = UUID(null=True, default=None)
    undone_why = Varchar(length=200, null=True, default=None)
