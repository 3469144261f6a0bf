"""The commands as municipal IT types them, in processes of their own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from parvis.cli import main

PARVIS = str(Path(sys.executable).with_name("parvis"))


def run(folder: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PARVIS_ENV": "test", "PARVIS_DATA": str(folder / "data"), **settings}
    return subprocess.run([PARVIS, *words], capture_output=True, text=True, env=env, timeout=120, check=False)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"PARVIS_PORT": "abc"}, "PARVIS_PORT: 'abc' cannot be read"),
        ({"PARVIS_ENV": "staging"}, "PARVIS_ENV: 'staging' cannot be read"),
        ({"PARVIS_ENV": "production"}, "PARVIS_KEYS is missing"),
        ({"PARVIS_ENV": "production", "PARVIS_LIMITS": "off"}, "PARVIS_LIMITS=off"),
        ({"PARVIS_KEYS": "one:short"}, "PARVIS_KEYS"),
        ({"PARVIS_KEYS_FILE": "/nowhere"}, "PARVIS_KEYS_FILE: /nowhere cannot be read"),
        ({"PARVIS_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, "database does not answer"),
    ],
)
def test_what_is_to_be_mended_is_said_in_one_line(tmp_path, settings, says):
    env = {"PARVIS_ENV": "test", "PARVIS_DATA": str(tmp_path), **settings}
    done = CliRunner().invoke(main, ["migrate"], env=env)
    assert done.exit_code == 1
    assert says in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert "Traceback" not in done.stderr


def test_migrate_back_up_and_restore_on_the_embedded_database(tmp_path):
    assert "territory_0001_tables" in run(tmp_path, "migrate").stdout
    assert run(tmp_path, "migrate").stdout == "The database is up to date.\n"
    file = tmp_path / "kept.backup"
    assert "Keep the keys" in run(tmp_path, "backup", str(file)).stdout
    assert file.stat().st_mode & 0o077 == 0
    again = run(tmp_path, "backup", str(file))
    assert again.returncode == 1
    assert "exists already" in again.stderr
    refused = run(tmp_path, "restore", str(file))
    assert refused.returncode == 1
    assert "--replace" in refused.stderr
    assert run(tmp_path, "restore", "--replace", str(file)).returncode == 0
    assert run(tmp_path, "migrate").stdout == "The database is up to date.\n"
    assert not (tmp_path / "data" / "postgres" / "postmaster.pid").exists(), "the command that started it stops it"


def test_a_new_key_is_one_that_settings_take(tmp_path):
    key = run(tmp_path, "keys", "new").stdout.strip()
    done = run(tmp_path, "keys", "new", PARVIS_ENV="production", PARVIS_KEYS=key)
    assert done.returncode == 0


def test_every_command_is_where_the_list_says():
    for name, command in main.commands.items():
        assert command.name == name
        assert command.help


def test_a_command_loads_no_more_than_it_needs():
    told = "import sys, parvis.cli; print(*{'litestar', 'piccolo', 'jinja2', 'babel', 'dramatiq'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
