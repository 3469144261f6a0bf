from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "payments_0007_debits"
VERSION = "1.38.0"
DESCRIPTION = "SEPA direct debits: mandates, batches, debits, money that was taken back"


async def forwards() -> MigrationManager:
    return statements(
        "payments",
        ID,
        """
        CREATE TABLE parvis.sepa_counter (
            till uuid PRIMARY KEY REFERENCES parvis.till ON DELETE RESTRICT,
            mandates integer NOT NULL DEFAULT 0,
            batches integer NOT NULL DEFAULT 0
        );
        CREATE TABLE parvis.sepa_mandate (
            id uuid PRIMARY KEY,
            till uuid NOT NULL REFERENCES parvis.till ON DELETE RESTRICT,
            number integer NOT NULL,
            reference varchar(35) NOT NULL UNIQUE,
            person uuid,
            contact_digest bytea,
            name bytea NOT NULL,
            iban bytea NOT NULL,
            last varchar(4) NOT NULL,
            signed_on date NOT NULL,
            given_at timestamptz NOT NULL,
            given_by uuid,
            revoked_at timestamptz,
            revoked_why varchar(4) NOT NULL DEFAULT '',
            -- Of a forgotten one nobody is left, nor an account.
            CHECK (person IS NOT NULL OR contact_digest IS NOT NULL OR last = ''),
            UNIQUE (till, number)
        );
        CREATE UNIQUE INDEX sepa_mandate_person ON parvis.sepa_mandate (till, person) WHERE revoked_at IS NULL;
        CREATE UNIQUE INDEX sepa_mandate_contact ON parvis.sepa_mandate (till, contact_digest) WHERE revoked_at IS NULL;
        CREATE TABLE parvis.debit_batch (
            id uuid PRIMARY KEY,
            account varchar(50) NOT NULL REFERENCES parvis.provider_account ON DELETE RESTRICT,
            till uuid NOT NULL REFERENCES parvis.till ON DELETE RESTRICT,
            number integer NOT NULL,
            reference varchar(35) NOT NULL UNIQUE,
            day date NOT NULL,
            state varchar(9) NOT NULL CHECK (state IN ('made', 'sent', 'collected', 'dropped')),
            creditor bytea NOT NULL,
            made_at timestamptz NOT NULL,
            made_by uuid NOT NULL,
            UNIQUE (till, number)
        );
        CREATE TABLE parvis.debit (
            id uuid PRIMARY KEY,
            batch uuid NOT NULL REFERENCES parvis.debit_batch ON DELETE RESTRICT,
            mandate uuid NOT NULL REFERENCES parvis.sepa_mandate ON DELETE RESTRICT,
            intent uuid NOT NULL REFERENCES parvis.intent ON DELETE RESTRICT,
            reference varchar(35) NOT NULL UNIQUE,
            cents bigint NOT NULL CHECK (cents > 0),
            sequence varchar(4) NOT NULL CHECK (sequence IN ('FRST', 'RCUR')),
            label varchar(140) NOT NULL,
            state varchar(9) NOT NULL CHECK (state IN ('listed', 'collected', 'rejected', 'returned', 'dropped')),
            reason varchar(4) NOT NULL DEFAULT '',
            changed timestamptz NOT NULL,
            UNIQUE (batch, intent)
        );
        CREATE INDEX debit_mandate ON parvis.debit (mandate);
        CREATE INDEX debit_intent ON parvis.debit (intent);
        CREATE TABLE parvis.capture_return (
            capture uuid PRIMARY KEY REFERENCES parvis.capture ON DELETE RESTRICT,
            at timestamptz NOT NULL
        );
        COMMENT ON TABLE parvis.capture_return IS 'append-only: the serving role may read and add';
        """,
    )
