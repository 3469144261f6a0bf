from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "messages_0001_tables"
VERSION = "1.38.0"
DESCRIPTION = "Mails and SMS, and the sequences of calendar files"


async def forwards() -> MigrationManager:
    return statements(
        "messages",
        ID,
        """
        CREATE TABLE parvis.message (
            id uuid PRIMARY KEY,
            channel varchar(4) NOT NULL CHECK (channel IN ('mail', 'sms')),
            template varchar(120) NOT NULL,
            language varchar(2) NOT NULL,
            emitter uuid REFERENCES parvis.emitter ON DELETE RESTRICT,
            dossier uuid,
            recipient bytea NOT NULL,
            sealed bytea,
            message_id varchar(200) NOT NULL UNIQUE,
            state varchar(7) NOT NULL DEFAULT 'queued'
                CHECK (state IN ('queued', 'sent', 'stale', 'failed', 'bounced')),
            attempts integer NOT NULL DEFAULT 0,
            queued_at timestamptz NOT NULL,
            use_by timestamptz NOT NULL,
            ended_at timestamptz,
            error varchar(120) NOT NULL DEFAULT '',
            uid varchar(200),
            sequence integer,
            CHECK ((state = 'queued') = (ended_at IS NULL)),
            CHECK (state <> 'queued' OR sealed IS NOT NULL)
        );
        CREATE INDEX message_dossier ON parvis.message (dossier);
        CREATE INDEX message_queued ON parvis.message (queued_at) WHERE state = 'queued';
        CREATE INDEX message_uid ON parvis.message (uid) WHERE state = 'queued';
        CREATE INDEX message_ended ON parvis.message (ended_at);
        CREATE TABLE parvis.calendar_sequence (
            uid text PRIMARY KEY,
            sequence integer NOT NULL
        );
        """,
    )
