from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "payments_0020_terms"
VERSION = "1.38.0"
DESCRIPTION = "How much is given back until when: dated terms of a till, kept with each charge, and what was cancelled"


async def forwards() -> MigrationManager:
    return statements(
        "payments",
        ID,
        """
        -- From a day on, how much is given back; without `terms` people decide. Of several of a day the last holds, and
        -- one that is `withdrawn` says that the terms before it hold on. Never rewritten: charges stand on them.
        CREATE TABLE parvis.refund_terms (
            id uuid PRIMARY KEY,
            till uuid NOT NULL REFERENCES parvis.till ON DELETE RESTRICT,
            since date NOT NULL,
            terms jsonb,
            withdrawn boolean NOT NULL DEFAULT false,
            at timestamptz NOT NULL,
            person uuid,
            CONSTRAINT refund_terms_withdrawn_bare CHECK (NOT withdrawn OR terms IS NULL)
        );
        CREATE INDEX refund_terms_till ON parvis.refund_terms (till, since);
        CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON parvis.refund_terms
            FOR EACH STATEMENT EXECUTE FUNCTION parvis.refuse_rewriting();
        COMMENT ON TABLE parvis.refund_terms IS 'append-only: the serving role may read and add';

        -- The terms that were in force when it was ordered; of which line of the whole it is a piece, if that is in parts.
        ALTER TABLE parvis.charge
            ADD COLUMN terms uuid REFERENCES parvis.refund_terms ON DELETE RESTRICT,
            ADD COLUMN piece_of smallint CHECK (piece_of > 0);

        CREATE TABLE parvis.cancelled_line (
            id uuid PRIMARY KEY,
            by_body boolean NOT NULL,
            begins timestamptz NOT NULL,
            at timestamptz NOT NULL,
            person uuid,
            terms uuid REFERENCES parvis.refund_terms ON DELETE RESTRICT,
            price bigint NOT NULL CHECK (price >= 0),
            due bigint NOT NULL,
            CONSTRAINT cancelled_line_due CHECK (due BETWEEN 0 AND price)
        );
        CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON parvis.cancelled_line
            FOR EACH STATEMENT EXECUTE FUNCTION parvis.refuse_rewriting();
        COMMENT ON TABLE parvis.cancelled_line IS 'append-only: the serving role may read and add';

        -- What is cancelled once is not cancelled again.
        CREATE TABLE parvis.cancelled_charge (
            charge uuid PRIMARY KEY REFERENCES parvis.charge ON DELETE RESTRICT,
            cancellation uuid NOT NULL REFERENCES parvis.cancelled_line ON DELETE RESTRICT,
            cents bigint NOT NULL CHECK (cents >= 0),
            credit bigint NOT NULL CHECK (credit >= 0)
        );
        CREATE INDEX cancelled_charge_cancellation ON parvis.cancelled_charge (cancellation);
        CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON parvis.cancelled_charge
            FOR EACH STATEMENT EXECUTE FUNCTION parvis.refuse_rewriting();
        COMMENT ON TABLE parvis.cancelled_charge IS 'append-only: the serving role may read and add';

        -- A refund that the terms of a till give.
        ALTER TABLE parvis.refund ADD COLUMN cancellation uuid REFERENCES parvis.cancelled_line ON DELETE RESTRICT;
        CREATE INDEX refund_cancellation ON parvis.refund (cancellation) WHERE cancellation IS NOT NULL;
        """,
    )
