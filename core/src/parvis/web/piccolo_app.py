"""The web as a Piccolo app."""

from pathlib import Path

from piccolo.conf.apps import AppConfig

from parvis.web.tables import Attempt, KeptAnswer, SpentChallenge

APP_CONFIG = AppConfig(
    app_name="web",
    migrations_folder_path=Path(__file__).parent / "piccolo_migrations",
    table_classes=[KeptAnswer, Attempt, SpentChallenge],
)
