from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "identity_0001_tables"
VERSION = "1.38.0"
DESCRIPTION = "People, grants, sessions, proved contacts"


async def forwards() -> MigrationManager:
    return statements(
        "identity",
        ID,
        """
        CREATE TABLE parvis.person (
            id uuid PRIMARY KEY,
            issuer varchar(300) NOT NULL,
            subject varchar(255) NOT NULL,
            name varchar(200) NOT NULL DEFAULT '',
            email varchar(254) NOT NULL DEFAULT '',
            phone varchar(30) NOT NULL DEFAULT '',
            created_at timestamptz NOT NULL,
            seen_at timestamptz,
            UNIQUE (issuer, subject)
        );
        CREATE TABLE parvis.role_grant (
            id uuid PRIMARY KEY,
            person uuid NOT NULL REFERENCES parvis.person ON DELETE CASCADE,
            role varchar(12) NOT NULL
                CHECK (role IN ('reader', 'agent', 'manager', 'accountant', 'helper', 'operator')),
            emitter uuid REFERENCES parvis.emitter ON DELETE CASCADE,
            given_by uuid,
            given_at timestamptz NOT NULL,
            ended_by uuid,
            ended_at timestamptz,
            -- a helper's role is the territory's, an operator's the instance's, every other an emitter's
            CHECK ((emitter IS NULL) = (role IN ('helper', 'operator')))
        );
        CREATE UNIQUE INDEX role_grant_once ON parvis.role_grant (person, role, emitter)
            NULLS NOT DISTINCT WHERE ended_at IS NULL;
        CREATE INDEX role_grant_emitter ON parvis.role_grant (emitter) WHERE ended_at IS NULL;
        CREATE TABLE parvis.session (
            id uuid PRIMARY KEY,
            digest bytea NOT NULL UNIQUE CHECK (octet_length(digest) = 32),
            person uuid REFERENCES parvis.person ON DELETE CASCADE,
            issuer varchar(300),
            sid varchar(255),
            tokens bytea,
            claimed jsonb,
            started_at timestamptz NOT NULL,
            seen_at timestamptz NOT NULL,
            ends_at timestamptz NOT NULL,
            refreshed_at timestamptz,
            refreshing_until timestamptz
        );
        CREATE INDEX session_person ON parvis.session (person);
        CREATE INDEX session_sid ON parvis.session (issuer, sid);
        CREATE INDEX session_ends ON parvis.session (ends_at);
        CREATE TABLE parvis.contact_proof (
            id uuid PRIMARY KEY,
            session uuid REFERENCES parvis.session ON DELETE SET NULL,
            kind varchar(4) NOT NULL CHECK (kind IN ('mail', 'sms')),
            digest bytea NOT NULL,
            address bytea NOT NULL,
            language varchar(2) NOT NULL,
            code bytea,
            attempts integer NOT NULL DEFAULT 0,
            asked_at timestamptz NOT NULL,
            ends_at timestamptz NOT NULL,
            proved_at timestamptz
        );
        CREATE INDEX contact_proof_digest ON parvis.contact_proof (digest, asked_at);
        CREATE INDEX contact_proof_session ON parvis.contact_proof (session);
        CREATE INDEX contact_proof_ends ON parvis.contact_proof (ends_at);
        CREATE TABLE parvis.logout_seen (
            jti text PRIMARY KEY,
            until timestamptz NOT NULL
        );
        """,
    )
