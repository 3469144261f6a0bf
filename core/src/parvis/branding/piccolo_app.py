"""Branding as a Piccolo app."""

from pathlib import Path

from piccolo.conf.apps import AppConfig

from parvis.branding.tables import Branding, BrandingPicture

APP_CONFIG = AppConfig(
    app_name="branding",
    migrations_folder_path=Path(__file__).parent / "piccolo_migrations",
    table_classes=[Branding, BrandingPicture],
    migration_dependencies=["parvis.territory.piccolo_app"],
)
