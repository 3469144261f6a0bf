from pathlib import Path

import pytest
from piccolo.conf.apps import AppConfig

from parvis.db.migrations import apps_under
from parvis.plugins.ownership import trespasses


def told(folder: Path, sql: str, name: str = "library_0001_tables.py") -> list[str]:
    (folder / name).write_text(f"SQL = {sql!r}\n", encoding="utf-8")
    return list(trespasses("library", AppConfig("library", folder, [])))


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE SCHEMA IF NOT EXISTS library",
        "CREATE TABLE library.loan (id uuid REFERENCES parvis.dossier ON DELETE CASCADE ON UPDATE CASCADE)",
        "CREATE INDEX IF NOT EXISTS loan_due ON library.loan (due)",
        "INSERT INTO library.loan VALUES (1) ON CONFLICT (id) DO UPDATE SET id = excluded.id",
        "SELECT 1 FROM library.loan FOR NO KEY UPDATE OF loan",
        "CREATE TRIGGER kept BEFORE UPDATE OR DELETE ON library.loan EXECUTE FUNCTION library.keep()",
        "COMMENT ON TABLE library.loan IS 'drop table parvis.place'",
        "-- alter table parvis.place\nDROP TABLE library.loan",
        "nothing but words, such as update or create",
    ],
)
def test_what_stays_at_home(tmp_path, sql):
    assert told(tmp_path, sql) == []


@pytest.mark.parametrize(
    ("sql", "what"),
    [
        ("CREATE SCHEMA other", "the schema 'other'"),
        ("create table if not exists other.loan (id uuid)", "other.loan"),
        ("CREATE TABLE loan (id uuid)", "loan (no schema)"),
        ("ALTER TABLE parvis.place ADD COLUMN price int", "parvis.place"),
        ('ALTER TABLE ONLY "parvis"."place" DROP COLUMN name', "parvis.place"),
        ("CREATE UNIQUE INDEX CONCURRENTLY quick ON parvis.place (name)", "parvis.place"),
        ("DROP TABLE IF EXISTS parvis.place", "parvis.place"),
        ("UPDATE parvis.place SET name = ''", "parvis.place"),
        ("DELETE FROM parvis.place", "parvis.place"),
        ("TRUNCATE parvis.place", "parvis.place"),
        ("CREATE OR REPLACE FUNCTION parvis.seen() RETURNS int AS $$ SELECT 1 $$ LANGUAGE sql", "parvis.seen"),
    ],
)
def test_what_trespasses(tmp_path, sql, what):
    [line] = told(tmp_path, sql)
    assert line == f"the migration library_0001_tables.py changes {what}: only the schema 'library' is the plugin's"


def test_a_migration_has_a_name_no_other_app_has(tmp_path):
    [line] = told(tmp_path, "SELECT 1", name="0001_tables.py")
    assert "begins with 'library_'" in line


def test_the_cores_own_apps_would_be_refused_to_a_plugin():
    territory = next(app for app in apps_under("parvis") if app.app_name == "territory")
    lines = list(trespasses("library", territory))
    assert any("named 'territory'" in line for line in lines)
    assert any("Emitter is in the schema 'parvis'" in line for line in lines)
    assert any("changes parvis.emitter" in line for line in lines)
