from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "attendance_0002_outages"
VERSION = "1.38.0"
DESCRIPTION = "Desks that fall out, and what becomes of the visits there"


async def forwards() -> MigrationManager:
    return statements(
        "attendance",
        ID,
        """
        CREATE TABLE parvis.outage (
            id uuid PRIMARY KEY,
            calendar uuid NOT NULL REFERENCES parvis.calendar ON DELETE CASCADE,
            desks uuid[] NOT NULL,
            closures uuid[] NOT NULL,
            since timestamptz NOT NULL,
            until timestamptz NOT NULL,
            reason varchar(200) NOT NULL DEFAULT '',
            person uuid,
            ended_at timestamptz,
            CHECK (until > since)
        );
        CREATE INDEX outage_running ON parvis.outage (calendar) WHERE ended_at IS NULL;
        CREATE TABLE parvis.outage_visit (
            outage uuid NOT NULL REFERENCES parvis.outage ON DELETE CASCADE,
            booking uuid NOT NULL REFERENCES parvis.booking ON DELETE CASCADE,
            start timestamptz NOT NULL,
            told boolean NOT NULL,
            called_at timestamptz,
            PRIMARY KEY (outage, booking)
        );
        CREATE INDEX outage_visit_booking ON parvis.outage_visit (booking);
        """,
    )
