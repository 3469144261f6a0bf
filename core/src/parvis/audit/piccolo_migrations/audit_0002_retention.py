from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "audit_0002_retention"
VERSION = "1.38.0"
DESCRIPTION = "Old traces are forgotten, by a function that leaves the last half year alone"


async def forwards() -> MigrationManager:
    return statements(
        "audit",
        ID,
        """
        CREATE INDEX audit_trace_at ON parvis.audit_trace (at);
        -- The serving role may only read and add. This one way of forgetting runs with the owner's rights, and never
        -- takes the half year before the newest trace, whatever it is asked for.
        CREATE FUNCTION parvis.forget_audit_traces(before timestamptz, most integer) RETURNS integer
            LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS
        $$
            WITH old AS (
                SELECT id FROM parvis.audit_trace
                WHERE at < before AND at < (SELECT max(at) FROM parvis.audit_trace) - interval '180 days'
                ORDER BY at LIMIT most
            ), gone AS (
                DELETE FROM parvis.audit_trace USING old WHERE audit_trace.id = old.id RETURNING audit_trace.id
            )
            SELECT count(*)::integer FROM gone
        $$;
        """,
    )
