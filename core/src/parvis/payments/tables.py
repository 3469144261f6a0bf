"""Rows of payments. Amounts are whole cents; instants are UTC, days the territory's."""

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
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.table import Table

from parvis.db.sealed import Sealed
from parvis.payments.books.tables import Till
from parvis.payments.tariffs.tables import Tariff
from parvis.payments.terms.tables import RefundTerms


class ProviderAccount(Table, tablename="provider_account", schema="parvis"):
    """A till's account at a provider; `gives_back` is how its refunds leave, `details` is sealed.

    A payer is offered the lower `rank` first, and reads `label`, or the provider's name where that is empty.
    """

    key = Varchar(length=50, primary_key=True)
    till = ForeignKey(Till, null=False, on_delete=OnDelete.restrict)
    provider = Varchar(length=40)
    gives_back = Varchar(length=8)
    rank = Integer(default=0)
    label = Varchar(length=60, default="")
    details = Sealed("payment-account", null=True, default=None)


class Basket(Table, tablename="basket", schema="parvis"):
    """What somebody pays for at once: `purpose` says who gives it (a service's key), `subject` what it is there.

    The payer is an account, or a contact (encrypted, found by its digest); `asked_by` is the agent who wrote a bill,
    `buyer` the name and postal address to stand on its invoice. `forget`: the payer asked to be, and is as soon as
    nothing of it can come back.
    """

    id = UUID(primary_key=True, default=None)
    purpose = Varchar(length=40)
    subject = UUID(null=True, default=None)
    person = UUID(null=True, default=None)
    contact_kind = Varchar(length=4, null=True, default=None)
    contact = Sealed("basket-contact", null=True, default=None)
    contact_digest = Bytea(null=True, default=None)
    buyer = Sealed("basket-buyer", null=True, default=None)
    language = Varchar(length=2, default="fr")
    asked_by = UUID(null=True, default=None)
    version = Integer(default=1)
    created = Timestamptz(default=None)
    forget = Boolean(default=False)


class Intent(Table, tablename="intent", schema="parvis"):
    """An amount to collect for one till, or a part of it; a changed basket has others, of the next version."""

    id = UUID(primary_key=True, default=None)
    basket = ForeignKey(Basket, null=False, on_delete=OnDelete.restrict)
    till = ForeignKey(Till, null=False, on_delete=OnDelete.restrict)
    version = Integer()
    part = SmallInt(default=1)
    cents = BigInt()
    state = Varchar(length=10)
    expires_at = Timestamptz(default=None)
    created = Timestamptz(default=None)


class Charge(Table, tablename="charge", schema="parvis"):
    """A line of what is to be paid, with the steps of its price (`pricing.Step`). Below nothing it uses a credit.

    A price by a tariff says for which day, and which line of the grid that begins on `grid` gave it. `terms` were in
    force when it was asked for. `piece_of` is the line of the whole, from 1, that a charge of a part is cut from.
    """

    id = UUID(primary_key=True, default=None)
    intent = ForeignKey(Intent, null=False, on_delete=OnDelete.restrict)
    label = Varchar(length=200)
    revenue = Varchar(length=50)
    cents = BigInt()
    vat_bp = SmallInt()
    steps = JSONB()
    tariff = ForeignKey(Tariff, null=True, on_delete=OnDelete.restrict)
    grid = Date(null=True, default=None)
    priced_for = Date(null=True, default=None)
    line = Integer(null=True, default=None)
    # `cents` is the price of so many.
    quantity = Integer(default=1)
    # parvis.credit; its table is above this one.
    credit = UUID(null=True, default=None)
    terms = ForeignKey(RefundTerms, null=True, on_delete=OnDelete.restrict)
    piece_of = SmallInt(null=True, default=None)


class CancelledLine(Table, tablename="cancelled_line", schema="parvis"):
    """A line that was cancelled, once: by its payer or by the body, before what begins when; `due` is what of its price
    the terms give back. Never rewritten."""

    id = UUID(primary_key=True, default=None)
    by_body = Boolean(default=None)
    begins = Timestamptz(default=None)
    at = Timestamptz(default=None)
    person = UUID(null=True, default=None)
    terms = ForeignKey(RefundTerms, null=True, on_delete=OnDelete.restrict)
    price = BigInt()
    due = BigInt()


class CancelledCharge(Table, tablename="cancelled_charge", schema="parvis"):
    """A charge of a cancelled line: what is given back of it as money, and what of a credit is its payer's again."""

    charge = ForeignKey(Charge, null=False, on_delete=OnDelete.restrict, primary_key=True)
    cancellation = ForeignKey(CancelledLine, null=False, on_delete=OnDelete.restrict)
    cents = BigInt()
    credit = BigInt()


class PaymentAttempt(Table, tablename="payment_attempt", schema="parvis"):
    """A payment opened at a provider; one at a time for an intent. `look_at`: when to ask next what became of it.

    `terms` is what its account was there when it was opened, in the provider's own words.
    """

    id = UUID(primary_key=True, default=None)
    intent = ForeignKey(Intent, null=False, on_delete=OnDelete.restrict)
    account = ForeignKey(ProviderAccount, null=False, on_delete=OnDelete.restrict)
    provider_ref = Varchar(length=200, null=True, default=None)
    url = Text()
    state = Varchar(length=8)
    last_result = Varchar(length=10)
    created = Timestamptz(default=None)
    resume_until = Timestamptz(default=None)
    live_until = Timestamptz(default=None)
    looked = SmallInt(default=0)
    terms = Varchar(length=200)
    look_at = Timestamptz(null=True, default=None)


class ProviderEvent(Table, tablename="provider_event", schema="parvis"):
    """What a provider told, once for each account: its sort, and the object there that it is about."""

    account = ForeignKey(ProviderAccount, null=False, on_delete=OnDelete.restrict, primary_key=True)
    event = Varchar(length=255)
    sort = Varchar(length=100)
    about = Varchar(length=255)
    received = Timestamptz(default=None)


class PaymentNotice(Table, tablename="payment_notice", schema="parvis"):
    """That the payer was told of something: an intent's bill, a capture's receipt."""

    source = UUID(primary_key=True, default=None)
    what = Varchar(length=40)


class Capture(Table, tablename="capture", schema="parvis"):
    """Money that came in, once for each account and reference; never rewritten."""

    id = UUID(primary_key=True, default=None)
    account = ForeignKey(ProviderAccount, null=False, on_delete=OnDelete.restrict)
    provider_ref = Varchar(length=200)
    till = ForeignKey(Till, null=False, on_delete=OnDelete.restrict)
    intent = ForeignKey(Intent, null=True, on_delete=OnDelete.restrict)
    cents = BigInt()
    taken_as = Varchar(length=8)
    at = Timestamptz(default=None)
    day = Date(default=None)


class Refund(Table, tablename="refund", schema="parvis"):
    """Money to be given back of what came in: who asked, who decided (never the same), and how it leaves.

    `credit`: what is paid out is a credit of that money, not its sale. `cancellation`: the till's terms give it.
    """

    id = UUID(primary_key=True, default=None)
    capture = ForeignKey(Capture, null=False, on_delete=OnDelete.restrict)
    till = ForeignKey(Till, null=False, on_delete=OnDelete.restrict)
    cents = BigInt()
    state = Varchar(length=10)
    method = Varchar(length=8)
    reason = Varchar(length=200)
    requested_by = UUID(null=True, default=None)
    requested_at = Timestamptz(default=None)
    decided_by = UUID(null=True, default=None)
    decided_at = Timestamptz(null=True, default=None)
    changed = Timestamptz(default=None)
    done_day = Date(null=True, default=None)
    credit = UUID(null=True, default=None)
    cancellation = ForeignKey(CancelledLine, null=True, on_delete=OnDelete.restrict)


class SetOff(Table, tablename="set_off", schema="parvis"):
    """What was kept of money for what its payer owes, or given free again (less than nothing); never rewritten."""

    id = UUID(primary_key=True, default=None)
    capture = ForeignKey(Capture, null=False, on_delete=OnDelete.restrict)
    cents = BigInt()
    at = Timestamptz(default=None)


class Dispute(Table, tablename="dispute", schema="parvis"):
    """Money that a payer's bank takes back until it is decided: `open`, `won`, `lost`; of which payment, if known.

    `provider_ref` is its own there, `attempt` what was paid: without a capture it waits for that. `covered`: what of it
    somebody had entered as taken back already.
    """

    id = UUID(primary_key=True, default=None)
    account = ForeignKey(ProviderAccount, null=False, on_delete=OnDelete.restrict)
    capture = ForeignKey(Capture, null=True, on_delete=OnDelete.restrict)
    cents = BigInt()
    provider_ref = Varchar(length=200)
    attempt = UUID(null=True, default=None)
    covered = BigInt(default=0)
    state = Varchar(length=4)
    opened_at = Timestamptz(default=None)
    closed_at = Timestamptz(null=True, default=None)
