from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "jobs_0001_tables"
VERSION = "1.38.0"
DESCRIPTION = "Last runs of timers"


async def forwards() -> MigrationManager:
    return statements(
        "jobs",
        ID,
        """
        CREATE SCHEMA IF NOT EXISTS parvis;
        CREATE TABLE parvis.timer_run (
            key varchar(120) PRIMARY KEY,
            started timestamptz NOT NULL,
            running_until timestamptz,
            ended timestamptz,
            seconds double precision,
            error text NOT NULL DEFAULT ''
        );
        """,
    )
