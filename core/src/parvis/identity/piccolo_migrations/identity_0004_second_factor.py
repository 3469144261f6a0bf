from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "identity_0004_second_factor"
VERSION = "1.38.0"
DESCRIPTION = "The level a session reached, codes mailed to work addresses, remembered stations"


async def forwards() -> MigrationManager:
    return statements(
        "identity",
        ID,
        """
        ALTER TABLE parvis.session ADD COLUMN acr varchar(100);
        CREATE TABLE parvis.mailed_factor (
            emitter uuid PRIMARY KEY REFERENCES parvis.emitter ON DELETE CASCADE,
            chosen_at timestamptz NOT NULL,
            chosen_by uuid
        );
        CREATE TABLE parvis.work_address (
            id uuid PRIMARY KEY,
            emitter uuid NOT NULL REFERENCES parvis.emitter ON DELETE CASCADE,
            person uuid NOT NULL REFERENCES parvis.person ON DELETE CASCADE,
            address bytea NOT NULL,
            digest bytea NOT NULL,
            given_at timestamptz NOT NULL,
            given_by uuid,
            UNIQUE (emitter, person)
        );
        CREATE INDEX work_address_person ON parvis.work_address (person);
        CREATE TABLE parvis.session_factor (
            id uuid PRIMARY KEY,
            session uuid NOT NULL REFERENCES parvis.session ON DELETE CASCADE,
            emitter uuid NOT NULL REFERENCES parvis.emitter ON DELETE CASCADE,
            device uuid,
            given_at timestamptz NOT NULL,
            UNIQUE (session, emitter)
        );
        CREATE TABLE parvis.station (
            id uuid PRIMARY KEY,
            device uuid NOT NULL,
            emitter uuid NOT NULL REFERENCES parvis.emitter ON DELETE CASCADE,
            person uuid NOT NULL REFERENCES parvis.person ON DELETE CASCADE,
            name varchar(60) NOT NULL,
            since timestamptz NOT NULL,
            ends_at timestamptz NOT NULL,
            UNIQUE (device, emitter, person)
        );
        CREATE INDEX station_emitter ON parvis.station (emitter, ends_at);
        CREATE INDEX station_person ON parvis.station (person);
        """,
    )
