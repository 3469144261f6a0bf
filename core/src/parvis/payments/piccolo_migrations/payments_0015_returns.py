from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "payments_0015_returns"
VERSION = "1.38.0"
DESCRIPTION = "Refunds that come back, disputes of a payment, why a bank took money back"


async def forwards() -> MigrationManager:
    return statements(
        "payments",
        ID,
        """
        ALTER TABLE parvis.refund DROP CONSTRAINT refund_state_check;
        ALTER TABLE parvis.refund ADD CONSTRAINT refund_state_check CHECK (state IN
            ('requested', 'approved', 'rejected', 'sent', 'cancelled', 'done', 'failed', 'unknown', 'bounced'));
        DROP INDEX parvis.refund_done;
        CREATE INDEX refund_done ON parvis.refund (done_day) WHERE state IN ('done', 'bounced');

        ALTER TABLE parvis.capture_return
            ADD COLUMN day date,
            ADD COLUMN reason varchar(200) NOT NULL DEFAULT '',
            ADD COLUMN person uuid;
        UPDATE parvis.capture_return SET day = (at AT TIME ZONE 'Europe/Paris')::date;
        ALTER TABLE parvis.capture_return ALTER COLUMN day SET NOT NULL;

        -- Of which payment a provider does not always say.
        CREATE TABLE parvis.dispute (
            id uuid PRIMARY KEY,
            account varchar(50) NOT NULL REFERENCES parvis.provider_account ON DELETE RESTRICT,
            capture uuid REFERENCES parvis.capture ON DELETE RESTRICT,
            cents bigint NOT NULL CHECK (cents > 0),
            state varchar(4) NOT NULL CHECK (state IN ('open', 'won', 'lost')),
            opened_at timestamptz NOT NULL,
            closed_at timestamptz,
            CONSTRAINT dispute_closed CHECK ((state = 'open') = (closed_at IS NULL))
        );
        CREATE INDEX dispute_capture ON parvis.dispute (capture);
        INSERT INTO parvis.dispute (id, account, cents, state, opened_at, closed_at)
            SELECT e.source, substr(l.account, 10), -l.cents,
                CASE c.kind WHEN 'dispute-back' THEN 'won' WHEN 'dispute-lost' THEN 'lost' ELSE 'open' END, e.at, c.at
            FROM parvis.ledger_entry e
            JOIN parvis.ledger_line l ON l.entry = e.id AND l.account LIKE 'clearing:%'
            LEFT JOIN parvis.ledger_entry c ON c.till = e.till AND c.source = e.source
                AND c.kind IN ('dispute-back', 'dispute-lost')
            WHERE e.kind = 'dispute';

        -- Money that is to be given back, or of nobody known, is rare beside what was paid.
        CREATE INDEX capture_waits ON parvis.capture (till) WHERE taken_as <> 'paid';
        """,
    )
