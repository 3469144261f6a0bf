from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "territory_0004_hosts"
VERSION = "1.38.0"
DESCRIPTION = "A host name of its own for an emitter"


async def forwards() -> MigrationManager:
    return statements(
        "territory",
        ID,
        """
        ALTER TABLE parvis.emitter
            ADD COLUMN host varchar(253) UNIQUE CHECK (host ~ '^[a-z0-9-]+([.][a-z0-9-]+)+$');
        """,
    )
