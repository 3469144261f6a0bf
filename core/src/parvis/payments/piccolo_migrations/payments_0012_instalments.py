from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "payments_0012_instalments"
VERSION = "1.38.0"
DESCRIPTION = "A bill in dated parts, by the till's rule"


async def forwards() -> MigrationManager:
    return statements(
        "payments",
        ID,
        """
        ALTER TABLE parvis.till
            ADD COLUMN parts_most smallint NOT NULL DEFAULT 1 CHECK (parts_most BETWEEN 1 AND 12),
            ADD COLUMN parts_least bigint NOT NULL DEFAULT 1 CHECK (parts_least > 0);
        ALTER TABLE parvis.intent ADD COLUMN part smallint NOT NULL DEFAULT 1 CHECK (part BETWEEN 1 AND 12);
        ALTER TABLE parvis.intent DROP CONSTRAINT intent_basket_till_version_key;
        ALTER TABLE parvis.intent ADD CONSTRAINT intent_part UNIQUE (basket, till, version, part);
        ALTER TABLE parvis.invoice ADD COLUMN parts jsonb NOT NULL DEFAULT '[]';
        """,
    )
