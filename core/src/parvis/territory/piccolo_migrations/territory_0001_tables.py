from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "territory_0001_tables"
VERSION = "1.38.0"
DESCRIPTION = "Emitters, places, publications, enabled plugins"


async def forwards() -> MigrationManager:
    return statements(
        "territory",
        ID,
        """
        CREATE SCHEMA IF NOT EXISTS parvis;
        CREATE TABLE parvis.emitter (
            id uuid PRIMARY KEY,
            slug varchar(60) NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
            name varchar(200) NOT NULL,
            folded varchar(200) NOT NULL,
            kind varchar(20) NOT NULL CHECK (kind IN ('agglomeration', 'municipality', 'contract-holder')),
            insee varchar(5) UNIQUE,
            postcodes varchar(60) NOT NULL DEFAULT '',
            population integer NOT NULL DEFAULT 0,
            latitude double precision NOT NULL,
            longitude double precision NOT NULL,
            phone varchar(30) NOT NULL DEFAULT '',
            phone_hours text NOT NULL DEFAULT ''
        );
        CREATE TABLE parvis.place (
            id uuid PRIMARY KEY,
            slug varchar(80) NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'),
            emitter uuid NOT NULL REFERENCES parvis.emitter ON DELETE RESTRICT,
            operator uuid NOT NULL REFERENCES parvis.emitter ON DELETE RESTRICT,
            name varchar(200) NOT NULL,
            address varchar(200) NOT NULL,
            postcode varchar(5) NOT NULL,
            city varchar(100) NOT NULL,
            latitude double precision NOT NULL,
            longitude double precision NOT NULL,
            accessible boolean NOT NULL DEFAULT false,
            phone varchar(30) NOT NULL DEFAULT '',
            phone_hours text NOT NULL DEFAULT '',
            active boolean NOT NULL DEFAULT true
        );
        CREATE INDEX place_emitter ON parvis.place (emitter);
        CREATE INDEX place_operator ON parvis.place (operator);
        CREATE TABLE parvis.publication (
            id uuid PRIMARY KEY,
            emitter uuid NOT NULL REFERENCES parvis.emitter ON DELETE CASCADE,
            service varchar(40) NOT NULL,
            state varchar(10) NOT NULL DEFAULT 'draft'
                CHECK (state IN ('draft', 'review', 'published', 'suspended')),
            UNIQUE (emitter, service)
        );
        CREATE TABLE parvis.enabled_plugin (
            id uuid PRIMARY KEY,
            emitter uuid NOT NULL REFERENCES parvis.emitter ON DELETE CASCADE,
            plugin varchar(40) NOT NULL,
            settings jsonb NOT NULL DEFAULT '{}',
            settings_version integer NOT NULL DEFAULT 1,
            enabled_at timestamptz NOT NULL,
            UNIQUE (emitter, plugin)
        );
        """,
    )
