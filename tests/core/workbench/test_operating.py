"""`parvis plugins`, `plugin enable`, `check` and `migrate` as an operator runs them: in a process of their own."""

import asyncio
import os
import subprocess
import sys

import pytest

from parvis import crypto, settings
from parvis.contract.values import Channel
from parvis.dossiers import actions as dossiers
from parvis.dossiers.actions import By, NewDossier
from parvis.identity.contacts import Contact
from parvis.territory import actions, queries

POINT = {"latitude": 47.75, "longitude": 7.33}
BROKEN = {
    "broken-0.1.dist-info/METADATA": "Metadata-Version: 2.1\nName: broken\nVersion: 0.1\n",
    "broken-0.1.dist-info/entry_points.txt": "[parvis]\nbroken = parvis_broken.hooks\n",
    "parvis_broken/__init__.py": "",
    "parvis_broken/hooks.py": "raise RuntimeError('out of ink')\n",
}


@pytest.fixture
def parvis(database, tmp_path):
    """Runs a command of the operator's on the test's database: its exit code, what it said, and its complaints."""
    now = settings.current()

    async def run(*words, **more):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("PARVIS_")}
        env = {
            **kept,
            "PARVIS_ENV": "test",
            "PARVIS_DATA": str(tmp_path),
            "PARVIS_DATABASE_URL": now.database_url,
            "PARVIS_DATABASE_OWNER_URL": now.database_owner_url,
            **more,
        }
        done = await asyncio.to_thread(
            subprocess.run, [sys.executable, "-m", "parvis", *words], capture_output=True, text=True, env=env
        )
        return done.returncode, done.stdout, done.stderr

    return run


@pytest.fixture
def broken(tmp_path):
    """A path with an installed plugin that raises when it is loaded."""
    for name, text in BROKEN.items():
        file = tmp_path / "site" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return {"PYTHONPATH": str(tmp_path / "site")}


async def test_a_sound_configuration_is_said_to_be(parvis):
    assert await parvis("check") == (0, "The configuration is sound.\n", "")


async def test_every_mistake_is_told_at_once(parvis):
    code, _, told = await parvis("check", PARVIS_POTR="1", PARVIS_KEYS="short")
    assert code == 1
    assert "PARVIS_POTR is no setting" in told
    assert "PARVIS_KEYS" in told


async def test_an_enabled_plugin_that_is_not_there_is_told(parvis):
    emitter = await actions.add_emitter("illzach", "Illzach", "municipality", **POINT)
    await actions.enable_plugin(emitter, "vanished")
    code, _, told = await parvis("check")
    assert (code, "vanished is enabled at illzach" in told) == (1, True)


async def test_a_database_that_does_not_answer_is_told(parvis):
    code, _, told = await parvis("check", PARVIS_DATABASE_URL="postgresql://nobody@127.0.0.1:1/nowhere")
    assert (code, "does not answer" in told) == (1, True)


async def test_a_refused_plugin_keeps_the_instance_down_until_the_operator_skips_it(parvis, broken):
    code, _, told = await parvis("migrate", **broken)
    assert code == 1
    assert "plugin broken (broken 0.1): importing parvis_broken.hooks raised RuntimeError: out of ink" in told
    assert "Traceback" not in told
    code, _, _ = await parvis("migrate", PARVIS_SKIP_REFUSED_PLUGINS="on", **broken)
    assert code == 0


async def test_a_refused_plugin_is_listed_and_checked(parvis, broken):
    code, said, _ = await parvis("plugins", **broken)
    assert (code, "refused: plugin broken" in said) == (0, True)
    code, _, told = await parvis("check", **broken)
    assert (code, "plugin broken" in told) == (1, True)


async def test_what_is_not_installed_cannot_be_enabled(parvis):
    code, _, told = await parvis("plugin", "enable", "library", "illzach")
    assert (code, told.startswith("parvis: No plugin library is installed")) == (1, True)


async def test_disabling_what_is_not_enabled_says_so(parvis):
    await actions.add_emitter("illzach", "Illzach", "municipality", **POINT)
    code, _, told = await parvis("plugin", "disable", "library", "illzach")
    assert (code, told) == (1, "parvis: library is not enabled at illzach.\n")
    assert await queries.enabled_plugins() == {}


async def test_a_key_that_requests_are_found_by_is_missed(parvis):
    emitter = await actions.add_emitter("illzach", "Illzach", "municipality", **POINT)
    contact = Contact(Channel.MAIL, "lea@example.org")
    new = NewDossier(service="x", emitter=emitter, contact=contact, names=("Léa",), language="fr", kept_days=1)
    await dossiers.open(new, By())
    assert (await parvis("check"))[0] == 0
    code, _, told = await parvis("check", PARVIS_KEYS=crypto.new_key())
    assert (code, "put the last key back" in told) == (1, True)
