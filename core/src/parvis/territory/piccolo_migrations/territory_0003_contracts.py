from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "territory_0003_contracts"
VERSION = "1.38.0"
DESCRIPTION = "Contracts, what their holders propose and publish under them, and what was said about it"


async def forwards() -> MigrationManager:
    return statements(
        "territory",
        ID,
        """
        CREATE TABLE parvis.contract (
            id uuid PRIMARY KEY,
            authority uuid NOT NULL REFERENCES parvis.emitter ON DELETE RESTRICT,
            holder uuid NOT NULL REFERENCES parvis.emitter ON DELETE RESTRICT,
            title varchar(200) NOT NULL,
            services varchar(40)[] NOT NULL CHECK (cardinality(services) > 0),
            places uuid[] NOT NULL CHECK (cardinality(places) > 0),
            first_day date NOT NULL,
            last_day date NOT NULL CHECK (last_day >= first_day),
            CHECK (authority <> holder)
        );
        CREATE INDEX contract_authority ON parvis.contract (authority);
        CREATE INDEX contract_holder ON parvis.contract (holder);
        ALTER TABLE parvis.publication
            ADD COLUMN contract uuid REFERENCES parvis.contract ON DELETE RESTRICT,
            ADD COLUMN places uuid[] NOT NULL DEFAULT '{}',
            ADD COLUMN about jsonb NOT NULL DEFAULT '{}',
            ADD COLUMN first_day date,
            ADD COLUMN last_day date,
            ADD COLUMN suspended_by uuid,
            ADD CHECK (contract IS NULL OR (first_day IS NOT NULL AND last_day IS NOT NULL)),
            DROP CONSTRAINT publication_emitter_service_key,
            ADD CONSTRAINT publication_once UNIQUE NULLS NOT DISTINCT (emitter, service, contract);
        CREATE TABLE parvis.proposal (
            id uuid PRIMARY KEY,
            contract uuid NOT NULL REFERENCES parvis.contract ON DELETE RESTRICT,
            service varchar(40) NOT NULL,
            state varchar(6) NOT NULL CHECK (state IN ('draft', 'review')),
            version integer NOT NULL,
            places uuid[] NOT NULL CHECK (cardinality(places) > 0),
            about jsonb NOT NULL,
            first_day date NOT NULL,
            last_day date NOT NULL CHECK (last_day >= first_day),
            UNIQUE (contract, service)
        );
        CREATE TABLE parvis.publication_act (
            id uuid PRIMARY KEY,
            contract uuid NOT NULL REFERENCES parvis.contract ON DELETE RESTRICT,
            service varchar(40) NOT NULL,
            at timestamptz NOT NULL,
            person uuid,
            emitter uuid NOT NULL REFERENCES parvis.emitter ON DELETE RESTRICT,
            act varchar(20) NOT NULL,
            comment text NOT NULL
        );
        CREATE INDEX publication_act_of ON parvis.publication_act (contract, service, id);
        COMMENT ON TABLE parvis.publication_act IS 'append-only: the serving role may read and add';
        """,
    )
