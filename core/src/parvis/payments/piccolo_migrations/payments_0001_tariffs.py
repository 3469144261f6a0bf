from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "payments_0001_tariffs"
VERSION = "1.38.0"
DESCRIPTION = "Tariffs and their changes"


async def forwards() -> MigrationManager:
    return statements(
        "payments",
        ID,
        """
        CREATE TABLE parvis.tariff (
            id uuid PRIMARY KEY,
            emitter uuid NOT NULL REFERENCES parvis.emitter ON DELETE RESTRICT,
            activity varchar(60) NOT NULL,
            version integer NOT NULL DEFAULT 1,
            grids jsonb NOT NULL,
            UNIQUE (emitter, activity)
        );
        CREATE TABLE parvis.tariff_change (
            id uuid PRIMARY KEY,
            tariff uuid NOT NULL REFERENCES parvis.tariff ON DELETE RESTRICT,
            version integer NOT NULL,
            at timestamptz NOT NULL,
            person uuid,
            before jsonb NOT NULL,
            after jsonb NOT NULL,
            UNIQUE (tariff, version)
        );
        COMMENT ON TABLE parvis.tariff_change IS 'append-only: the serving role may read and add';
        """,
    )
