"""The attendance as a Piccolo app."""

from pathlib import Path

from piccolo.conf.apps import AppConfig

from parvis.attendance.tables import AttendanceSetting, DeskFeed, Outage, OutageVisit, Sheet, StepRow

APP_CONFIG = AppConfig(
    app_name="attendance",
    migrations_folder_path=Path(__file__).parent / "piccolo_migrations",
    table_classes=[StepRow, Sheet, AttendanceSetting, Outage, OutageVisit, DeskFeed],
    migration_dependencies=["parvis.calendars.piccolo_app", "parvis.dossiers.piccolo_app"],
)
