"""Payments as a Piccolo app."""

from pathlib import Path

from piccolo.conf.apps import AppConfig

from parvis.payments.books.tables import (
    LedgerBalance,
    LedgerEntry,
    LedgerHead,
    LedgerLine,
    Receipt,
    ReceiptCounter,
    Till,
    TillClosing,
    TillTransfer,
)
from parvis.payments.counter.tables import TillAct, TillSession, TillTaking, TillTakingBack, TillTakingPart
from parvis.payments.credits.tables import Credit
from parvis.payments.debits.tables import CaptureReturn, Debit, DebitBatch, SepaCounter, SepaMandate
from parvis.payments.invoices.tables import Invoice, InvoiceCounter, PassedOn
from parvis.payments.statements.tables import Difference, Statement, StatementDraft, StatementDraftLine, StatementLine
from parvis.payments.tables import (
    Basket,
    CancelledCharge,
    CancelledLine,
    Capture,
    Charge,
    Dispute,
    Intent,
    PaymentAttempt,
    PaymentNotice,
    ProviderAccount,
    ProviderEvent,
    Refund,
    SetOff,
)
from parvis.payments.tariffs.tables import AskedPrice, Tariff, TariffChange, TariffDraft
from parvis.payments.terms.tables import RefundTerms

APP_CONFIG = AppConfig(
    app_name="payments",
    migrations_folder_path=Path(__file__).parent / "piccolo_migrations",
    table_classes=[
        AskedPrice,
        CaptureReturn,
        Credit,
        Debit,
        DebitBatch,
        SepaCounter,
        SepaMandate,
        SetOff,
        PaymentAttempt,
        PaymentNotice,
        Basket,
        CancelledCharge,
        CancelledLine,
        Capture,
        Charge,
        Difference,
        Dispute,
        Intent,
        Invoice,
        InvoiceCounter,
        LedgerBalance,
        LedgerEntry,
        LedgerHead,
        LedgerLine,
        PassedOn,
        ProviderAccount,
        ProviderEvent,
        Receipt,
        ReceiptCounter,
        Refund,
        RefundTerms,
        Statement,
        StatementDraft,
        StatementDraftLine,
        StatementLine,
        Tariff,
        TariffChange,
        TariffDraft,
        Till,
        TillAct,
        TillClosing,
        TillSession,
        TillTaking,
        TillTakingBack,
        TillTakingPart,
        TillTransfer,
    ],
    migration_dependencies=["parvis.territory.piccolo_app"],
)
