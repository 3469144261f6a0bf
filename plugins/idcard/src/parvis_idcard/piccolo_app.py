"""The plugin as a Piccolo app."""

from pathlib import Path

from piccolo.conf.apps import AppConfig

from parvis_idcard.ants.coordination.tables import DeclarationRow, NumberCheck
from parvis_idcard.tables import ApplicantRow, Draft, Told, VisitRow

APP_CONFIG = AppConfig(
    app_name="idcard",
    migrations_folder_path=Path(__file__).parent / "piccolo_migrations",
    table_classes=[Draft, VisitRow, ApplicantRow, Told, DeclarationRow, NumberCheck],
    migration_dependencies=["parvis.dossiers.piccolo_app"],
)
