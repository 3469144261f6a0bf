from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "indicators_0001_tables"
VERSION = "1.38.0"
DESCRIPTION = "Who cancelled a booking, for figures that outlive its timeline"


async def forwards() -> MigrationManager:
    return statements(
        "indicators",
        ID,
        """
        CREATE TABLE parvis.cancellation (
            booking uuid PRIMARY KEY REFERENCES parvis.booking ON DELETE CASCADE,
            by varchar(10) NOT NULL CHECK (by IN ('resident', 'staff', 'helper', 'system')),
            at timestamptz NOT NULL
        );
        INSERT INTO parvis.cancellation (booking, by, at)
            SELECT DISTINCT ON (b.id) b.id, t.by, t.at FROM parvis.booking b
            JOIN parvis.timeline t ON t.dossier = b.dossier AND t.event IN ('booking.cancelled', 'visit.given-back')
            WHERE b.state = 'cancelled' ORDER BY b.id, t.at DESC;
        """,
    )
