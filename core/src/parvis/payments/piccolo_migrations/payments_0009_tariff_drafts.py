from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "payments_0009_tariff_drafts"
VERSION = "1.38.0"
DESCRIPTION = "Tariffs typed as drafts, charges that say which line of which grid gave them, what was asked for"


async def forwards() -> MigrationManager:
    return statements(
        "payments",
        ID,
        """
        ALTER TABLE parvis.tariff ADD COLUMN name varchar(120) NOT NULL DEFAULT '';
        CREATE TABLE parvis.tariff_draft (
            id uuid PRIMARY KEY,
            emitter uuid NOT NULL REFERENCES parvis.emitter ON DELETE RESTRICT,
            activity varchar(60) NOT NULL,
            typed jsonb NOT NULL,
            replaces date,
            version integer NOT NULL DEFAULT 1,
            person uuid,
            changed timestamptz NOT NULL,
            UNIQUE (emitter, activity)
        );
        ALTER TABLE parvis.charge
            ADD COLUMN tariff uuid REFERENCES parvis.tariff ON DELETE RESTRICT,
            ADD COLUMN grid date,
            ADD COLUMN priced_for date,
            ADD COLUMN line integer,
            ADD CONSTRAINT charge_priced CHECK (num_nulls(tariff, grid, priced_for, line) IN (0, 4));
        CREATE INDEX charge_tariff ON parvis.charge (tariff, grid, priced_for) WHERE tariff IS NOT NULL;
        -- What was asked of a tariff, apart from who asked: no charge, no basket, no instant.
        CREATE TABLE parvis.asked_price (
            id uuid PRIMARY KEY,
            tariff uuid NOT NULL REFERENCES parvis.tariff ON DELETE RESTRICT,
            month date NOT NULL,
            ask jsonb NOT NULL
        );
        CREATE INDEX asked_price_month ON parvis.asked_price (tariff, month);
        """,
    )
