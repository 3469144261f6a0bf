from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "attendance_0001_tables"
VERSION = "1.38.0"
DESCRIPTION = "Steps of a visit, sheets of the day, when late hours are given back"


async def forwards() -> MigrationManager:
    return statements(
        "attendance",
        ID,
        """
        CREATE TABLE parvis.attendance_step (
            id uuid PRIMARY KEY,
            ord bigint GENERATED ALWAYS AS IDENTITY,
            booking uuid NOT NULL REFERENCES parvis.booking ON DELETE CASCADE,
            step varchar(8) NOT NULL CHECK (step IN ('arrived', 'served', 'absent', 'released')),
            at timestamptz NOT NULL,
            by varchar(8) NOT NULL CHECK (by IN ('resident', 'staff', 'system')),
            person uuid,
            cells smallint CHECK ((cells IS NOT NULL) = (step = 'released')),
            undone_at timestamptz,
            undone_by uuid
        );
        CREATE INDEX attendance_step_booking ON parvis.attendance_step (booking, ord);
        CREATE TABLE parvis.attendance_sheet (
            booking uuid PRIMARY KEY REFERENCES parvis.booking ON DELETE CASCADE,
            day date NOT NULL,
            ticks varchar(60)[] NOT NULL DEFAULT '{}',
            note bytea
        );
        CREATE INDEX attendance_sheet_day ON parvis.attendance_sheet (day);
        CREATE TABLE parvis.attendance_setting (
            calendar uuid PRIMARY KEY REFERENCES parvis.calendar ON DELETE CASCADE,
            release_minutes smallint NOT NULL CHECK (release_minutes BETWEEN 5 AND 120)
        );
        -- A day's live bookings are found by the exclusion constraint's index, its cancelled ones by this.
        CREATE INDEX booking_cancelled ON parvis.booking (desk, day) WHERE state = 'cancelled';
        """,
    )
