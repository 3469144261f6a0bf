"""Books and statements: entering a fact, the balance of a long-lived till, reconciling a large day."""

from __future__ import annotations

import asyncio
import time as watch
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from uuid import UUID

from benchmarks.ground import CLIENTS, SHORT, Size, pgbench, seeded
from benchmarks.measure import Line, line, middle_time, ratio_of, rounds, spread
from benchmarks.raw_books import RAW, entering
from benchmarks.raw_books import settling as by_hand
from parvis import clock
from parvis.contract.payments import Row, RowKind
from parvis.db import close_pool, connection, new_id, open_pool, transaction
from parvis.db.cluster import Cluster
from parvis.payments import accounts, attempts, intents, settling
from parvis.payments.books import ledger, proofs
from parvis.payments.intents import Charge
from parvis.payments.statements import reconciling
from parvis.testing.sandbox_provider import Sandbox

_TILLS = 40
_LINES = (("receivable", 2500), ("revenue:pools", -1000), ("revenue:canteen", -1100), ("vat", -400))
_ENTRIES = """
INSERT INTO parvis.ledger_entry (id, till, number, day, at, kind, source, lines)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, $1, n,
    '2027-01-04'::date + n / 3000, '2027-01-04', 'charge', gen_random_uuid(), 2
FROM generate_series($2::int, $3::int) n
"""
_ENTRY_LINES = """
INSERT INTO parvis.ledger_line (entry, n, account, cents)
SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, side,
    CASE side WHEN 1 THEN 'receivable' ELSE 'revenue:pools' END,
    CASE side WHEN 1 THEN 1000 + n % 7 ELSE -1000 - n % 7 END
FROM generate_series($1::int, $2::int) n, generate_series(1, 2) side
"""
_BATCH = 500_000
_SUM = (
    "SELECT l.account, sum(l.cents) FROM parvis.ledger_entry e JOIN parvis.ledger_line l ON l.entry = e.id "
    "WHERE e.till = $1 GROUP BY l.account"
)
_WRONG = 100


async def money_lines(cluster: Cluster, before: str, size: Size, times: int, seconds: float) -> list[Line]:
    """Entries a second; milliseconds for a till's balances; seconds for a day's statement."""
    url = await seeded(cluster, Size("money", 2, 2))
    await close_pool()
    await open_pool(url, size=CLIENTS)
    try:
        posting = await _posting(url, times, seconds)
        day = await _reconciling(2_000 if size is SHORT else 100_000, times)
        return [*posting, day, await _balances(100_000 if size is SHORT else 10_000_000, times)]
    finally:
        await close_pool()
        await open_pool(before, size=CLIENTS)


async def _posting(url: str, times: int, seconds: float) -> list[Line]:
    async with connection() as c:
        await c.execute(RAW)
    tills = [await _till(number) for number in range(_TILLS)]

    async def ours(_: int) -> float:
        await _tidied()
        return await _rate(lambda n: ledger.post(tills[n % _TILLS], "charge", new_id(), _LINES), seconds)

    async def theirs(turn: int) -> float:
        await _tidied()
        return await pgbench(url, entering(_TILLS), f"-T{max(1, round(seconds))}", seed=turn)

    async def settled_by_hand(turn: int) -> float:
        await _tidied()
        return await pgbench(url, by_hand(_TILLS), f"-T{max(1, round(seconds))}", seed=turn)

    async def settled(_: int) -> float:
        await _tidied()
        return await _settled(tills, seconds)

    contenders = {"pgbench": theirs, "ours": ours, "by hand": settled_by_hand, "settled": settled}
    # The first round only fills the tables, so that the others plan for what is in them.
    found = {name: rates[1:] for name, rates in (await rounds(contenders, times + 1)).items()}
    if await proofs.unbalanced() or await proofs.unlike_sums() or await proofs.unnumbered():
        raise RuntimeError("The books do not hold.")
    figure = f"entering a fact of 4 lines at {_TILLS} tills ÷ pgbench on the same inserts, unchecked"
    return [
        line(figure, found["ours"], found["pgbench"], "0.50"),
        line(
            "a whole settlement (place, books, receipt, event) ÷ pgbench on the same reads and writes, unchecked",
            found["settled"],
            found["by hand"],
        ),
    ]


async def _tidied() -> None:
    """What autovacuum would have done: plans made while a table was empty read the whole of it for every line."""
    async with connection() as c:
        await c.execute("VACUUM ANALYZE", timeout=600)
        await c.execute("CHECKPOINT", timeout=600)


async def _settled(tills: Sequence[UUID], seconds: float) -> float:
    provider, dues = Sandbox(), []
    for number in range(round(600 * seconds)):
        till = tills[number % _TILLS]
        charges = [Charge(till, "Pool", "pools", 1000), Charge(till, "Canteen", "canteen", 1500, 550)]
        [due] = await intents.demand(charges, clock.now() + timedelta(hours=1))
        page = await attempts.begin(
            due.id, lambda _: provider, _key(till), label="x", mail="a@b.fr", back="https://x.invalid"
        )
        dues.append((_key(till), page.url.rsplit("/", 1)[1]))
    waiting = iter(dues)
    began = watch.perf_counter()

    async def client() -> None:
        for at, ref in waiting:
            await settling.settle(settling.Money(at, ref, 2500, clock.now()))

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return len(dues) / (watch.perf_counter() - began)


async def _reconciling(rows: int, times: int) -> Line:
    till, day = await _till(900), ledger.today()
    at = await accounts.account(_key(till))
    statement = await _captured(till, at.key, rows)
    wrong = [Row(row.kind, row.ref, row.cents + 1) for row in statement[:_WRONG]] + statement[_WRONG:]

    async def ours(_: int) -> float:
        began = watch.perf_counter()
        found = await reconciling.reconcile(at.key, day, wrong)
        took = watch.perf_counter() - began
        if len(found) != _WRONG:
            raise RuntimeError(f"{len(found)} differences instead of {_WRONG}")
        return took

    async def theirs(_: int) -> float:
        began = watch.perf_counter()
        async with transaction() as c:
            await c.execute("CREATE TEMP TABLE kept (n int, kind text, ref text, cents bigint) ON COMMIT DROP")
            lines = ((n, row.kind.value, row.ref, row.cents) for n, row in enumerate(wrong))
            await c.copy_records_to_table("kept", records=lines)
        return watch.perf_counter() - began

    found = await rounds({"ours": ours, "theirs": theirs}, times)
    figure = f"reconciling a day of {rows:,} lines, {_WRONG} of them wrong ÷ only copying them in (time)"
    return _times(figure, "10 s", found["ours"], found["theirs"])


async def _captured(till: UUID, at: str, rows: int) -> list[Row]:
    found = [Row(RowKind.CAPTURE, f"ref-{number}", 1000 + number % 900) for number in range(rows)]
    now, day = clock.now(), ledger.today()
    ids = [new_id() for _ in found]
    captures = [
        (one, at, row.ref, till, None, row.cents, "unknown", now, day) for one, row in zip(ids, found, strict=True)
    ]
    entries = [(one, till, number, day, now, "capture", one, 2) for number, one in enumerate(ids, start=1)]
    sides = ((f"clearing:{at}", 1), ("suspense", -1))
    lines = [
        (one, n, account, sign * row.cents)
        for one, row in zip(ids, found, strict=True)
        for n, (account, sign) in enumerate(sides, start=1)
    ]
    async with transaction() as c:
        # A day's books come in one by one; in bulk, their triggers would be most of what is waited for.
        await c.execute("SET LOCAL session_replication_role = replica")
        await c.copy_records_to_table("ledger_entry", schema_name="parvis", records=entries)
        await c.copy_records_to_table("ledger_line", schema_name="parvis", records=lines)
        await c.copy_records_to_table("capture", schema_name="parvis", records=captures)
    return found


async def _balances(entries: int, times: int) -> Line:
    till = await _till(901)
    async with transaction() as c:
        # What fills the books in bulk adds up by itself; the triggers would look at each line.
        await c.execute("SET LOCAL session_replication_role = replica")
        for first in range(1, entries + 1, _BATCH):
            last = min(first + _BATCH - 1, entries)
            await c.execute(_ENTRIES, till, first, last, timeout=3600)
            await c.execute(_ENTRY_LINES, first, last, timeout=3600)
    async with connection() as c:
        await c.execute("ANALYZE parvis.ledger_entry, parvis.ledger_line", timeout=3600)
        await c.execute(
            "INSERT INTO parvis.ledger_balance SELECT $1, account, greatest(sum, 0), greatest(-sum, 0) "
            f"FROM ({_SUM}) AS summed (account, sum)",
            till,
            timeout=3600,
        )

    async def ours(_: int) -> float:
        began = watch.perf_counter()
        await ledger.balances(till)
        return watch.perf_counter() - began

    async def theirs(_: int) -> float:
        began = watch.perf_counter()
        async with connection() as c:
            summed = dict(await c.fetch(_SUM, till, timeout=3600))
        took = watch.perf_counter() - began
        if summed != {found.account: found.cents for found in await ledger.balances(till)}:
            raise RuntimeError("The running balances are not the sums.")
        return took

    found = await rounds({"ours": ours, "theirs": theirs}, min(times, 3))
    figure = f"summing a till of {entries:,} entries ÷ its running balances (time)"
    took = middle_time(found["ours"]), middle_time(found["theirs"])
    ratio = ratio_of(found["theirs"], found["ours"])
    return Line(figure, "50 ms", "–", ratio, *took, spread(found["ours"]), spread(found["theirs"]))


async def _rate(act: Callable[[int], Awaitable[object]], seconds: float) -> float:
    began = watch.perf_counter()
    counts = [0] * CLIENTS

    async def client(number: int) -> None:
        while watch.perf_counter() - began < seconds:
            await act(number * 7 + counts[number] * 11)
            counts[number] += 1

    await asyncio.gather(*map(client, range(CLIENTS)))
    return sum(counts) / (watch.perf_counter() - began)


async def _till(number: int) -> UUID:
    async with connection() as c:
        emitter = await c.fetchval("SELECT id FROM parvis.emitter LIMIT 1")
    till = await ledger.open_till(emitter, f"till-{number}", f"Till {number}")
    await accounts.add_account(_key(till), till, "sandbox")
    return till


def _key(till: UUID) -> str:
    return f"bench-{till.hex}"


def _times(figure: str, floor: str, ours: list[float], theirs: list[float]) -> Line:
    took = middle_time(ours), middle_time(theirs)
    return Line(figure, floor, "–", ratio_of(ours, theirs), *took, spread(ours), spread(theirs))
