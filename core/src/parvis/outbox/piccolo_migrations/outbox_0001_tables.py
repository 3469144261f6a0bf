from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "outbox_0001_tables"
VERSION = "1.38.0"
DESCRIPTION = "Events and their deliveries"


async def forwards() -> MigrationManager:
    return statements(
        "outbox",
        ID,
        """
        CREATE SCHEMA IF NOT EXISTS parvis;
        CREATE TABLE parvis.event (
            id uuid PRIMARY KEY,
            type varchar(80) NOT NULL,
            emitter uuid,
            payload jsonb NOT NULL,
            recorded timestamptz NOT NULL,
            correlation varchar(64) NOT NULL DEFAULT ''
        );
        CREATE INDEX event_recorded ON parvis.event (recorded);
        CREATE TABLE parvis.delivery (
            id uuid PRIMARY KEY,
            event uuid NOT NULL REFERENCES parvis.event ON DELETE CASCADE,
            reaction varchar(120) NOT NULL,
            state varchar(4) NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'done', 'dead')),
            attempts smallint NOT NULL DEFAULT 0 CHECK (attempts >= 0),
            due timestamptz NOT NULL,
            lease uuid,
            worker uuid,
            started timestamptz,
            finished timestamptz,
            error text NOT NULL DEFAULT '',
            UNIQUE (event, reaction)
        );
        CREATE INDEX delivery_due ON parvis.delivery (due) WHERE state = 'due';
        CREATE INDEX delivery_dead ON parvis.delivery (finished) WHERE state = 'dead';
        """,
    )
