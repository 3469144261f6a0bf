from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "territory_0002_settings_changes"
VERSION = "1.38.0"
DESCRIPTION = "Changes of an emitter's settings of a plugin: who, when, before and after"


async def forwards() -> MigrationManager:
    return statements(
        "territory",
        ID,
        """
        CREATE TABLE parvis.settings_change (
            id uuid PRIMARY KEY,
            emitter uuid NOT NULL REFERENCES parvis.emitter ON DELETE CASCADE,
            plugin varchar(40) NOT NULL,
            version integer NOT NULL CHECK (version > 0),
            at timestamptz NOT NULL,
            person uuid,
            undoes integer CHECK (undoes < version),
            before jsonb NOT NULL,
            before_version integer NOT NULL,
            after jsonb NOT NULL,
            after_version integer NOT NULL,
            UNIQUE (emitter, plugin, version)
        );
        COMMENT ON TABLE parvis.settings_change IS 'append-only: the serving role may read and add';
        """,
    )
