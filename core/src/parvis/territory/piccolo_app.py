"""The territory as a Piccolo app."""

from pathlib import Path

from piccolo.conf.apps import AppConfig

from parvis.territory.tables import (
    Contract,
    ContractNotice,
    Emitter,
    EnabledPlugin,
    Place,
    Proposal,
    Publication,
    PublicationAct,
    SettingsChange,
)

APP_CONFIG = AppConfig(
    app_name="territory",
    migrations_folder_path=Path(__file__).parent / "piccolo_migrations",
    table_classes=[
        Emitter,
        Place,
        Contract,
        Publication,
        Proposal,
        PublicationAct,
        ContractNotice,
        EnabledPlugin,
        SettingsChange,
    ],
)
