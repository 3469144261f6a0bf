from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "payments_0003_intents"
VERSION = "1.38.0"
DESCRIPTION = "Baskets, intents, attempts, captures and refunds"


async def forwards() -> MigrationManager:
    return statements(
        "payments",
        ID,
        """
        CREATE TABLE parvis.provider_account (
            key varchar(50) PRIMARY KEY CHECK (key ~ '^[a-z0-9._-]{1,50}$'),
            till uuid NOT NULL REFERENCES parvis.till ON DELETE RESTRICT,
            provider varchar(40) NOT NULL,
            gives_back varchar(8) NOT NULL CHECK (gives_back IN ('provider', 'advances', 'mandate', 'credit', 'cash'))
        );
        CREATE TABLE parvis.basket (
            id uuid PRIMARY KEY,
            purpose varchar(40) NOT NULL,
            subject uuid,
            person uuid,
            version integer NOT NULL DEFAULT 1,
            created timestamptz NOT NULL
        );
        CREATE INDEX basket_person ON parvis.basket (person);
        CREATE TABLE parvis.intent (
            id uuid PRIMARY KEY,
            basket uuid NOT NULL REFERENCES parvis.basket ON DELETE RESTRICT,
            till uuid NOT NULL REFERENCES parvis.till ON DELETE RESTRICT,
            version integer NOT NULL,
            cents bigint NOT NULL CHECK (cents >= 0),
            state varchar(10) NOT NULL CHECK (state IN
                ('created', 'pending', 'paid', 'cancelled', 'expired', 'to_refund', 'refunded')),
            expires_at timestamptz NOT NULL,
            created timestamptz NOT NULL,
            UNIQUE (basket, till, version)
        );
        CREATE INDEX intent_open ON parvis.intent (expires_at) WHERE state IN ('created', 'pending');
        CREATE TABLE parvis.charge (
            id uuid PRIMARY KEY,
            intent uuid NOT NULL REFERENCES parvis.intent ON DELETE RESTRICT,
            label varchar(200) NOT NULL,
            revenue varchar(50) NOT NULL CHECK (revenue ~ '^[a-z0-9._-]{1,50}$'),
            cents bigint NOT NULL CHECK (cents >= 0),
            vat_bp smallint NOT NULL CHECK (vat_bp BETWEEN 0 AND 10000),
            steps jsonb NOT NULL DEFAULT '[]'
        );
        CREATE INDEX charge_intent ON parvis.charge (intent);
        CREATE TABLE parvis.payment_attempt (
            id uuid PRIMARY KEY,
            intent uuid NOT NULL REFERENCES parvis.intent ON DELETE RESTRICT,
            account varchar(50) NOT NULL REFERENCES parvis.provider_account ON DELETE RESTRICT,
            provider_ref varchar(200),
            url text NOT NULL DEFAULT '',
            state varchar(8) NOT NULL CHECK (state IN ('creating', 'live', 'lost', 'dead', 'paid')),
            last_result varchar(10) NOT NULL DEFAULT '',
            created timestamptz NOT NULL,
            resume_until timestamptz NOT NULL,
            live_until timestamptz NOT NULL,
            UNIQUE (account, provider_ref)
        );
        -- One payment at a time: two pages open at once could both be paid.
        CREATE UNIQUE INDEX payment_attempt_one_live ON parvis.payment_attempt (intent) WHERE state IN ('creating', 'live');
        CREATE INDEX payment_attempt_intent ON parvis.payment_attempt (intent);
        CREATE TABLE parvis.capture (
            id uuid PRIMARY KEY,
            account varchar(50) NOT NULL REFERENCES parvis.provider_account ON DELETE RESTRICT,
            provider_ref varchar(200) NOT NULL,
            till uuid NOT NULL REFERENCES parvis.till ON DELETE RESTRICT,
            intent uuid REFERENCES parvis.intent ON DELETE RESTRICT,
            cents bigint NOT NULL CHECK (cents > 0),
            taken_as varchar(8) NOT NULL CHECK (taken_as IN ('paid', 'vain', 'extra', 'unknown')),
            at timestamptz NOT NULL,
            day date NOT NULL,
            UNIQUE (account, provider_ref)
        );
        CREATE INDEX capture_intent ON parvis.capture (intent);
        CREATE INDEX capture_day ON parvis.capture (account, day);
        CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON parvis.capture
            FOR EACH STATEMENT EXECUTE FUNCTION parvis.refuse_rewriting();
        CREATE TABLE parvis.refund (
            id uuid PRIMARY KEY,
            capture uuid NOT NULL REFERENCES parvis.capture ON DELETE RESTRICT,
            till uuid NOT NULL REFERENCES parvis.till ON DELETE RESTRICT,
            cents bigint NOT NULL CHECK (cents > 0),
            state varchar(10) NOT NULL CHECK (state IN
                ('requested', 'approved', 'rejected', 'sent', 'cancelled', 'done', 'failed', 'unknown')),
            method varchar(8) NOT NULL CHECK (method IN ('provider', 'advances', 'mandate', 'credit', 'cash')),
            reason varchar(200) NOT NULL,
            requested_by uuid,
            requested_at timestamptz NOT NULL,
            decided_by uuid,
            decided_at timestamptz,
            changed timestamptz NOT NULL,
            done_day date,
            CONSTRAINT refund_second_person CHECK (decided_by <> requested_by)
        );
        CREATE INDEX refund_capture ON parvis.refund (capture);
        CREATE INDEX refund_open ON parvis.refund (state) WHERE state IN ('approved', 'sent', 'unknown', 'failed');
        CREATE INDEX refund_done ON parvis.refund (done_day) WHERE state = 'done';

        COMMENT ON TABLE parvis.capture IS 'append-only: the serving role may read and add';
        COMMENT ON TABLE parvis.charge IS 'append-only: the serving role may read and add';
        """,
    )
