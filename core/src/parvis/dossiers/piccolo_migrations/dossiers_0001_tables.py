from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "dossiers_0001_tables"
VERSION = "1.38.0"
DESCRIPTION = "Dossiers and their timeline"


async def forwards() -> MigrationManager:
    return statements(
        "dossiers",
        ID,
        """
        CREATE TABLE parvis.dossier (
            id uuid PRIMARY KEY,
            reference varchar(8) NOT NULL UNIQUE,
            service varchar(40) NOT NULL,
            emitter uuid NOT NULL REFERENCES parvis.emitter ON DELETE RESTRICT,
            person uuid REFERENCES parvis.person ON DELETE SET NULL,
            contact_kind varchar(4) CHECK (contact_kind IN ('mail', 'sms')),
            contact bytea,
            contact_digest bytea,
            names bytea,
            language varchar(2) NOT NULL,
            state varchar(10) NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'closed', 'erased')),
            booking uuid UNIQUE REFERENCES parvis.booking ON DELETE SET NULL,
            kept_days smallint NOT NULL CHECK (kept_days BETWEEN 0 AND 3650),
            opened_at timestamptz NOT NULL,
            closed_at timestamptz,
            CHECK ((closed_at IS NULL) = (state = 'open')),
            -- Erased means erased: nothing that leads to a person is left.
            CHECK (state <> 'erased' OR (person IS NULL AND contact IS NULL AND contact_digest IS NULL
                                         AND names IS NULL))
        );
        CREATE INDEX dossier_person ON parvis.dossier (person) WHERE person IS NOT NULL;
        CREATE INDEX dossier_contact ON parvis.dossier (contact_digest) WHERE contact_digest IS NOT NULL;
        CREATE INDEX dossier_emitter ON parvis.dossier (emitter, service);
        CREATE INDEX dossier_closed ON parvis.dossier (closed_at) WHERE state = 'closed';
        CREATE TABLE parvis.timeline (
            id uuid PRIMARY KEY,
            dossier uuid NOT NULL REFERENCES parvis.dossier ON DELETE CASCADE,
            at timestamptz NOT NULL,
            event varchar(40) NOT NULL CHECK (event ~ '^[a-z]+(\\.[a-z-]+)+$'),
            data jsonb NOT NULL DEFAULT '{}',
            by varchar(10) NOT NULL CHECK (by IN ('resident', 'staff', 'helper', 'system')),
            actor uuid
        );
        CREATE INDEX timeline_dossier ON parvis.timeline (dossier, at);
        """,
    )
