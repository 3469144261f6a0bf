from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "audit_0001_tables"
VERSION = "1.38.0"
DESCRIPTION = "The audit trace"


async def forwards() -> MigrationManager:
    return statements(
        "audit",
        ID,
        """
        CREATE TABLE parvis.audit_trace (
            id uuid PRIMARY KEY,
            at timestamptz NOT NULL,
            person uuid,
            behalf uuid,
            emitter uuid,
            action varchar(60) NOT NULL,
            subject varchar(30) NOT NULL,
            subject_id uuid,
            details jsonb NOT NULL DEFAULT '{}'
        );
        CREATE INDEX audit_trace_subject ON parvis.audit_trace (subject, subject_id, at);
        CREATE INDEX audit_trace_person ON parvis.audit_trace (person, at);
        COMMENT ON TABLE parvis.audit_trace IS 'append-only: the serving role may read and add';
        """,
    )
