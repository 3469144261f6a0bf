from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "dossiers_0004_offices_opened"
VERSION = "1.38.0"
DESCRIPTION = "What an office opened for others is found by it"


async def forwards() -> MigrationManager:
    return statements(
        "dossiers",
        ID,
        """
        CREATE INDEX timeline_office_opened ON parvis.timeline (emitter, dossier)
            WHERE event = 'dossier.opened' AND emitter IS NOT NULL;
        """,
    )
