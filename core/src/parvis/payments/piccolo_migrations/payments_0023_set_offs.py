from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "payments_0023_set_offs"
VERSION = "1.38.0"
DESCRIPTION = "What is kept of money for what its payer owes, and given free again in parts"


async def forwards() -> MigrationManager:
    return statements(
        "payments",
        ID,
        """
        -- Less than nothing is free again. Each is the source of its entry in the books.
        CREATE TABLE parvis.set_off (
            id uuid PRIMARY KEY,
            capture uuid NOT NULL REFERENCES parvis.capture ON DELETE RESTRICT,
            cents bigint NOT NULL CHECK (cents <> 0),
            at timestamptz NOT NULL
        );
        CREATE INDEX set_off_capture ON parvis.set_off (capture);
        CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON parvis.set_off
            FOR EACH STATEMENT EXECUTE FUNCTION parvis.refuse_rewriting();
        COMMENT ON TABLE parvis.set_off IS 'append-only: the serving role may read and add';

        -- So far an entry named the capture itself, once each way.
        INSERT INTO parvis.set_off (id, capture, cents, at)
        SELECT CASE e.kind WHEN 'set-off' THEN e.source ELSE gen_random_uuid() END, e.source, l.cents, e.at
        FROM parvis.ledger_entry e JOIN parvis.ledger_line l ON l.entry = e.id
        WHERE e.kind IN ('set-off', 'set-off-back') AND l.account = 'refund_due';
        """,
    )
