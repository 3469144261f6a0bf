"""Rows of money. Amounts are whole cents, a debit is positive; instants are UTC, days the territory's."""

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
from parvis.territory.tables import Emitter


class Tariff(Table, tablename="tariff", schema="parvis"):
    """What an activity of an emitter costs: `grids` as `grids` has them; `version` counts its changes."""

    id = UUID(primary_key=True, default=None)
    emitter = ForeignKey(Emitter, null=False, on_delete=OnDelete.restrict)
    activity = Varchar(length=60)
    version = Integer(default=1)
    grids = JSONB()
    name = Varchar(length=120, default="")


class TariffDraft(Table, tablename="tariff_draft", schema="parvis"):
    """A grid as somebody types it (`typed_grids.Typed`); `replaces`: the first day of the one in whose place."""

    id = UUID(primary_key=True, default=None)
    emitter = ForeignKey(Emitter, null=False, on_delete=OnDelete.restrict)
    activity = Varchar(length=60)
    typed = JSONB()
    replaces = Date(null=True, default=None)
    version = Integer(default=1)
    person = UUID(null=True, default=None)
    changed = Timestamptz(default=None)


class AskedPrice(Table, tablename="asked_price", schema="parvis"):
    """What was asked of a tariff (`pricing.Ask`) in the month of a first day; nothing leads to who asked."""

    id = UUID(primary_key=True, default=None)
    tariff = ForeignKey(Tariff, null=False, on_delete=OnDelete.restrict)
    month = Date(default=None)
    ask = JSONB()


class TariffChange(Table, tablename="tariff_change", schema="parvis"):
    """A change of a tariff: who (an account), when, and all its grids before and after."""

    id = UUID(primary_key=True, default=None)
    tariff = ForeignKey(Tariff, null=False, on_delete=OnDelete.restrict)
    version = Integer()
    at = Timestamptz(default=None)
    person = UUID(null=True, default=None)
    before = JSONB()
    after = JSONB()


class Till(Table, tablename="till", schema="parvis"):
    """Where money comes in, with books of its own: `regie`, `mandate` or the emitter's `own`.

    Refunds up to `alone_up_to` cents need no second person. `mentions` stand on its receipts: an address, a SIRET.
    A bill has at most `parts_most` instalments, of at least `parts_least` cents.
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


class ProviderAccount(Table, tablename="provider_account", schema="parvis"):
    """A till's account at a provider; `gives_back` is how its refunds leave, `details` is sealed."""

    key = Varchar(length=50, primary_key=True)
    till = ForeignKey(Till, null=False, on_delete=OnDelete.restrict)
    provider = Varchar(length=40)
    gives_back = Varchar(length=8)
    details = Sealed("payment-account", null=True, default=None)


class Basket(Table, tablename="basket", schema="parvis"):
    """What somebody pays for at once: `purpose` says who gives it (a service's key), `subject` what it is there.

    The payer is an account, or a contact (encrypted, found by its digest); `asked_by` is the agent who wrote a bill.
    """

    id = UUID(primary_key=True, default=None)
    purpose = Varchar(length=40)
    subject = UUID(null=True, default=None)
    person = UUID(null=True, default=None)
    contact_kind = Varchar(length=4, null=True, default=None)
    contact = Sealed("basket-contact", null=True, default=None)
    contact_digest = Bytea(null=True, default=None)
    language = Varchar(length=2, default="fr")
    asked_by = UUID(null=True, default=None)
    version = Integer(default=1)
    created = Timestamptz(default=None)


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
    """A line of what is to be paid, with the steps of its price (`pricing.Step`).

    A price by a tariff says for which day, and which line of the grid that begins on `grid` gave it.
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


class PaymentAttempt(Table, tablename="payment_attempt", schema="parvis"):
    """A payment opened at a provider; one at a time for an intent. `look_at`: when to ask next what became of it."""

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
    """Money to be given back of what came in: who asked, who decided (never the same), and how it leaves."""

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
