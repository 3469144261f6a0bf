from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "payments_0005_payers"
VERSION = "1.38.0"
DESCRIPTION = "Who pays, what a till says of its account at a provider, when to ask about a payment"


async def forwards() -> MigrationManager:
    return statements(
        "payments",
        ID,
        """
        ALTER TABLE parvis.till ADD COLUMN mentions varchar(500) NOT NULL DEFAULT '';
        ALTER TABLE parvis.provider_account ADD COLUMN details bytea;
        ALTER TABLE parvis.basket
            ADD COLUMN contact_kind varchar(4),
            ADD COLUMN contact bytea,
            ADD COLUMN contact_digest bytea,
            ADD COLUMN language varchar(2) NOT NULL DEFAULT 'fr',
            ADD COLUMN asked_by uuid;
        CREATE INDEX basket_contact ON parvis.basket (contact_digest) WHERE contact_digest IS NOT NULL;
        CREATE INDEX intent_till ON parvis.intent (till, created);
        CREATE INDEX capture_till ON parvis.capture (till, at);
        CREATE TABLE parvis.payment_notice (
            source uuid NOT NULL,
            what varchar(40) NOT NULL,
            PRIMARY KEY (source, what)
        );
        ALTER TABLE parvis.payment_attempt
            ADD COLUMN looked smallint NOT NULL DEFAULT 0,
            ADD COLUMN look_at timestamptz;
        CREATE INDEX payment_attempt_look ON parvis.payment_attempt (look_at) WHERE state <> 'paid';
        -- What was open already is asked about at once.
        UPDATE parvis.payment_attempt SET look_at = created WHERE state IN ('creating', 'live');
        """,
    )
