from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "dossiers_0007_takeover"
VERSION = "1.38.0"
DESCRIPTION = "Codes with which residents take over what was opened for them; acts of proxies"


async def forwards() -> MigrationManager:
    return statements(
        "dossiers",
        ID,
        """
        CREATE TABLE parvis.takeover_code (
            id uuid PRIMARY KEY,
            dossier uuid NOT NULL REFERENCES parvis.dossier ON DELETE CASCADE,
            digest bytea NOT NULL UNIQUE,
            way varchar(4) NOT NULL CHECK (way IN ('slip', 'mail')),
            made_at timestamptz NOT NULL,
            ends_at timestamptz NOT NULL,
            over_at timestamptz,
            used_by uuid,
            CHECK (used_by IS NULL OR over_at IS NOT NULL)
        );
        -- One for each way: a new slip makes the paper before it worthless, and not the mail.
        CREATE UNIQUE INDEX takeover_code_once ON parvis.takeover_code (dossier, way) WHERE over_at IS NULL;
        ALTER TABLE parvis.timeline DROP CONSTRAINT timeline_by_check;
        ALTER TABLE parvis.timeline ADD CONSTRAINT timeline_by_check
            CHECK (by IN ('resident', 'proxy', 'staff', 'helper', 'system'));
        """,
    )
