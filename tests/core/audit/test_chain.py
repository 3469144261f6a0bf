"""The chain of the trace: whatever is done to a line behind the platform's back is found."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from parvis import clock, crypto, settings
from parvis.audit import actions, heads
from parvis.audit.chaining import LINE, chain, chain_late, line_of
from parvis.audit.heads import HEAD, kept
from parvis.audit.rules import head_of, link_hash
from parvis.audit.verifying import verify
from parvis.db import connection, new_id, transaction
from parvis.errors import ConfigurationError
from parvis.identity.actors import Actor
from parvis.settings import Settings

DETAILS = {"reason": "é", "minutes": 5, "share": 0.5, "list": [1, None, True], "inner": {"b": 1, "a": 2}}


@pytest.fixture
async def lines(database):
    """Eight lines in two months, chained in three rounds; the clock ends at the last one."""
    for many, later in ((3, timedelta(0)), (3, timedelta(0)), (2, timedelta(days=40))):
        clock.move(later)
        for n in range(many):
            await actions.trace(Actor(person=new_id()), "open", "dossier", new_id(), n=n, **DETAILS)
        assert await chain() == many
    assert (await verify(kept())).faults == ()


@pytest.fixture
async def owner(database):
    """Somebody with every right on the database, and without the keys."""
    c = await asyncpg.connect(settings.current().database_owner_url)
    await c.execute("SET session_replication_role = replica")
    yield c
    await c.close()


async def faults(head=None):
    return (await verify(head)).faults


SEQ = "(SELECT seq FROM parvis.audit_link WHERE number = {})"


@pytest.mark.parametrize("number", [1, 2, 3, 6, 8])
async def test_an_altered_line_is_found(lines, owner, number):
    for change in ("action = 'close'", "at = at + interval '1 microsecond'", "person = NULL", "details = '{}'"):
        was = await owner.fetchrow(f"SELECT * FROM parvis.audit_trace WHERE seq = {SEQ.format(number)}")
        await owner.execute(f"UPDATE parvis.audit_trace SET {change} WHERE seq = {SEQ.format(number)}")
        found = await faults()
        assert found
        assert all(f"Line {number} " in one for one in found)
        await owner.execute("DELETE FROM parvis.audit_trace WHERE seq = $1", was["seq"])
        holes = ", ".join(f"${n + 1}" for n in range(len(was)))
        await owner.execute(f"INSERT INTO parvis.audit_trace OVERRIDING SYSTEM VALUE VALUES ({holes})", *was)
        assert await faults() == ()


@pytest.mark.parametrize("number", [1, 2, 3, 6, 8])
async def test_a_removed_line_is_found(lines, owner, number):
    await owner.execute(f"DELETE FROM parvis.audit_trace WHERE seq = {SEQ.format(number)}")
    assert any(f"Line {number} " in one and "was removed" in one for one in await faults())


@pytest.mark.parametrize("number", [1, 2, 3, 6, 8])
async def test_a_line_removed_with_its_link_is_found(lines, owner, number):
    await owner.execute(f"DELETE FROM parvis.audit_trace WHERE seq = {SEQ.format(number)}")
    await owner.execute("DELETE FROM parvis.audit_link WHERE number = $1", number)
    assert await faults(kept())


async def test_an_end_cut_off_at_a_signed_head_is_found_by_the_head_kept_elsewhere(lines, owner):
    await owner.execute(f"DELETE FROM parvis.audit_trace WHERE seq >= {SEQ.format(7)}")
    await owner.execute("DELETE FROM parvis.audit_link WHERE number >= 7")
    assert await faults() == ()
    assert [one for one in await faults(kept()) if "Lines 7 to 8 were removed" in one]


async def test_a_removed_month_is_found(lines, owner):
    await owner.execute(f"DELETE FROM parvis.audit_trace WHERE seq <= {SEQ.format(6)}")
    await owner.execute("DELETE FROM parvis.audit_link WHERE number < 6")
    assert [one for one in await faults() if one.startswith("Lines 1 to 6 were removed: no line says")]


async def insert(owner, stamp):
    sql = (
        "INSERT INTO parvis.audit_trace (id, at, action, subject, details, stamp) "
        "VALUES ($1, $2, 'read', 'dossier', '{}', $3) RETURNING seq"
    )
    return await owner.fetchval(sql, new_id(), clock.now(), stamp)


@pytest.mark.parametrize("stamp", [None, "theirs"])
@pytest.mark.parametrize("chained", [False, True])
async def test_an_inserted_line_is_found_also_once_it_was_chained(lines, owner, stamp, chained):
    theirs = await owner.fetchval("SELECT stamp FROM parvis.audit_trace LIMIT 1") if stamp else None
    await insert(owner, theirs)
    assert await chain() == 1 or not chained
    assert [one for one in await faults(kept()) if "inserted" in one]


async def test_a_line_inserted_between_two_others_is_found(lines, owner):
    seq = await insert(owner, None)
    await owner.execute("UPDATE parvis.audit_link SET number = -number WHERE number > 4")
    await owner.execute("UPDATE parvis.audit_link SET number = 1 - number WHERE number < 0")
    await owner.execute(
        "INSERT INTO parvis.audit_link (number, seq, month, hash) SELECT 5, $1, month, hash FROM parvis.audit_link "
        "WHERE number = 4",
        seq,
    )
    assert any("Line 5 " in one for one in await faults())


@pytest.mark.parametrize(("one", "other"), [(1, 2), (2, 5), (6, 7)])
async def test_two_lines_in_one_anothers_place_are_found(lines, owner, one, other):
    first, second = [await owner.fetchval(f"SELECT {SEQ.format(n)}") for n in (one, other)]
    for number, seq in ((one, -1), (other, first), (one, second)):
        await owner.execute("UPDATE parvis.audit_link SET seq = $2 WHERE number = $1", number, seq)
    found = await faults()
    assert {f"Line {n} " in "".join(found) for n in (one, other)} == {True}


async def test_a_chain_made_anew_without_the_keys_is_found_by_its_heads(lines, owner):
    await owner.execute(f"UPDATE parvis.audit_trace SET action = 'close' WHERE seq = {SEQ.format(2)}")
    before = bytes(32)
    for row in await owner.fetch(f"SELECT number, {LINE} FROM parvis.audit_link JOIN parvis.audit_trace USING (seq)"):
        details = {"n": (row["number"] - 1) % 3 if row["number"] < 7 else row["number"] - 7, **DETAILS}
        before = link_hash(before, row["number"], line_of({**row, "details": details}))
        await owner.execute("UPDATE parvis.audit_link SET hash = $2 WHERE number = $1", row["number"], before)
    found = await faults()
    assert [one for one in found if "The head at line 3 " in one and "forged" in one]
    assert [one for one in found if "Line 2 was altered or inserted: its stamp" in one]
    assert not [one for one in found if "not in its place" in one]


async def test_a_forged_head_is_found(lines, owner):
    real = await owner.fetchval("SELECT head FROM parvis.audit_link WHERE number = 6")
    for head in (real[:-1] + ("A" if real[-1] != "A" else "E"), "nobody.AAAA", "x", None):
        await owner.execute("UPDATE parvis.audit_link SET head = $1 WHERE number = 6", head)
        assert any("line 6" in one or "no longer in PARVIS_KEYS" in one for one in await faults()), head
    await owner.execute("UPDATE parvis.audit_link SET head = $1 WHERE number = 6", real)
    assert await faults() == ()


async def test_a_last_line_without_a_head_is_found(lines, owner):
    await owner.execute(f"DELETE FROM parvis.audit_trace WHERE seq = {SEQ.format(8)}")
    await owner.execute("DELETE FROM parvis.audit_link WHERE number = 8")
    assert any("cut off" in one for one in await faults())


async def test_keys_are_rotated_and_a_dropped_one_is_told(lines, instance):
    old, new = (instance.data / "keys").read_text().strip(), crypto.new_key()
    crypto.use(crypto.load_keys(Settings(env="test", data=instance.data, keys=f"{new},{old}")))
    await actions.trace(Actor(), "open", "dossier", new_id())
    await chain()
    assert await faults(kept()) == ()
    crypto.use(crypto.load_keys(Settings(env="test", data=instance.data, keys=new)))
    assert [one for one in await faults() if old.partition(":")[0] in one]


async def test_what_waits_is_no_fault_but_a_worker_that_does_not_run_is(lines):
    await actions.trace(Actor(), "open", "dossier", new_id())
    verdict = await verify(kept())
    assert (verdict.faults, verdict.lines, verdict.waiting) == ((), 8, 1)
    clock.move(timedelta(hours=2))
    assert [one for one in await faults() if "is the worker running?" in one]


async def test_traces_from_before_the_chain_are_chained_in_their_months(database):
    sql = (
        "INSERT INTO parvis.audit_trace (id, at, action, subject, details) "
        "SELECT gen_random_uuid(), $1::timestamptz - n * interval '20 days', 'read', 'dossier', '{}' "
        "FROM generate_series(10, 0, -1) AS n"
    )
    async with transaction() as c:
        await c.execute(sql, clock.now())
    assert (await verify(None)).waiting == 11
    assert await chain() == 11
    await actions.trace(Actor(), "open", "dossier", new_id())
    await chain()
    assert await faults(kept()) == ()
    async with connection() as c:
        assert await c.fetchval("SELECT count(DISTINCT month) FROM parvis.audit_link WHERE head IS NOT NULL") >= 6


async def test_writers_and_chainers_at_once_leave_one_whole_chain(database):
    async def write(n):
        async with transaction():
            await actions.trace(Actor(), "open", "dossier", new_id(), n=n)
            await actions.saw_several(Actor(person=new_id()), [new_id(), new_id()], None)

    await asyncio.gather(*(write(n) for n in range(60)), *(chain() for _ in range(20)))
    await chain()
    verdict = await verify(kept())
    assert (verdict.faults, verdict.lines, verdict.waiting) == ((), 180, 0)


async def test_what_a_long_transaction_left_behind_is_chained_later(database, monkeypatch):
    monkeypatch.setattr("parvis.audit.chaining._BEHIND", 1)
    early, done = asyncio.Event(), asyncio.Event()

    async def slow():
        async with transaction():
            await actions.trace(Actor(), "open", "dossier", new_id())
            early.set()
            await done.wait()

    waits = asyncio.create_task(slow())
    await early.wait()
    for _ in range(3):
        await actions.trace(Actor(), "open", "dossier", new_id())
    assert await chain() == 3
    done.set()
    await waits
    assert await chain() == 0
    assert await chain_late() == 1
    assert await faults(kept()) == ()


async def test_many_lines_are_chained_and_read_in_batches(database, monkeypatch):
    monkeypatch.setattr("parvis.audit.chaining._BATCH", 2)
    monkeypatch.setattr("parvis.audit.verifying._BATCH", 2)
    for n in range(5):
        await actions.trace(Actor(), "open", "dossier", new_id(), n=n)
    assert await chain() == 5
    assert (await verify(kept())).faults == ()


async def test_the_links_are_only_added_to(lines):
    for change in ("UPDATE {} SET head = ''", "DELETE FROM {}", "TRUNCATE {}"):
        sql = change.format("parvis.audit_link")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with connection() as c:
                await c.execute(sql)
        owner = await asyncpg.connect(settings.current().database_owner_url)
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="only ever added to"):
            await owner.execute(sql)
        await owner.close()


async def test_a_head_kept_elsewhere_is_this_instances(lines, tmp_path):
    assert kept() == kept(heads.file())
    forged = tmp_path / "forged"
    async with connection() as c:
        row = await c.fetchrow("SELECT number, month, hash FROM parvis.audit_link WHERE number = 3")
    stamp = crypto.stamp(head_of(*row), "another purpose")
    for text in ("", "1 2026-11 00 x", f"3 {row['month']:%Y-%m} {row['hash'].hex()} {stamp}"):
        forged.write_text(text)
        with pytest.raises(ConfigurationError):
            kept(forged)
    with pytest.raises(ConfigurationError):
        kept(tmp_path / "nowhere")
    good = crypto.stamp(head_of(*row), HEAD)
    forged.write_text(f"3 {row['month']:%Y-%m} {row['hash'].hex()} {good}")
    assert await faults(kept(forged)) == ()
