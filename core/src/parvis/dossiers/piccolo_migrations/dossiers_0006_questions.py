from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from parvis.db.migrations import statements

ID = "dossiers_0006_questions"
VERSION = "1.38.0"
DESCRIPTION = "Residents ask who read their dossier, managers answer"


async def forwards() -> MigrationManager:
    return statements(
        "dossiers",
        ID,
        """
        CREATE TABLE parvis.reading_question (
            id uuid PRIMARY KEY,
            dossier uuid NOT NULL REFERENCES parvis.dossier ON DELETE CASCADE,
            reading uuid NOT NULL,
            emitter uuid NOT NULL REFERENCES parvis.emitter ON DELETE CASCADE,
            asked_at timestamptz NOT NULL,
            told_at timestamptz,
            answer bytea,
            answered_at timestamptz,
            answered_by uuid,
            answer_told_at timestamptz,
            UNIQUE (dossier, reading),
            CHECK ((answer IS NULL) = (answered_at IS NULL))
        );
        CREATE INDEX reading_question_open ON parvis.reading_question (emitter, asked_at) WHERE answered_at IS NULL;
        CREATE INDEX reading_question_done ON parvis.reading_question (emitter, answered_at);
        """,
    )
