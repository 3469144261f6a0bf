"""The indicators as a Piccolo app."""

from pathlib import Path

from piccolo.conf.apps import AppConfig

from parvis.indicators.tables import Cancellation

APP_CONFIG = AppConfig(
    app_name="indicators",
    migrations_folder_path=Path(__file__).parent / "piccolo_migrations",
    table_classes=[Cancellation],
    migration_dependencies=["parvis.calendars.piccolo_app", "parvis.dossiers.piccolo_app"],
)
