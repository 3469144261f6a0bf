import asyncio
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from parvis import settings
from parvis.db.migrations import SchemaState, installed_apps, migrate, require_current_schema, schema_state
from parvis.errors import ConfigurationError

NEXT = """
from parvis.db.migrations import statements

ID = "{name}"
VERSION = "1.38.0"
DESCRIPTION = ""


async def forwards():
    return statements("territory", ID, "CREATE TABLE parvis.next_one (id uuid PRIMARY KEY);{trouble}")
"""


def with_next(folder: Path, name: str, trouble: str = "") -> list:
    """The installed apps, the territory's with one migration more; its name is a module's, so each test has its own."""
    apps = installed_apps()
    at = next(index for index, app in enumerate(apps) if app.app_name == "territory")
    for file in Path(apps[at].migrations_folder_path).glob("territory_*.py"):
        (folder / file.name).write_text(file.read_text())
    (folder / f"{name}.py").write_text(NEXT.replace("{trouble}", trouble).replace("{name}", name))
    (folder / "__init__.py").touch()
    apps[at] = replace(apps[at], migrations_folder_path=str(folder))
    return apps


async def test_the_template_is_up_to_date(database):
    assert await schema_state(installed_apps()) == SchemaState((), ())


async def test_two_at_once_migrate_once(database, tmp_path):
    apps = with_next(tmp_path, "territory_0002_once")
    owner = settings.current().database_owner_url
    ran = await asyncio.gather(*(migrate(owner, apps) for _ in range(3)))
    assert sorted(ran, reverse=True) == [["territory_0002_once"], [], []]


async def test_a_migration_that_fails_changes_nothing(database, tmp_path):
    apps = with_next(tmp_path, "territory_0002_fails", trouble=" SELECT 1/0;")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(settings.current().database_owner_url, apps)
    assert (await schema_state(apps)).missing == ("territory_0002_fails",)
    with pytest.raises(ConfigurationError, match="parvis migrate"):
        await require_current_schema(apps)


async def test_a_newer_database_is_refused_and_left_alone(database, tmp_path):
    await migrate(settings.current().database_owner_url, with_next(tmp_path, "territory_0002_newer"))
    with pytest.raises(ConfigurationError, match="newer"):
        await migrate(settings.current().database_owner_url, installed_apps())
    with pytest.raises(ConfigurationError, match="newer"):
        await require_current_schema(installed_apps())
