from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "earlier_0001_tables"
VERSION = "1.38.0"
DESCRIPTION = "Who asks for an earlier hour, and what they were proposed"


async def forwards() -> MigrationManager:
    return statements(
        "earlier",
        ID,
        """
        CREATE TABLE parvis.earlier_wish (
            dossier uuid PRIMARY KEY REFERENCES parvis.dossier ON DELETE CASCADE,
            calendars uuid[] NOT NULL,
            weekdays smallint[] NOT NULL DEFAULT '{}',
            not_before time NOT NULL,
            not_after time NOT NULL CHECK (not_after > not_before),
            last_day date NOT NULL,
            asked_at timestamptz NOT NULL,
            offers smallint NOT NULL DEFAULT 0 CHECK (offers BETWEEN 0 AND 3),
            ended_at timestamptz,
            ended varchar(10) CHECK (ended IN ('stopped', 'accepted', 'used', 'over')),
            CHECK ((ended IS NULL) = (ended_at IS NULL))
        );
        CREATE INDEX earlier_wish_asked ON parvis.earlier_wish (asked_at) WHERE ended_at IS NULL;
        CREATE TABLE parvis.earlier_offer (
            id uuid PRIMARY KEY,
            dossier uuid NOT NULL REFERENCES parvis.earlier_wish ON DELETE CASCADE,
            hour uuid NOT NULL,
            calendar uuid NOT NULL REFERENCES parvis.calendar ON DELETE CASCADE,
            start timestamptz NOT NULL,
            offered_at timestamptz NOT NULL,
            until timestamptz NOT NULL,
            outcome varchar(8) CHECK (outcome IN ('accepted', 'declined', 'lapsed')),
            ended_at timestamptz,
            CHECK ((outcome IS NULL) = (ended_at IS NULL))
        );
        -- One hour is proposed to one person at a time, and one person has one hour to think about.
        CREATE UNIQUE INDEX earlier_offer_hour ON parvis.earlier_offer (hour) WHERE outcome IS NULL;
        CREATE UNIQUE INDEX earlier_offer_dossier ON parvis.earlier_offer (dossier) WHERE outcome IS NULL;
        """,
    )
