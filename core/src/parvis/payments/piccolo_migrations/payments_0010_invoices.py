from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "payments_0010_invoices"
VERSION = "1.38.0"
DESCRIPTION = "Invoices and credit notes, numbered without a gap"


async def forwards() -> MigrationManager:
    return statements(
        "payments",
        ID,
        """
        CREATE TABLE parvis.invoice_counter (
            till uuid NOT NULL REFERENCES parvis.till ON DELETE RESTRICT,
            sort varchar(7) NOT NULL CHECK (sort IN ('invoice', 'credit')),
            year smallint NOT NULL,
            last integer NOT NULL CHECK (last > 0),
            PRIMARY KEY (till, sort, year)
        );
        CREATE TABLE parvis.invoice (
            id uuid PRIMARY KEY,
            till uuid NOT NULL REFERENCES parvis.till ON DELETE RESTRICT,
            sort varchar(7) NOT NULL CHECK (sort IN ('invoice', 'credit')),
            year smallint NOT NULL,
            number integer NOT NULL CHECK (number > 0),
            basket uuid NOT NULL REFERENCES parvis.basket ON DELETE RESTRICT,
            intent uuid REFERENCES parvis.intent ON DELETE RESTRICT,
            corrects uuid REFERENCES parvis.invoice ON DELETE RESTRICT,
            at timestamptz NOT NULL,
            last_day date NOT NULL,
            seller varchar(300) NOT NULL,
            mentions varchar(500) NOT NULL,
            lines jsonb NOT NULL,
            cents bigint NOT NULL CHECK (cents > 0),
            UNIQUE (till, sort, year, number),
            CONSTRAINT invoice_credit_names_both
                CHECK (num_nulls(intent, corrects) = CASE sort WHEN 'credit' THEN 0 ELSE 2 END)
        );
        -- A bill is an invoice once, and what was taken back of it a credit note once.
        CREATE UNIQUE INDEX invoice_of_bill ON parvis.invoice (basket, till) WHERE sort = 'invoice';
        CREATE UNIQUE INDEX invoice_taken_back ON parvis.invoice (intent) WHERE sort = 'credit';
        CREATE TRIGGER immutable BEFORE UPDATE OR DELETE OR TRUNCATE ON parvis.invoice
            FOR EACH STATEMENT EXECUTE FUNCTION parvis.refuse_rewriting();
        COMMENT ON TABLE parvis.invoice IS 'append-only: the serving role may read and add';
        """,
    )
