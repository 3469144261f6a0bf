from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "dossiers_0002_offices"
VERSION = "1.38.0"
DESCRIPTION = "For which emitter staff did something"


async def forwards() -> MigrationManager:
    return statements(
        "dossiers",
        ID,
        "ALTER TABLE parvis.timeline ADD COLUMN emitter uuid REFERENCES parvis.emitter ON DELETE SET NULL;",
    )
