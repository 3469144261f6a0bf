"""Audit as a Piccolo app."""

from pathlib import Path

from piccolo.conf.apps import AppConfig

from parvis.audit.tables import Link, Trace

APP_CONFIG = AppConfig(
    app_name="audit",
    migrations_folder_path=Path(__file__).parent / "piccolo_migrations",
    table_classes=[Trace, Link],
    migration_dependencies=["parvis.identity.piccolo_app"],
)
