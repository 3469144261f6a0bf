from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "identity_0006_language"
VERSION = "1.38.0"
DESCRIPTION = "The language of somebody's pages, for mails that nobody is there to ask for"


async def forwards() -> MigrationManager:
    return statements(
        "identity",
        ID,
        """
        ALTER TABLE parvis.person ADD COLUMN mail_language varchar(2) NOT NULL DEFAULT 'fr'
            CHECK (mail_language IN ('fr', 'de', 'en'));
        """,
    )
