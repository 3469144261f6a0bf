from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "payments_0024_mistaken"
VERSION = "1.38.0"
DESCRIPTION = "What somebody entered by mistake as taken back by a bank, and undid"


async def forwards() -> MigrationManager:
    return statements(
        "payments",
        ID,
        """
        -- Each is the source of its entry in the books, which named the payment so far. One that was undone stands all the
        -- same where its money came in again, as something else had been done since.
        ALTER TABLE parvis.capture_return
            ADD COLUMN id uuid,
            ADD COLUMN stands boolean NOT NULL DEFAULT true,
            ADD COLUMN undone_at timestamptz,
            ADD COLUMN undone_by uuid,
            ADD COLUMN undone_why varchar(200);
        UPDATE parvis.capture_return SET id = capture;
        ALTER TABLE parvis.capture_return
            ALTER COLUMN id SET NOT NULL,
            DROP CONSTRAINT capture_return_pkey,
            ADD PRIMARY KEY (id),
            ADD CONSTRAINT capture_return_undone CHECK (num_nulls(undone_at, undone_by, undone_why) IN (0, 3)),
            ADD CONSTRAINT capture_return_by_hand CHECK (undone_at IS NULL OR person IS NOT NULL),
            ADD CONSTRAINT capture_return_stands CHECK (stands OR undone_at IS NOT NULL);
        CREATE UNIQUE INDEX capture_return_standing ON parvis.capture_return (capture) WHERE stands;
        CREATE INDEX capture_return_capture ON parvis.capture_return (capture);
        COMMENT ON TABLE parvis.capture_return IS NULL;
        """,
    )
