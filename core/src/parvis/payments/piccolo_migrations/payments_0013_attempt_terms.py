from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "payments_0013_attempt_terms"
VERSION = "1.38.0"
DESCRIPTION = "A payment keeps what its account was at the provider when it was opened"


async def forwards() -> MigrationManager:
    return statements(
        "payments",
        ID,
        """
        ALTER TABLE parvis.payment_attempt ADD COLUMN terms varchar(200) NOT NULL DEFAULT '';
        """,
    )
