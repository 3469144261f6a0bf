from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "branding_0002_pictures"
VERSION = "1.38.0"
DESCRIPTION = "Pictures by their hash; what else an emitter chooses of its look, and who chose it"


async def forwards() -> MigrationManager:
    return statements(
        "branding",
        ID,
        """
        CREATE TABLE parvis.branding_picture (
            id uuid PRIMARY KEY,
            emitter uuid NOT NULL REFERENCES parvis.emitter ON DELETE CASCADE,
            file varchar(20) NOT NULL CHECK (file ~ '^[0-9a-f]{12}\\.(svg|png)$'),
            content bytea NOT NULL CHECK (octet_length(content) <= 262144),
            kept_at timestamptz NOT NULL,
            UNIQUE (emitter, file)
        );
        INSERT INTO parvis.branding_picture (id, emitter, file, content, kept_at)
            SELECT DISTINCT ON (emitter, logo_hash) id, emitter, logo_hash || '.svg', convert_to(logo, 'UTF8'), made_at
            FROM parvis.branding WHERE logo <> '' ORDER BY emitter, logo_hash, version;
        ALTER TABLE parvis.branding
            DROP COLUMN logo,
            ALTER COLUMN logo_hash DROP NOT NULL,
            ALTER COLUMN logo_hash TYPE varchar(20),
            ADD COLUMN accent varchar(7) CHECK (accent ~ '^#[0-9a-f]{6}$'),
            ADD COLUMN mail varchar(7) CHECK (mail ~ '^#[0-9a-f]{6}$'),
            ADD COLUMN typeface varchar(20) NOT NULL DEFAULT 'source-serif',
            ADD COLUMN icon varchar(20),
            ADD COLUMN person uuid;
        ALTER TABLE parvis.branding RENAME COLUMN logo_hash TO logo;
        UPDATE parvis.branding b SET logo = p.file FROM parvis.branding_picture p
            WHERE p.emitter = b.emitter AND p.file = b.logo || '.svg';
        UPDATE parvis.branding b SET logo = NULL WHERE NOT EXISTS
            (SELECT FROM parvis.branding_picture p WHERE p.emitter = b.emitter AND p.file = b.logo);
        ALTER TABLE parvis.branding
            ALTER COLUMN typeface DROP DEFAULT,
            ADD FOREIGN KEY (emitter, logo) REFERENCES parvis.branding_picture (emitter, file),
            ADD FOREIGN KEY (emitter, icon) REFERENCES parvis.branding_picture (emitter, file);
        COMMENT ON TABLE parvis.branding IS 'append-only: the serving role may read and add';
        """,
    )
