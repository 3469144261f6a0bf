"""Encrypted fields go under a new key while others read and write, and after a kill; then the old one is dropped."""

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from parvis import clock, crypto, settings
from parvis.contract.values import Channel
from parvis.db import connection, new_id
from parvis.db.migrations import installed_apps
from parvis.dossiers import actions as dossiers
from parvis.dossiers import queries, searching
from parvis.dossiers.actions import By, NewDossier
from parvis.identity.contacts import Contact
from parvis.territory import actions
from parvis.workbench import renewing

LEA = Contact(Channel.MAIL, "lea@example.org")
_READ = "SELECT address FROM parvis.contact_proof"


@pytest.fixture
def keys(instance, database):
    """Load keys by their text, in front of the one that finds: `keys.text` is what PARVIS_KEYS then says."""
    kept = (instance.data / "keys").read_text().strip()

    def load(*given):
        load.text = ",".join([*given, kept])
        crypto.use(crypto.load_keys(replace(instance, keys=load.text)))

    load()
    return load


@pytest.fixture
def environ(database, tmp_path):
    now = settings.current()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PARVIS_")}
    return kept | {
        "PARVIS_ENV": "test",
        "PARVIS_DATA": str(tmp_path),
        "PARVIS_DATABASE_URL": now.database_url,
        "PARVIS_DATABASE_OWNER_URL": now.database_owner_url,
    }


@pytest.fixture
def command(environ, keys):
    async def run(*words):
        line, env = [sys.executable, "-m", "parvis", *words], environ | {"PARVIS_KEYS": keys.text}
        done = await asyncio.to_thread(subprocess.run, line, capture_output=True, text=True, env=env)
        return done.returncode, done.stdout, done.stderr

    return run


async def a_dossier():
    emitter = await actions.add_emitter("illzach", "Illzach", "municipality", latitude=47.75, longitude=7.33)
    reached = {"contact": LEA, "phone": "+33612345678"}
    new = NewDossier(service="x", emitter=emitter, names=("Léa Maier",), language="fr", kept_days=1, **reached)
    return emitter, await dossiers.open(new, By())


async def proofs(number):
    """That many proofs of contacts under the key that writes."""
    sql = (
        "INSERT INTO parvis.contact_proof (id, kind, digest, address, language, asked_at, ends_at) "
        "SELECT id, 'mail', $2, address, 'fr', $4, $4 FROM unnest($1::uuid[], $3::bytea[]) AS new (id, address)"
    )
    sealed = [crypto.encrypt(b"%d@example.org" % n, "contact") for n in range(number)]
    async with connection() as c:
        await c.execute(sql, [new_id() for _ in sealed], LEA.digest, sealed, clock.now())


async def column(name):
    return next(place for place in renewing.places(installed_apps()) if str(place) == name)


async def renew_all():
    return [await renewing.renew(place, lambda _: None) for place in renewing.places(installed_apps())]


async def old():
    return (await renewing.standing(renewing.places(installed_apps()))).old(crypto.at_hand().writing)


async def test_after_a_renewal_the_old_key_is_dropped_and_everything_is_read_and_found(keys):
    second, third = crypto.new_key(), crypto.new_key()
    keys(second)
    emitter, opened = await a_dossier()
    keys(third, second)
    assert {str(place): number for place, number in (await old()).items()} == {
        f"parvis.dossier.{name}": 1 for name in ("contact", "phone", "names")
    }
    await renew_all()
    keys(third)
    found = await queries.dossier(opened.id)
    assert (found.names, found.contact) == (("Léa Maier",), LEA)
    assert [one.id for one in await searching.by_name("Meyer", emitter)] == [opened.id]
    assert [one.id for one in await searching.by_phone("+33612345678", emitter)] == [opened.id]
    assert (await searching.by_reference(opened.reference, emitter)).id == opened.id
    assert await queries.open_of_contact(LEA) == [opened.id]


async def test_a_second_renewal_writes_nothing(keys):
    await a_dossier()
    keys(crypto.new_key())
    await renew_all()
    async with connection() as c:
        before = await c.fetchval("SELECT xmin::text FROM parvis.dossier")
        await renew_all()
        assert await c.fetchval("SELECT xmin::text FROM parvis.dossier") == before


@pytest.mark.parametrize(("swap", "kept"), [(renewing._SWAP, b"new"), (None, b"old")], ids=["compared", "control"])
async def test_whoever_writes_between_reading_and_renewing_wins(keys, monkeypatch, swap, kept):
    blind = renewing._SWAP.replace("{column} = $2", "$2::bytea IS NOT NULL")
    monkeypatch.setattr(renewing, "_SWAP", swap or blind)
    await proofs(1)
    place = await column("parvis.contact_proof.address")
    async with connection() as c:
        await c.execute("UPDATE parvis.contact_proof SET address = $1", crypto.encrypt(b"old", "contact"))
        keys(crypto.new_key())
        async with c.transaction():
            await c.execute("UPDATE parvis.contact_proof SET address = $1", crypto.encrypt(b"new", "contact"))
            renewal = asyncio.create_task(renewing.renew(place, lambda _: None))
            await _until_somebody_waits()
        await renewal
        assert crypto.decrypt(await c.fetchval(_READ), "contact") == kept


async def _until_somebody_waits():
    """Looks on a connection of its own: a transaction sees only who was connected when it first looked."""
    sql = (
        "SELECT EXISTS (SELECT FROM pg_locks JOIN pg_stat_activity USING (pid) "
        "WHERE NOT granted AND datname = current_database())"
    )
    async with asyncio.timeout(10), connection() as c:
        while not await c.fetchval(sql):
            await asyncio.sleep(0.005)


async def test_readers_and_writers_notice_nothing_of_a_renewal(keys):
    await proofs(150)
    keys(crypto.new_key())
    renewal = asyncio.create_task(renew_all())
    written = {}
    while not renewal.done():
        async with connection() as c:
            row = await c.fetchrow("SELECT id, address FROM parvis.contact_proof ORDER BY random() LIMIT 1")
            read = crypto.decrypt(row["address"], "contact")
            assert read == written.get(row["id"], read)
            written[row["id"]] = b"%d-again@example.org" % len(written)
            sealed = crypto.encrypt(written[row["id"]], "contact")
            await c.execute("UPDATE parvis.contact_proof SET address = $2 WHERE id = $1", row["id"], sealed)
    assert written
    async with connection() as c:
        rows = {row["id"]: row["address"] for row in await c.fetch("SELECT id, address FROM parvis.contact_proof")}
    assert {row: crypto.decrypt(rows[row], "contact") for row in written} == written
    assert await old() == {}


async def test_a_renewal_that_was_killed_is_continued(keys, command, environ):
    second, third = crypto.new_key(), crypto.new_key()
    keys(second)
    await proofs(3000)
    keys(third, second)
    env = environ | {"PARVIS_KEYS": keys.text}
    line = [sys.executable, "-m", "parvis", "keys", "renew"]
    running = await asyncio.create_subprocess_exec(*line, stdout=asyncio.subprocess.PIPE, env=env)
    while b"200 of 3000 renewed" not in await running.stdout.readline():
        assert running.returncode is None
    running.send_signal(signal.SIGKILL)
    await running.wait()
    assert 0 < sum((await old()).values()) < 3000
    code, said, told = await command("keys", "renew")
    assert (code, told) == (0, "")
    assert f"Key {second.partition(':')[0]} is needed for nothing kept here" in said
    keys(third)
    async with connection() as c:
        read = {crypto.decrypt(row["address"], "contact") for row in await c.fetch(_READ)}
    assert read == {b"%d@example.org" % n for n in range(3000)}


async def test_what_cannot_be_read_is_named_by_its_row_and_the_rest_is_renewed(keys, command):
    gone = crypto.new_key()
    keys(gone)
    await proofs(1)
    async with connection() as c:
        lost = await c.fetchval("SELECT id FROM parvis.contact_proof")
    keys()
    await proofs(2)
    keys(crypto.new_key())
    code, said, _ = await command("keys", "renew", "--check")
    assert (code, "parvis.contact_proof.address: 3 under an old key" in said) == (1, True)
    assert sum((await old()).values()) == 3
    code, _, told = await command("keys", "renew")
    assert (code, f"parvis.contact_proof.address, row {lost}" in told) == (1, True)
    assert "example.org" not in told
    assert sum((await old()).values()) == 1


async def test_the_check_says_what_each_key_is_needed_for(keys, command):
    second, third = crypto.new_key(), crypto.new_key()
    keys(second)
    await proofs(2)
    keys(third, second)
    code, said, _ = await command("check")
    assert (code, f"Key {second.partition(':')[0]} is needed: 2 encrypted values, 0 audit stamps." in said) == (0, True)
