"""The ground every line is measured on: a throwaway cluster with pinned settings, seeded hours, pgbench."""

from __future__ import annotations

import asyncio
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from uuid import UUID
from zoneinfo import ZoneInfo

import asyncpg

from parvis.calendars.claims import FIRST_LOOK
from parvis.db.cluster import Cluster, cluster_in, embedded_tools
from parvis.db.migrations import installed_apps, migrate

CLIENTS = 16
STARTS = 24
FIRST_DAY = date(2027, 1, 4)
ZONE = ZoneInfo("Europe/Paris")
SETTINGS = {
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "shared_buffers": "1GB",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "30min",
    "autovacuum": "off",
    "max_connections": "100",
    "jit": "off",
}


@dataclass(frozen=True, slots=True)
class Size:
    """How many hours there are: places with one desk, open for so many days, 24 appointments of 20 minutes a day."""

    name: str
    places: int
    days: int

    @property
    def slots(self) -> int:
        return self.places * self.days * STARTS


SHORT = Size("13,000 hours", 35, 15)
USUAL = Size("50,000 hours", 70, 30)
NATIONAL = Size("18 million hours", 5000, 150)


@contextmanager
def throwaway_cluster() -> Iterator[Cluster]:
    """A cluster that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="parvis-bench-") as folder:
        Path(folder).chmod(0o755)
        cluster = cluster_in(Path(folder))
        cluster.start(**SETTINGS)
        try:
            yield cluster
        finally:
            cluster.stop()


async def seeded(cluster: Cluster, size: Size) -> str:
    """A migrated database with `size` free hours, anew if there was one; its address."""
    name = f"bench_{size.slots}"
    admin = await asyncpg.connect(cluster.url("parvis_owner", "postgres"))
    # A group that was too noisy is measured again, and asks again for what it measures in.
    await admin.execute(f"DROP DATABASE IF EXISTS {name}")
    await admin.execute(f"CREATE DATABASE {name}")
    await admin.close()
    url = cluster.url("parvis_owner", name)
    await migrate(url, installed_apps())
    connection = await asyncpg.connect(url, command_timeout=3600)
    await connection.execute(_SEED.format(places=size.places, days=size.days, first=FIRST_DAY.isoformat()))
    await connection.execute("ANALYZE")
    await connection.close()
    return url


_SEED = """
INSERT INTO parvis.emitter (id, slug, name, folded, kind, latitude, longitude)
VALUES ('e0000000-0000-0000-0000-000000000000', 'bench', 'Bench', 'bench', 'agglomeration', 46, 2);
INSERT INTO parvis.place
    (id, slug, emitter, operator, name, address, postcode, city, latitude, longitude, accessible)
SELECT ('a0000000-0000-0000-0000-' || lpad(to_hex(n), 12, '0'))::uuid, 'place-' || n, e.id, e.id, 'Place ' || n,
    '1 rue de la Mairie', '68100', 'Town ' || n, 43 + (n * 7919 % 5003) * 0.0014, -3 + (n * 104729 % 5009) * 0.0022,
    true
FROM generate_series(0, {places} - 1) n, parvis.emitter e;
INSERT INTO parvis.calendar (id, place, service, zone)
SELECT ('c0000000-0000-0000-0000-' || lpad(to_hex(n), 12, '0'))::uuid,
    ('a0000000-0000-0000-0000-' || lpad(to_hex(n), 12, '0'))::uuid, 'idcard', 'Europe/Paris'
FROM generate_series(0, {places} - 1) n;
INSERT INTO parvis.calendar_kind (id, calendar, kind, minutes_first, minutes_further, step_minutes)
SELECT gen_random_uuid(), id, 'deposit', 20, 15, 20 FROM parvis.calendar;
INSERT INTO parvis.desk (id, calendar, name)
SELECT ('d' || substr(id::text, 2))::uuid, id, 'Desk 1' FROM parvis.calendar;
INSERT INTO parvis.desk_day (desk, day, opens, grid, free)
SELECT desk.id, day, (extract(epoch FROM ((day + interval '9 hours') AT TIME ZONE 'Europe/Paris')
    - (day::timestamp AT TIME ZONE 'Europe/Paris')) / 300)::smallint, repeat('1', 96)::varbit, repeat('1', 96)::varbit
FROM parvis.desk, LATERAL (SELECT '{first}'::date + n AS day FROM generate_series(0, {days} - 1) n) days
ORDER BY desk.id, day;
CREATE TABLE public.raw_row (id uuid PRIMARY KEY, desk uuid NOT NULL, start timestamptz NOT NULL,
    state text NOT NULL, people smallint NOT NULL, created timestamptz NOT NULL);
CREATE TABLE public.slot (desk uuid, start timestamptz, free boolean NOT NULL, PRIMARY KEY (desk, start));
"""


async def refill(url: str) -> None:
    """Free every hour again and leave the tables as tidy as before."""
    connection = await asyncpg.connect(url, command_timeout=3600)
    await connection.execute(
        "TRUNCATE parvis.booking, parvis.slot_change_waiting, parvis.slot_change, public.raw_row CASCADE;"
        "UPDATE parvis.desk_day SET free = grid WHERE free <> grid"
    )
    await connection.execute("VACUUM parvis.desk_day")
    await connection.execute("CHECKPOINT")
    await connection.close()


async def sell_first_days(url: str, size: Size) -> None:
    """As a passport season has it: nothing is left on the first two thirds of the days."""
    connection = await asyncpg.connect(url, command_timeout=3600)
    until = FIRST_DAY + timedelta(days=size.days * 2 // 3)
    await connection.execute("UPDATE parvis.desk_day SET free = grid # grid WHERE day < $1", until)
    await connection.execute("VACUUM ANALYZE parvis.desk_day")
    await connection.close()


@cache
def calendar(number: int) -> UUID:
    """The id of a seeded calendar."""
    return UUID(f"c0000000-0000-0000-0000-{number:012x}")


@cache
def start(day: int, slot: int) -> datetime:
    """The instant of a seeded hour."""
    wall = datetime.combine(FIRST_DAY + timedelta(days=day), time(9), ZONE) + slot * timedelta(minutes=20)
    return wall.astimezone(UTC)


def permuted(index: int, total: int, seed: int) -> int:
    """Another hour for each index below `total`: an affine permutation."""
    step = 7_368_787  # prime, larger than any size
    return (index * step + seed * 104_729) % total


def hour(number: int, size: Size) -> tuple[UUID, datetime]:
    """Calendar and start of the hour with this number."""
    place, rest = divmod(number, size.days * STARTS)
    return calendar(place), start(*divmod(rest, STARTS))


def claim_script(size: Size, statement: str = FIRST_LOOK) -> str:
    """The claim's own statement as a pgbench script; each transaction takes another hour."""
    begins = f"('{FIRST_DAY}'::date + :day::int + interval '9 hours' + :slot::int * interval '20 minutes')"
    values = {
        "1": "('c0000000-0000-0000-0000-' || lpad(to_hex(:cal::int), 12, '0'))::uuid",
        "2": "'deposit'::varchar",
        "3": f"({begins} AT TIME ZONE 'Europe/Paris')",
        "4": ":people::int",
        "5": "(:counter::int = 1)",
        "6": "'2026-11-24'::timestamptz",
        "7": "'2026-11-25'::timestamptz",
        "8": "uuidv7()",
        "9": "sha256('secret'::bytea)",
        "10": "(:awaited::int = 1)",
    }
    filled = re.sub(r"\$(\d+)", lambda found: values[found.group(1)], statement).strip()
    return (
        "\\set people 1\n\\set counter 0\n\\set awaited 0\n\\set i :i + 1\n"
        f"\\set n ((:i * {CLIENTS} + :client_id) * 7368787 + :seed * 104729) % {size.slots}\n"
        f"\\set cal :n / {size.days * STARTS}\n\\set day (:n / {STARTS}) % {size.days}\n\\set slot :n % {STARTS}\n"
        f"{filled};\n"
    )


async def pgbench(url: str, script: str, *words: str, seed: int = 0) -> float:
    """Transactions a second of a script: 16 clients, 2 threads, prepared statements."""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        process = await asyncio.create_subprocess_exec(
            str(embedded_tools() / "pgbench"),
            *("-n", "-M", "prepared", f"-c{CLIENTS}", "-j2", "-D", "i=-1", "-D", f"seed={seed}", "-f", file.name),
            *(*words, url),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await process.communicate()
    found = re.search(r"tps = ([\d.]+) \(without", output.decode())
    if process.returncode or not found or "failed transactions: 0 " not in output.decode():
        raise RuntimeError(errors.decode()[-2000:] + output.decode())
    return float(found.group(1))
