from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "payments_0016_accountant"
VERSION = "1.38.0"
DESCRIPTION = "What the accountant says of money that moved, what a till may keep, bills passed on, files looked at"


async def forwards() -> MigrationManager:
    return statements(
        "payments",
        ID,
        """
        -- What the accountant said of an entry: when the bank has it, under which reference.
        CREATE TABLE parvis.till_transfer (
            till uuid NOT NULL,
            number bigint NOT NULL,
            reference varchar(200) NOT NULL CHECK (reference <> ''),
            day date NOT NULL,
            person uuid NOT NULL,
            PRIMARY KEY (till, number),
            FOREIGN KEY (till, number) REFERENCES parvis.ledger_entry (till, number) ON DELETE RESTRICT
        );
        CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON parvis.till_transfer
            FOR EACH STATEMENT EXECUTE FUNCTION parvis.refuse_rewriting();
        COMMENT ON TABLE parvis.till_transfer IS 'append-only: the serving role may read and add';

        ALTER TABLE parvis.till
            ADD COLUMN cash_most bigint CHECK (cash_most > 0),
            ADD COLUMN held_most bigint CHECK (held_most > 0),
            ADD COLUMN keeper uuid,
            ADD COLUMN keeper_since date,
            ADD CONSTRAINT till_keeper_whole CHECK (num_nulls(keeper, keeper_since) IN (0, 2));

        -- A bill that the public accountant collects from now on: nobody can pay it here any more.
        ALTER TABLE parvis.intent DROP CONSTRAINT intent_state_check;
        ALTER TABLE parvis.intent ADD CONSTRAINT intent_state_check CHECK (state IN
            ('created', 'pending', 'paid', 'cancelled', 'expired', 'to_refund', 'refunded', 'passed_on'));
        CREATE TABLE parvis.passed_on (
            id uuid PRIMARY KEY,
            intent uuid NOT NULL REFERENCES parvis.intent ON DELETE RESTRICT,
            reference varchar(200) NOT NULL CHECK (reference <> ''),
            at timestamptz NOT NULL,
            person uuid NOT NULL,
            recalled_at timestamptz,
            recalled_by uuid,
            CONSTRAINT passed_on_recalled_whole CHECK (num_nulls(recalled_at, recalled_by) IN (0, 2))
        );
        CREATE UNIQUE INDEX passed_on_once ON parvis.passed_on (intent) WHERE recalled_at IS NULL;
        CREATE INDEX passed_on_intent ON parvis.passed_on (intent);

        -- A statement's file between being looked at and being brought in.
        CREATE TABLE parvis.statement_draft (
            id uuid PRIMARY KEY,
            account varchar(50) NOT NULL REFERENCES parvis.provider_account ON DELETE RESTRICT,
            person uuid NOT NULL,
            at timestamptz NOT NULL
        );
        CREATE TABLE parvis.statement_draft_line (
            draft uuid NOT NULL REFERENCES parvis.statement_draft ON DELETE CASCADE,
            n integer NOT NULL,
            day date NOT NULL,
            kind varchar(8) NOT NULL CHECK (kind IN ('capture', 'refund', 'payout')),
            provider_ref varchar(200) NOT NULL,
            cents bigint NOT NULL CHECK (cents > 0),
            fees bigint NOT NULL DEFAULT 0 CHECK (fees >= 0),
            PRIMARY KEY (draft, n)
        );
        CREATE INDEX statement_draft_day ON parvis.statement_draft_line (draft, day);
        """,
    )
