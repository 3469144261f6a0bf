from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "payments_0006_provider_events"
VERSION = "1.38.0"
DESCRIPTION = "What providers told, each once"


async def forwards() -> MigrationManager:
    return statements(
        "payments",
        ID,
        """
        CREATE TABLE parvis.provider_event (
            account varchar(50) NOT NULL REFERENCES parvis.provider_account ON DELETE RESTRICT,
            event varchar(255) NOT NULL,
            sort varchar(100) NOT NULL,
            about varchar(255) NOT NULL,
            received timestamptz NOT NULL,
            PRIMARY KEY (account, event)
        );
        CREATE INDEX provider_event_received ON parvis.provider_event (received);
        """,
    )
