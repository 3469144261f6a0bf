"""The outbox as a Piccolo app."""

from pathlib import Path

from piccolo.conf.apps import AppConfig

from parvis.outbox.tables import Delivery, EventRow

APP_CONFIG = AppConfig(
    app_name="outbox",
    migrations_folder_path=Path(__file__).parent / "piccolo_migrations",
    table_classes=[EventRow, Delivery],
)
