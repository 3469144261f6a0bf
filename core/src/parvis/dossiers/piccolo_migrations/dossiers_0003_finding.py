from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "dossiers_0003_finding"
VERSION = "1.38.0"
DESCRIPTION = "Finding dossiers by name and telephone"


async def forwards() -> MigrationManager:
    return statements(
        "dossiers",
        ID,
        """
        ALTER TABLE parvis.dossier
            ADD COLUMN phone bytea,
            ADD COLUMN phone_digest bytea,
            ADD COLUMN name_digests integer[],
            ADD CHECK (state <> 'erased' OR (phone IS NULL AND phone_digest IS NULL AND name_digests IS NULL));
        CREATE INDEX dossier_phone ON parvis.dossier (phone_digest) WHERE phone_digest IS NOT NULL;
        -- Without a list of what waits: every search would read it from end to end.
        CREATE INDEX dossier_names ON parvis.dossier USING gin (name_digests) WITH (fastupdate = off);
        -- What somebody of a staff or a helper booked is found by who did.
        CREATE INDEX timeline_opened ON parvis.timeline (actor, dossier)
            WHERE event = 'dossier.opened' AND actor IS NOT NULL;
        """,
    )
