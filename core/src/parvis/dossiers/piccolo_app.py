"""The dossiers as a Piccolo app."""

from pathlib import Path

from piccolo.conf.apps import AppConfig

from parvis.dossiers.tables import Dossier, ReadingQuestion, TakeoverCode, TimelineRow

APP_CONFIG = AppConfig(
    app_name="dossiers",
    migrations_folder_path=Path(__file__).parent / "piccolo_migrations",
    table_classes=[Dossier, TimelineRow, TakeoverCode, ReadingQuestion],
    migration_dependencies=[
        "parvis.territory.piccolo_app",
        "parvis.identity.piccolo_app",
        "parvis.calendars.piccolo_app",
    ],
)
