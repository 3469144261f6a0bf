from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "calendars_0003_promised_hours"
VERSION = "1.38.0"
DESCRIPTION = "Freed hours that are promised to somebody who asked for an earlier one"


async def forwards() -> MigrationManager:
    return statements(
        "calendars",
        ID,
        """
        ALTER TABLE parvis.booking
            ADD COLUMN promised boolean NOT NULL DEFAULT false,
            ADD CHECK (NOT promised OR state = 'kept');
        CREATE INDEX booking_freed ON parvis.booking (created) WHERE state = 'kept';
        """,
    )
