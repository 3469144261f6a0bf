from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "idcard_ants_0001_declarations"
VERSION = "1.38.0"
DESCRIPTION = "Declarations at the coordination service, numbers checked a moment ago, whether a contact was proved"


async def forwards() -> MigrationManager:
    return statements(
        "idcard",
        ID,
        """
        CREATE TABLE idcard.declaration (
            id uuid PRIMARY KEY,
            dossier uuid NOT NULL REFERENCES parvis.dossier ON DELETE CASCADE,
            emitter uuid NOT NULL,
            applicant uuid NOT NULL,
            number bytea NOT NULL,
            number_digest bytea NOT NULL,
            state varchar(10) NOT NULL
                CHECK (state IN ('due', 'check', 'declared', 'withdrawn', 'refused', 'rehearsed', 'over')),
            status varchar(10) CHECK (status IN ('validated', 'consumed', 'declared', 'unknown', 'expired')),
            checked_at timestamptz,
            told_place varchar(80),
            told_name varchar(200),
            told_at varchar(19),
            told_url varchar(300),
            attempts smallint NOT NULL DEFAULT 0,
            due timestamptz NOT NULL,
            busy_until timestamptz,
            error varchar(20) NOT NULL DEFAULT '',
            asked_at timestamptz,
            answer_by timestamptz,
            answered boolean NOT NULL DEFAULT false,
            reason varchar(200),
            reason_by uuid,
            UNIQUE (dossier, number_digest)
        );
        CREATE INDEX declaration_open ON idcard.declaration (emitter) WHERE state IN ('due', 'refused');
        CREATE INDEX declaration_due ON idcard.declaration (due) WHERE state IN ('due', 'check', 'refused');
        CREATE TABLE idcard.number_check (
            number_digest bytea PRIMARY KEY,
            standing bytea NOT NULL,
            checked_at timestamptz NOT NULL
        );
        ALTER TABLE idcard.visit ADD COLUMN proved boolean NOT NULL DEFAULT true;
        """,
    )
