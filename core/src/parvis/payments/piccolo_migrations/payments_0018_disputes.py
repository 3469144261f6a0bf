from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "payments_0018_disputes"
VERSION = "1.38.0"
DESCRIPTION = "Disputes that wait for their payment, or are of one that was entered as taken back by hand"


async def forwards() -> MigrationManager:
    return statements(
        "payments",
        ID,
        """
        -- The provider's reference of a dispute, the attempt that it is about, and what of it somebody had entered as
        -- taken back already: that part has no entry of its own.
        ALTER TABLE parvis.dispute
            ADD COLUMN provider_ref varchar(200) NOT NULL DEFAULT '',
            ADD COLUMN attempt uuid,
            ADD COLUMN covered bigint NOT NULL DEFAULT 0,
            ADD CONSTRAINT dispute_covered CHECK (covered BETWEEN 0 AND cents);
        CREATE INDEX dispute_waits ON parvis.dispute (account, attempt) WHERE capture IS NULL;
        """,
    )
