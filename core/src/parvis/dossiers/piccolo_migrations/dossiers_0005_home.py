from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "dossiers_0005_home"
VERSION = "1.38.0"
DESCRIPTION = "The municipality somebody comes from, for figures"


async def forwards() -> MigrationManager:
    return statements("dossiers", ID, "ALTER TABLE parvis.dossier ADD COLUMN home varchar(5);")
