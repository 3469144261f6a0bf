from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "payments_0017_bills"
VERSION = "1.38.0"
DESCRIPTION = "Credits that are used on the next bill, credit notes of refunds, reminders, sellers and buyers"


async def forwards() -> MigrationManager:
    return statements(
        "payments",
        ID,
        """
        -- What a payer has in credit at a till: where it comes from (a capture or a refund), and of which money it is.
        -- It is never rewritten, and locked by whoever uses it: so the serving role keeps the right to lock it.
        CREATE TABLE parvis.credit (
            id uuid PRIMARY KEY,
            till uuid NOT NULL REFERENCES parvis.till ON DELETE RESTRICT,
            basket uuid NOT NULL REFERENCES parvis.basket ON DELETE RESTRICT,
            capture uuid NOT NULL REFERENCES parvis.capture ON DELETE RESTRICT,
            source uuid NOT NULL UNIQUE,
            cents bigint NOT NULL CHECK (cents > 0),
            at timestamptz NOT NULL
        );
        CREATE INDEX credit_basket ON parvis.credit (basket);
        CREATE INDEX credit_till ON parvis.credit (till);
        CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON parvis.credit
            FOR EACH STATEMENT EXECUTE FUNCTION parvis.refuse_rewriting();

        -- A line of less than nothing uses a credit, and nothing else is less than nothing.
        ALTER TABLE parvis.charge ADD COLUMN credit uuid REFERENCES parvis.credit ON DELETE RESTRICT;
        ALTER TABLE parvis.charge DROP CONSTRAINT charge_cents_check;
        ALTER TABLE parvis.charge ADD CONSTRAINT charge_cents CHECK ((credit IS NULL) = (cents >= 0));
        CREATE INDEX charge_credit ON parvis.charge (credit) WHERE credit IS NOT NULL;
        -- A credit that is paid out leaves as a refund of the money that it is of.
        ALTER TABLE parvis.refund ADD COLUMN credit uuid REFERENCES parvis.credit ON DELETE RESTRICT;
        CREATE INDEX refund_credit ON parvis.refund (credit) WHERE credit IS NOT NULL;
        ALTER TABLE parvis.invoice ADD COLUMN credits jsonb NOT NULL DEFAULT '[]';

        -- A credit note is for what was taken back before it was paid, or for a refund; each once. `taxes`: the VAT of its
        -- own, by rate, which is not always that of its lines alone.
        ALTER TABLE parvis.invoice
            ADD COLUMN refund uuid REFERENCES parvis.refund ON DELETE RESTRICT,
            ADD COLUMN taxes jsonb NOT NULL DEFAULT '[]',
            ADD CONSTRAINT invoice_refund_is_credited CHECK (refund IS NULL OR sort = 'credit');
        DROP INDEX parvis.invoice_taken_back;
        CREATE UNIQUE INDEX invoice_taken_back ON parvis.invoice (intent) WHERE sort = 'credit' AND refund IS NULL;
        CREATE UNIQUE INDEX invoice_given_back ON parvis.invoice (refund) WHERE refund IS NOT NULL;

        -- How many days before and after its day what is not paid is reminded of; 0: not.
        ALTER TABLE parvis.till
            ADD COLUMN remind_before smallint NOT NULL DEFAULT 7 CHECK (remind_before BETWEEN 0 AND 90),
            ADD COLUMN remind_after smallint NOT NULL DEFAULT 7 CHECK (remind_after BETWEEN 0 AND 90),
            ADD COLUMN remind_again smallint NOT NULL DEFAULT 21 CHECK (remind_again BETWEEN 0 AND 90);

        -- Who sells, as the law wants it on invoices; on which day or in which time, and to whom, where that is said.
        ALTER TABLE parvis.till
            ADD COLUMN address varchar(300) NOT NULL DEFAULT '',
            ADD COLUMN siret varchar(14) NOT NULL DEFAULT '' CHECK (siret ~ '^([0-9]{14})?$'),
            ADD COLUMN vat_number varchar(14) NOT NULL DEFAULT '' CHECK (vat_number ~ '^([A-Z]{2}[0-9A-Z]{2,12})?$'),
            ADD COLUMN vat_exempt boolean NOT NULL DEFAULT false,
            ADD CONSTRAINT till_vat_once CHECK (NOT (vat_exempt AND vat_number <> ''));
        ALTER TABLE parvis.invoice ALTER COLUMN mentions TYPE varchar(1000),
            ADD COLUMN served varchar(100) NOT NULL DEFAULT '';
        ALTER TABLE parvis.basket ADD COLUMN buyer bytea;
        """,
    )
