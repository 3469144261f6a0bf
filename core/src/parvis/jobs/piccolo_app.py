"""Background work as a Piccolo app."""

from pathlib import Path

from piccolo.conf.apps import AppConfig

from parvis.jobs.tables import TimerRun

APP_CONFIG = AppConfig(
    app_name="jobs",
    migrations_folder_path=Path(__file__).parent / "piccolo_migrations",
    table_classes=[TimerRun],
)
