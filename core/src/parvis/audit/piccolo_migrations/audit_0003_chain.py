from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "audit_0003_chain"
VERSION = "1.38.0"
DESCRIPTION = "The trace is chained, its months are forgotten whole, and nobody changes a line"


async def forwards() -> MigrationManager:
    return statements(
        "audit",
        ID,
        """
        DROP FUNCTION parvis.forget_audit_traces(timestamptz, integer);
        ALTER TABLE parvis.audit_trace
            ADD COLUMN seq bigint GENERATED ALWAYS AS IDENTITY,
            ADD COLUMN stamp varchar(120);
        CREATE INDEX audit_trace_behalf ON parvis.audit_trace (behalf) WHERE behalf IS NOT NULL;
        CREATE UNIQUE INDEX audit_trace_seq ON parvis.audit_trace (seq);

        CREATE TABLE parvis.audit_link (
            number bigint PRIMARY KEY,
            seq bigint NOT NULL,
            month date NOT NULL,
            hash bytea NOT NULL,
            head varchar(120)
        );
        CREATE UNIQUE INDEX audit_link_seq ON parvis.audit_link (seq);
        CREATE INDEX audit_link_month ON parvis.audit_link (month, number);
        COMMENT ON TABLE parvis.audit_link IS 'append-only: the serving role may read and add';

        -- Also who owns the tables does not change a line by mistake; on purpose, the chain shows it.
        CREATE FUNCTION parvis.refuse_change_of_audit() RETURNS trigger
            LANGUAGE plpgsql SET search_path = pg_catalog AS
        $$
        BEGIN
            IF TG_OP = 'DELETE' AND current_setting('parvis.forgetting', true) = 'months' THEN
                RETURN OLD;
            END IF;
            RAISE EXCEPTION '% is only ever added to', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
        END
        $$;
        CREATE TRIGGER audit_trace_stays BEFORE UPDATE OR DELETE ON parvis.audit_trace
            FOR EACH ROW EXECUTE FUNCTION parvis.refuse_change_of_audit();
        CREATE TRIGGER audit_trace_whole BEFORE TRUNCATE ON parvis.audit_trace
            FOR EACH STATEMENT EXECUTE FUNCTION parvis.refuse_change_of_audit();
        CREATE TRIGGER audit_link_stays BEFORE UPDATE OR DELETE ON parvis.audit_link
            FOR EACH ROW EXECUTE FUNCTION parvis.refuse_change_of_audit();
        CREATE TRIGGER audit_link_whole BEFORE TRUNCATE ON parvis.audit_link
            FOR EACH STATEMENT EXECUTE FUNCTION parvis.refuse_change_of_audit();

        -- The one way of forgetting runs with the owner's rights: whole months that ended before an instant, and never
        -- one of the half year before the newest month, whatever it is asked for. The last link stays, as the chain's
        -- beginning: what comes next hangs on it.
        CREATE FUNCTION parvis.forget_audit_months(
            before timestamptz, OUT gone bigint, OUT through bigint, OUT last_month date
        )
            LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS
        $$
        DECLARE newest date;
        BEGIN
            PERFORM pg_advisory_xact_lock(hashtextextended('audit chain', 0));
            gone := 0;
            SELECT month INTO newest FROM parvis.audit_link ORDER BY number DESC LIMIT 1;
            SELECT number, month INTO through, last_month FROM parvis.audit_link
                WHERE month + interval '7 months' <= newest
                AND (month + interval '1 month') AT TIME ZONE 'UTC' <= before
                ORDER BY month DESC, number DESC LIMIT 1;
            IF through IS NULL THEN
                RETURN;
            END IF;
            PERFORM set_config('parvis.forgetting', 'months', true);
            DELETE FROM parvis.audit_trace USING parvis.audit_link
                WHERE audit_link.seq = audit_trace.seq AND audit_link.number <= through;
            GET DIAGNOSTICS gone = ROW_COUNT;
            DELETE FROM parvis.audit_link WHERE number < through;
            PERFORM set_config('parvis.forgetting', '', true);
        END
        $$;
        """,
    )
