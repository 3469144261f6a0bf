from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "web_0002_attempts"
VERSION = "1.38.0"
DESCRIPTION = "Attempts, counted by what is tried"


async def forwards() -> MigrationManager:
    return statements(
        "web",
        ID,
        """
        CREATE TABLE parvis.attempt (
            id uuid PRIMARY KEY,
            subject bytea NOT NULL,
            at timestamptz NOT NULL
        );
        CREATE INDEX attempt_subject ON parvis.attempt (subject, at);
        CREATE INDEX attempt_at ON parvis.attempt (at);
        """,
    )
