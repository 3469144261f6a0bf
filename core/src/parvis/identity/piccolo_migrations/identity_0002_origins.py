from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "identity_0002_origins"
VERSION = "1.38.0"
DESCRIPTION = "Where a code was asked for: a held hour, a session"


async def forwards() -> MigrationManager:
    return statements(
        "identity",
        ID,
        """
        ALTER TABLE parvis.contact_proof ADD COLUMN origin uuid;
        CREATE INDEX contact_proof_origin ON parvis.contact_proof (origin, asked_at) WHERE origin IS NOT NULL;
        """,
    )
