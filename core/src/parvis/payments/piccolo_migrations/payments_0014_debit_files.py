from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "payments_0014_debit_files"
VERSION = "1.38.0"
DESCRIPTION = "A batch's file as the bank was given it; baskets that are forgotten once their debit cannot come back"


async def forwards() -> MigrationManager:
    return statements(
        "payments",
        ID,
        """
        ALTER TABLE parvis.debit_batch
            ADD COLUMN file bytea,
            ADD COLUMN file_at timestamptz,
            ADD CONSTRAINT debit_batch_file_when CHECK (file IS NULL OR file_at IS NOT NULL);
        CREATE INDEX debit_batch_open ON parvis.debit_batch (account) WHERE state IN ('made', 'sent');
        ALTER TABLE parvis.basket ADD COLUMN forget boolean NOT NULL DEFAULT false;
        """,
    )
