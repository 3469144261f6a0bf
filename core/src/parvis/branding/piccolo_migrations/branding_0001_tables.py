from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "branding_0001_tables"
VERSION = "1.38.0"
DESCRIPTION = "The look of each emitter, in versions"


async def forwards() -> MigrationManager:
    return statements(
        "branding",
        ID,
        """
        CREATE TABLE parvis.branding (
            id uuid PRIMARY KEY,
            emitter uuid NOT NULL REFERENCES parvis.emitter ON DELETE CASCADE,
            version integer NOT NULL CHECK (version > 0),
            display_name varchar(200) NOT NULL,
            colour varchar(7) NOT NULL CHECK (colour ~ '^#[0-9a-f]{6}$'),
            stylesheet text NOT NULL,
            stylesheet_hash varchar(16) NOT NULL,
            logo text NOT NULL CHECK (octet_length(logo) <= 65536),
            logo_hash varchar(16) NOT NULL,
            made_at timestamptz NOT NULL,
            UNIQUE (emitter, version)
        );
        """,
    )
