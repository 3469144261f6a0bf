from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "web_0003_spent_challenges"
VERSION = "1.38.0"
DESCRIPTION = "Challenges that were solved, each of which counts once"


async def forwards() -> MigrationManager:
    return statements(
        "web",
        ID,
        """
        CREATE TABLE parvis.spent_challenge (
            id uuid PRIMARY KEY,
            until timestamptz NOT NULL
        );
        CREATE INDEX spent_challenge_until ON parvis.spent_challenge (until);
        """,
    )
