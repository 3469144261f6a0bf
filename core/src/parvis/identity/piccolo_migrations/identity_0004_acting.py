from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "identity_0004_acting"
VERSION = "1.38.0"
DESCRIPTION = "Family of an account, mandates of proxies"


async def forwards() -> MigrationManager:
    return statements(
        "identity",
        ID,
        """
        CREATE TABLE parvis.relative (
            id uuid PRIMARY KEY,
            person uuid NOT NULL REFERENCES parvis.person ON DELETE CASCADE,
            details bytea NOT NULL,
            kept_by uuid NOT NULL,
            kept_at timestamptz NOT NULL
        );
        CREATE INDEX relative_person ON parvis.relative (person);
        CREATE TABLE parvis.mandate (
            id uuid PRIMARY KEY,
            resident uuid REFERENCES parvis.person ON DELETE CASCADE,
            proxy uuid REFERENCES parvis.person ON DELETE CASCADE,
            bond varchar(12) NOT NULL CHECK (bond IN ('guardian', 'social', 'adviser', 'relative')),
            services varchar(40)[] NOT NULL CHECK (cardinality(services) > 0),
            ends_at timestamptz NOT NULL,
            address bytea,
            language varchar(2) NOT NULL,
            serial integer NOT NULL DEFAULT 1,
            begun_by uuid NOT NULL,
            begun_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            message uuid,
            accepted_by uuid,
            accepted_at timestamptz,
            ended_by uuid,
            ended_at timestamptz,
            CHECK (resident IS NOT NULL OR proxy IS NOT NULL),
            CHECK (resident <> proxy),
            CHECK ((accepted_at IS NULL) = (resident IS NULL OR proxy IS NULL)),
            CHECK (address IS NULL OR (accepted_at IS NULL AND ended_at IS NULL))
        );
        CREATE INDEX mandate_resident ON parvis.mandate (resident) WHERE resident IS NOT NULL;
        CREATE INDEX mandate_proxy ON parvis.mandate (proxy) WHERE proxy IS NOT NULL;
        -- No foreign key: whoever acted for somebody never finds themselves acting for themselves unawares.
        ALTER TABLE parvis.session ADD COLUMN acting uuid;
        """,
    )
