"""Earlier hours as a Piccolo app."""

from pathlib import Path

from piccolo.conf.apps import AppConfig

from parvis.earlier.tables import OfferRow, WishRow

APP_CONFIG = AppConfig(
    app_name="earlier",
    migrations_folder_path=Path(__file__).parent / "piccolo_migrations",
    table_classes=[WishRow, OfferRow],
    migration_dependencies=["parvis.calendars.piccolo_app", "parvis.dossiers.piccolo_app"],
)
