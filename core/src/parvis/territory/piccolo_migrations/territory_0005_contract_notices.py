from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "territory_0005_contract_notices"
VERSION = "1.38.0"
DESCRIPTION = "What the sides of a contract were told of its end"


async def forwards() -> MigrationManager:
    return statements(
        "territory",
        ID,
        """
        CREATE TABLE parvis.contract_notice (
            id uuid PRIMARY KEY,
            contract uuid NOT NULL REFERENCES parvis.contract ON DELETE RESTRICT,
            emitter uuid NOT NULL REFERENCES parvis.emitter ON DELETE RESTRICT,
            notice varchar(4) NOT NULL CHECK (notice IN ('soon', 'over')),
            last_day date NOT NULL,
            told_at timestamptz NOT NULL,
            UNIQUE (contract, emitter, notice, last_day)
        );
        CREATE INDEX contract_last_day ON parvis.contract (last_day);
        COMMENT ON TABLE parvis.contract_notice IS 'append-only: the serving role may read and add';
        """,
    )
