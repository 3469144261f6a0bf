from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "identity_0003_rights"
VERSION = "1.38.0"
DESCRIPTION = "Roles with an end, what each emitter says a role may do, invitations"


async def forwards() -> MigrationManager:
    return statements(
        "identity",
        ID,
        """
        ALTER TABLE parvis.role_grant ADD COLUMN ends_at timestamptz;
        CREATE INDEX role_grant_ends ON parvis.role_grant (ends_at) WHERE ended_at IS NULL AND ends_at IS NOT NULL;
        CREATE INDEX role_grant_history ON parvis.role_grant (emitter, given_at);
        CREATE TABLE parvis.role_permission (
            id uuid PRIMARY KEY,
            emitter uuid NOT NULL REFERENCES parvis.emitter ON DELETE CASCADE,
            role varchar(12) NOT NULL CHECK (role IN ('reader', 'agent', 'manager', 'accountant')),
            permission varchar(80) NOT NULL,
            allowed boolean NOT NULL,
            UNIQUE (emitter, role, permission)
        );
        CREATE TABLE parvis.rights_change (
            id uuid PRIMARY KEY,
            emitter uuid NOT NULL REFERENCES parvis.emitter ON DELETE CASCADE,
            version integer NOT NULL CHECK (version > 0),
            at timestamptz NOT NULL,
            person uuid,
            undoes integer CHECK (undoes < version),
            changes jsonb NOT NULL,
            UNIQUE (emitter, version)
        );
        COMMENT ON TABLE parvis.rights_change IS 'append-only: the serving role may read and add';
        CREATE TABLE parvis.invitation (
            id uuid PRIMARY KEY,
            emitter uuid NOT NULL REFERENCES parvis.emitter ON DELETE CASCADE,
            role varchar(12) NOT NULL CHECK (role IN ('reader', 'agent', 'manager', 'accountant')),
            ends_at timestamptz,
            address bytea,
            digest bytea NOT NULL,
            language varchar(2) NOT NULL,
            serial integer NOT NULL DEFAULT 1,
            invited_by uuid NOT NULL,
            invited_at timestamptz NOT NULL,
            expires_at timestamptz NOT NULL,
            message uuid,
            state varchar(8) NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'accepted', 'revoked')),
            ended_at timestamptz,
            ended_by uuid,
            CHECK ((state = 'pending') = (address IS NOT NULL)),
            CHECK ((state = 'pending') = (ended_at IS NULL))
        );
        CREATE UNIQUE INDEX invitation_once ON parvis.invitation (emitter, digest, role) WHERE state = 'pending';
        CREATE INDEX invitation_emitter ON parvis.invitation (emitter, invited_at);
        """,
    )
