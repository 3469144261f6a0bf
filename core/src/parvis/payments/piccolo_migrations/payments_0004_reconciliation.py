from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "payments_0004_reconciliation"
VERSION = "1.38.0"
DESCRIPTION = "Providers' statements, and what differs from the books"


async def forwards() -> MigrationManager:
    return statements(
        "payments",
        ID,
        """
        CREATE TABLE parvis.statement (
            id uuid PRIMARY KEY,
            account varchar(50) NOT NULL REFERENCES parvis.provider_account ON DELETE RESTRICT,
            day date NOT NULL,
            read_at timestamptz NOT NULL,
            lines integer NOT NULL,
            UNIQUE (account, day)
        );
        CREATE TABLE parvis.statement_line (
            statement uuid NOT NULL REFERENCES parvis.statement ON DELETE CASCADE,
            n integer NOT NULL,
            kind varchar(8) NOT NULL CHECK (kind IN ('capture', 'refund')),
            provider_ref varchar(200) NOT NULL,
            cents bigint NOT NULL,
            PRIMARY KEY (statement, n)
        );
        CREATE TABLE parvis.difference (
            id uuid PRIMARY KEY,
            account varchar(50) NOT NULL REFERENCES parvis.provider_account ON DELETE RESTRICT,
            day date NOT NULL,
            kind varchar(8) NOT NULL,
            sort varchar(14) NOT NULL CHECK (sort IN
                ('missing-here', 'missing-there', 'amount', 'twice', 'waiting')),
            provider_ref varchar(200) NOT NULL,
            ours bigint,
            theirs bigint,
            found_at timestamptz NOT NULL,
            found_again boolean NOT NULL DEFAULT true,
            closed_at timestamptz,
            closed_by uuid,
            reason varchar(500) NOT NULL DEFAULT '',
            CONSTRAINT difference_closed_with_reason
                CHECK ((closed_at IS NULL) = (closed_by IS NULL) AND (closed_at IS NULL) = (reason = '')),
            UNIQUE (account, day, kind, provider_ref, sort)
        );
        CREATE INDEX difference_open ON parvis.difference (account, day) WHERE closed_at IS NULL;
        """,
    )
