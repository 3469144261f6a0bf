from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "identity_0005_merging"
VERSION = "1.38.0"
DESCRIPTION = "One account for several sign-ons, and their separation"


async def forwards() -> MigrationManager:
    return statements(
        "identity",
        ID,
        """
        ALTER TABLE parvis.person ADD COLUMN merged_into uuid REFERENCES parvis.person ON DELETE CASCADE
            CHECK (merged_into <> id);
        CREATE INDEX person_merged ON parvis.person (merged_into) WHERE merged_into IS NOT NULL;
        CREATE TABLE parvis.account_merge (
            id uuid PRIMARY KEY,
            kept uuid NOT NULL REFERENCES parvis.person ON DELETE CASCADE,
            merged uuid NOT NULL REFERENCES parvis.person ON DELETE CASCADE,
            reason varchar(300) NOT NULL,
            moved jsonb NOT NULL,
            merged_by uuid,
            merged_at timestamptz NOT NULL,
            undone_by uuid,
            undone_at timestamptz,
            CHECK (kept <> merged)
        );
        CREATE UNIQUE INDEX account_merge_once ON parvis.account_merge (merged) WHERE undone_at IS NULL;
        CREATE INDEX account_merge_at ON parvis.account_merge (merged_at);
        """,
    )
