from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "payments_0008_counter"
VERSION = "1.38.0"
DESCRIPTION = "Tills' acts, sessions at their counters, and what is taken there"


async def forwards() -> MigrationManager:
    return statements(
        "payments",
        ID,
        """
        CREATE TABLE parvis.till_act (
            till uuid PRIMARY KEY REFERENCES parvis.till ON DELETE RESTRICT,
            reference varchar(200) NOT NULL,
            ways varchar(10)[] NOT NULL CHECK (ways <@ ARRAY['cash', 'cheque', 'cesu', 'holiday']::varchar[]),
            products varchar(50)[] NOT NULL,
            childcare varchar(50)[] NOT NULL CHECK (childcare <@ products),
            changed timestamptz NOT NULL,
            changed_by uuid
        );
        CREATE TABLE parvis.till_session (
            id uuid PRIMARY KEY,
            till uuid NOT NULL REFERENCES parvis.till ON DELETE RESTRICT,
            number integer NOT NULL CHECK (number > 0),
            person uuid NOT NULL,
            opened_at timestamptz NOT NULL,
            float_cents bigint NOT NULL CHECK (float_cents >= 0),
            closed_at timestamptz,
            closed_by uuid,
            pieces jsonb,
            counted_cents bigint CHECK (counted_cents >= 0),
            expected_cents bigint,
            explanation varchar(500) NOT NULL DEFAULT '',
            UNIQUE (till, number),
            CONSTRAINT till_session_closed_whole
                CHECK (num_nulls(closed_at, closed_by, pieces, counted_cents, expected_cents) IN (0, 5)),
            CONSTRAINT till_session_difference_explained
                CHECK (closed_at IS NULL OR counted_cents = expected_cents OR explanation <> '')
        );
        -- One drawer for each person at a till: nobody answers for two at once.
        CREATE UNIQUE INDEX till_session_one_open ON parvis.till_session (till, person) WHERE closed_at IS NULL;
        CREATE TABLE parvis.till_taking (
            id uuid PRIMARY KEY,
            session uuid NOT NULL REFERENCES parvis.till_session ON DELETE RESTRICT,
            number integer NOT NULL CHECK (number > 0),
            intent uuid NOT NULL REFERENCES parvis.intent ON DELETE RESTRICT,
            capture uuid NOT NULL UNIQUE REFERENCES parvis.capture ON DELETE RESTRICT,
            cents bigint NOT NULL CHECK (cents > 0),
            change bigint NOT NULL CHECK (change >= 0),
            at timestamptz NOT NULL,
            UNIQUE (session, number)
        );
        CREATE INDEX till_taking_intent ON parvis.till_taking (intent);
        CREATE TABLE parvis.till_taking_part (
            taking uuid NOT NULL REFERENCES parvis.till_taking ON DELETE RESTRICT,
            way varchar(10) NOT NULL CHECK (way IN ('cash', 'cheque', 'cesu', 'holiday')),
            cents bigint NOT NULL CHECK (cents > 0),
            PRIMARY KEY (taking, way)
        );
        CREATE TABLE parvis.till_taking_back (
            taking uuid PRIMARY KEY REFERENCES parvis.till_taking ON DELETE RESTRICT,
            refund uuid NOT NULL UNIQUE REFERENCES parvis.refund ON DELETE RESTRICT,
            at timestamptz NOT NULL,
            person uuid NOT NULL,
            reason varchar(200) NOT NULL CHECK (reason <> '')
        );

        -- A taking that is reversed counts as given back wherever refunds are counted.
        ALTER TABLE parvis.refund DROP CONSTRAINT refund_method_check;
        ALTER TABLE parvis.refund ADD CONSTRAINT refund_method_check
            CHECK (method IN ('provider', 'advances', 'mandate', 'credit', 'cash', 'counter'));

        -- What was counted and taken is never rewritten; a session is written once more, when it is closed.
        CREATE TRIGGER closed BEFORE UPDATE ON parvis.till_session
            FOR EACH ROW WHEN (OLD.closed_at IS NOT NULL) EXECUTE FUNCTION parvis.refuse_rewriting();
        CREATE TRIGGER immutable BEFORE DELETE OR TRUNCATE ON parvis.till_session
            FOR EACH STATEMENT EXECUTE FUNCTION parvis.refuse_rewriting();
        CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON parvis.till_taking
            FOR EACH STATEMENT EXECUTE FUNCTION parvis.refuse_rewriting();
        CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON parvis.till_taking_part
            FOR EACH STATEMENT EXECUTE FUNCTION parvis.refuse_rewriting();
        CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON parvis.till_taking_back
            FOR EACH STATEMENT EXECUTE FUNCTION parvis.refuse_rewriting();

        COMMENT ON TABLE parvis.till_taking IS 'append-only: the serving role may read and add';
        COMMENT ON TABLE parvis.till_taking_part IS 'append-only: the serving role may read and add';
        COMMENT ON TABLE parvis.till_taking_back IS 'append-only: the serving role may read and add';
        """,
    )
