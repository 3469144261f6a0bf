from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "payments_0011_looking_once"
VERSION = "1.38.0"
DESCRIPTION = "An entry's lines are summed as they come in, and their accounts looked at more cheaply"


async def forwards() -> MigrationManager:
    return statements(
        "payments",
        ID,
        """
        -- All lines of an entry come in one statement: numbered from 1 to as many as it says, so that the key leaves no
        -- room for another one later. When the transaction ends, the entry is summed over what was written.
        CREATE OR REPLACE FUNCTION parvis.ledger_check_lines() RETURNS trigger
            LANGUAGE plpgsql SET search_path = pg_catalog AS
        $$
        BEGIN
            -- The entry is looked up by its key whatever the table's size was when this was planned: no join.
            PERFORM parvis.ledger_refuse(entry) FROM added GROUP BY entry
                HAVING sum(cents) <> 0 OR min(n) <> 1 OR max(n) <> count(*)
                    OR count(*) IS DISTINCT FROM (SELECT e.lines FROM parvis.ledger_entry e WHERE e.id = entry);
            RETURN NULL;
        END
        $$;

        -- The same names as before, without a regular expression: that cost more than all else that is checked of a line.
        ALTER TABLE parvis.ledger_line DROP CONSTRAINT ledger_line_account_check;
        ALTER TABLE parvis.ledger_line ADD CONSTRAINT ledger_line_account_check CHECK (
            account IN ('receivable', 'vat', 'bank', 'cash', 'paid_over', 'fees', 'refund_due', 'credit', 'disputed',
                'suspense', 'rounding')
            OR (account LIKE 'revenue:_%' OR account LIKE 'clearing:_%')
                AND length(account) - strpos(account, ':') <= 50
                AND translate(account, 'abcdefghijklmnopqrstuvwxyz0123456789._-', '') = ':');
        """,
    )
