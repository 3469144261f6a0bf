"""Payments as a Piccolo app."""

from pathlib import Path

from piccolo.conf.apps import AppConfig

from parvis.payments.tables import (
    LedgerBalance,
    LedgerEntry,
    LedgerHead,
    LedgerLine,
    Receipt,
    ReceiptCounter,
    Tariff,
    TariffChange,
    Till,
    TillClosing,
)

APP_CONFIG = AppConfig(
    app_name="payments",
    migrations_folder_path=Path(__file__).parent / "piccolo_migrations",
    table_classes=[
        LedgerBalance,
        LedgerEntry,
        LedgerHead,
        LedgerLine,
        Receipt,
        ReceiptCounter,
        Tariff,
        TariffChange,
        Till,
        TillClosing,
    ],
    migration_dependencies=["parvis.territory.piccolo_app"],
)
