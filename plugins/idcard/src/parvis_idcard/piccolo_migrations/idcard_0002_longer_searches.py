from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "idcard_0002_longer_searches"
VERSION = "1.38.0"
DESCRIPTION = "A search may name dozens of town halls"


async def forwards() -> MigrationManager:
    return statements("idcard", ID, "ALTER TABLE idcard.draft ALTER COLUMN search TYPE varchar(4000);")
