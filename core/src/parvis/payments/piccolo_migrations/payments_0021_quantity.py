from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "payments_0021_quantity"
VERSION = "1.38.0"
DESCRIPTION = "How many of it a line is the price of"


async def forwards() -> MigrationManager:
    return statements(
        "payments",
        ID,
        """
        ALTER TABLE parvis.charge ADD COLUMN quantity integer NOT NULL DEFAULT 1,
            ADD CONSTRAINT charge_quantity CHECK (quantity >= 1 AND cents % quantity = 0);
        """,
    )
