"""Payments as a Piccolo app."""

from pathlib import Path

from piccolo.conf.apps import AppConfig

from parvis.payments.debits.tables import CaptureReturn, Debit, DebitBatch, SepaCounter, SepaMandate
from parvis.payments.invoice_tables import Invoice, InvoiceCounter
from parvis.payments.tables import (
    AskedPrice,
    Basket,
    Capture,
    Charge,
    Difference,
    Intent,
    LedgerBalance,
    LedgerEntry,
    LedgerHead,
    LedgerLine,
    PaymentAttempt,
    PaymentNotice,
    ProviderAccount,
    ProviderEvent,
    Receipt,
    ReceiptCounter,
    Refund,
    Statement,
    StatementLine,
    Tariff,
    TariffChange,
    TariffDraft,
    Till,
    TillClosing,
)
from parvis.payments.till_tables import TillAct, TillSession, TillTaking, TillTakingBack, TillTakingPart

APP_CONFIG = AppConfig(
    app_name="payments",
    migrations_folder_path=Path(__file__).parent / "piccolo_migrations",
    table_classes=[
        AskedPrice,
        CaptureReturn,
        Debit,
        DebitBatch,
        SepaCounter,
        SepaMandate,
        PaymentAttempt,
        PaymentNotice,
        Basket,
        Capture,
        Charge,
        Difference,
        Intent,
        Invoice,
        InvoiceCounter,
        LedgerBalance,
        LedgerEntry,
        LedgerHead,
        LedgerLine,
        ProviderAccount,
        ProviderEvent,
        Receipt,
        ReceiptCounter,
        Refund,
        Statement,
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
    ],
    migration_dependencies=["parvis.territory.piccolo_app"],
)
