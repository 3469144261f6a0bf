from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "payments_0022_ways"
VERSION = "1.38.0"
DESCRIPTION = "The order of a till's ways to pay, and what the payer reads of each"


async def forwards() -> MigrationManager:
    return statements(
        "payments",
        ID,
        """
        ALTER TABLE parvis.provider_account ADD COLUMN rank integer NOT NULL DEFAULT 0,
            ADD COLUMN label varchar(60) NOT NULL DEFAULT '';
        """,
    )
