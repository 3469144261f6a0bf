"""The messages as a Piccolo app."""

from pathlib import Path

from piccolo.conf.apps import AppConfig

from parvis.messages.tables import CalendarSequence, Message

APP_CONFIG = AppConfig(
    app_name="messages",
    migrations_folder_path=Path(__file__).parent / "piccolo_migrations",
    table_classes=[Message, CalendarSequence],
    migration_dependencies=["parvis.territory.piccolo_app"],
)
