from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "web_0001_kept_answers"
VERSION = "1.38.0"
DESCRIPTION = "Answers kept under an idempotency key"


async def forwards() -> MigrationManager:
    return statements(
        "web",
        ID,
        """
        CREATE SCHEMA IF NOT EXISTS parvis;
        CREATE TABLE parvis.kept_answer (
            key bytea PRIMARY KEY,
            request bytea NOT NULL,
            status smallint NOT NULL DEFAULT 0,
            location varchar(200) NOT NULL DEFAULT '',
            body bytea NOT NULL DEFAULT '',
            created timestamptz NOT NULL
        );
        CREATE INDEX kept_answer_created ON parvis.kept_answer (created);
        """,
    )
