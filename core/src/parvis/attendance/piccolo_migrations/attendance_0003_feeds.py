from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "attendance_0003_feeds"
VERSION = "1.38.0"
DESCRIPTION = "Agendas of desks to subscribe to"


async def forwards() -> MigrationManager:
    return statements(
        "attendance",
        ID,
        """
        CREATE TABLE parvis.desk_feed (
            desk uuid PRIMARY KEY REFERENCES parvis.desk ON DELETE CASCADE,
            secret bytea NOT NULL,
            made_at timestamptz NOT NULL,
            person uuid
        );
        """,
    )
