from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "calendars_0002_timetables"
VERSION = "1.38.0"
DESCRIPTION = "Temporary desks and places, what kinds ask for, versions and their history, bookings kept outside the rules"


async def forwards() -> MigrationManager:
    return statements(
        "calendars",
        ID,
        """
        ALTER TABLE parvis.calendar
            ADD COLUMN version integer NOT NULL DEFAULT 1,
            ADD COLUMN first_day date,
            ADD COLUMN last_day date,
            ADD COLUMN open_until date,
            ADD CHECK (last_day >= first_day),
            ALTER COLUMN counter_percent SET DEFAULT 10;
        ALTER TABLE parvis.calendar_kind
            ADD COLUMN number boolean NOT NULL DEFAULT false,
            ADD COLUMN bring jsonb NOT NULL DEFAULT '{}';
        ALTER TABLE parvis.desk
            ADD COLUMN first_day date,
            ADD COLUMN last_day date,
            ADD CHECK (last_day >= first_day);
        ALTER TABLE parvis.booking ADD COLUMN outside boolean NOT NULL DEFAULT false;
        CREATE TABLE parvis.calendar_change (
            id uuid PRIMARY KEY,
            calendar uuid NOT NULL REFERENCES parvis.calendar ON DELETE RESTRICT,
            version integer NOT NULL,
            at timestamptz NOT NULL,
            person uuid,
            sort varchar(12) NOT NULL,
            undoes integer,
            before jsonb NOT NULL,
            after jsonb NOT NULL,
            UNIQUE (calendar, version)
        );
        COMMENT ON TABLE parvis.calendar_change IS 'append-only: the serving role may read and add';
        """,
    )
