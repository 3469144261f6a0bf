from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "idcard_0001_tables"
VERSION = "1.38.0"
DESCRIPTION = "Drafts, visits, applicants, what was told"


async def forwards() -> MigrationManager:
    return statements(
        "idcard",
        ID,
        """
        CREATE SCHEMA IF NOT EXISTS idcard;
        CREATE TABLE idcard.draft (
            hold uuid PRIMARY KEY,
            page varchar(40) NOT NULL UNIQUE,
            secret bytea NOT NULL,
            slot varchar(40) NOT NULL,
            search varchar(500) NOT NULL,
            form bytea,
            proof uuid,
            ends_at timestamptz NOT NULL
        );
        CREATE INDEX draft_ends ON idcard.draft (ends_at);
        CREATE TABLE idcard.visit (
            dossier uuid PRIMARY KEY REFERENCES parvis.dossier ON DELETE CASCADE,
            kind varchar(20) NOT NULL CHECK (kind IN ('deposit', 'collection')),
            paper varchar(12) CHECK (paper IN ('CNI', 'PASSPORT', 'CNI-PASSPORT')),
            booked_at timestamptz NOT NULL,
            CHECK ((paper IS NOT NULL) = (kind = 'deposit'))
        );
        CREATE TABLE idcard.applicant (
            id uuid PRIMARY KEY,
            dossier uuid NOT NULL REFERENCES parvis.dossier ON DELETE CASCADE,
            position smallint NOT NULL,
            age varchar(8) NOT NULL CHECK (age IN ('adult', 'minor', 'under-12')),
            situation varchar(12),
            details bytea,
            number_digest bytea,
            live boolean NOT NULL,
            UNIQUE (dossier, position)
        );
        -- One live deposit for one application number, whatever the code above it does.
        CREATE UNIQUE INDEX applicant_one_live_deposit ON idcard.applicant (number_digest) WHERE live;
        CREATE TABLE idcard.told (
            id uuid PRIMARY KEY,
            dossier uuid NOT NULL REFERENCES parvis.dossier ON DELETE CASCADE,
            what varchar(20) NOT NULL,
            UNIQUE (dossier, what)
        );
        """,
    )
