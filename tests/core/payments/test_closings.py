"""Closing a till's days, and its journal."""

import asyncio
from datetime import timedelta
from itertools import pairwise

import asyncpg
import pytest

from parvis import clock, settings
from parvis.db import new_id, transaction
from parvis.errors import Refused
from parvis.payments.books import closings, journals, ledger, postings, proofs
from parvis.payments.books.journals import Span
from parvis.payments.books.postings import Sale
from parvis.payments.counter.till_sessions import close_session, open_session
from parvis.testing.payments import a_drawer, a_till


async def sell(till, cents: int = 1000) -> None:
    source = new_id()
    await ledger.post(till, "charge", source, postings.charged([Sale("pools", cents)]))
    await ledger.post(till, "capture", source, postings.captured("clearing:card", cents, cents))


async def test_an_arrete_says_what_each_account_had_and_has(database):
    till = await a_till()
    await sell(till)
    first = await closings.close(till, ledger.today())
    clock.move(timedelta(days=1))
    await sell(till, 250)
    second = await closings.close(till, ledger.today())
    assert (first.first_entry, first.last_entry, second.first_entry, second.last_entry) == (1, 2, 3, 4)
    totals = {total.account: total for total in second.totals}
    assert (totals["clearing:card"].before, totals["clearing:card"].after) == (1000, 1250)
    assert {found.account: found.cents for found in await ledger.balances(till)} == {
        account: total.after for account, total in totals.items()
    }
    assert await closings.closings(till) == [second, first]
    assert await closings.unsealed(till) == []


async def test_a_day_is_closed_once_and_no_day_that_has_not_begun(database):
    till, today = await a_till(), ledger.today()
    await closings.close(till, today)
    for day, said in ((today, "already closed through"), (today + timedelta(days=1), "has not begun")):
        with pytest.raises(Refused, match=said):
            await closings.close(till, day)
    assert len(await closings.closings(till)) == 1


async def test_what_comes_after_an_arrete_counts_to_the_next_day(database):
    till, today = await a_till(), ledger.today()
    await closings.close(till, today)
    await sell(till)
    assert {entry.day for entry in await ledger.entries(till)} == {today + timedelta(days=1)}


async def test_yesterday_is_closed_without_what_came_in_today(database):
    till = await a_till()
    await sell(till)
    clock.move(timedelta(days=1))
    await sell(till)
    closing = await closings.close(till, ledger.today() - timedelta(days=1))
    assert (closing.first_entry, closing.last_entry) == (1, 2)


async def test_sales_and_arretes_at_once_leave_no_entry_out_or_counted_twice(database):
    till = await a_till()
    days = [ledger.today() - timedelta(days=back) for back in (3, 2, 1, 0)]
    await asyncio.gather(
        *(sell(till) for _ in range(40)), *(closings.close(till, day) for day in days), return_exceptions=True
    )
    clock.move(timedelta(days=2))
    await closings.close(till, ledger.today())
    spans = [(found.first_entry, found.last_entry) for found in reversed(await closings.closings(till))]
    assert spans[0][0] == 1
    assert spans[-1][1] == 80
    assert all(one[1] + 1 == other[0] for one, other in pairwise(spans))
    assert await proofs.unnumbered() == []


async def test_a_journal_that_was_rewritten_no_longer_fits_its_seal(database):
    till = await a_till()
    for _ in range(2):
        await sell(till)
        clock.move(timedelta(days=1))
        await closings.close(till, ledger.today())
    owner = await asyncpg.connect(settings.current().database_owner_url)
    await owner.execute("ALTER TABLE parvis.ledger_line DISABLE TRIGGER ALL")
    await owner.execute(
        "UPDATE parvis.ledger_line SET cents = cents * 2 "
        "WHERE entry IN (SELECT id FROM parvis.ledger_entry WHERE number = 3)"
    )
    await owner.close()
    assert await closings.unsealed(till) == [2]


async def test_the_journal_goes_out_as_a_sheet(database):
    till = await a_till()
    await sell(till, 123456)
    sheet = "".join([piece async for piece in journals.journal_sheet(till, Span(1, 2))])
    lines = sheet.removeprefix("\ufeff").split("\r\n")
    assert sheet.startswith("\ufeff")
    assert lines[0] == "number;day;kind;source;account;debit;credit;reference"
    assert [line.split(";")[4:7] for line in lines[1:5]] == [
        ["receivable", "1234,56", ""],
        ["revenue:pools", "", "1234,56"],
        ["clearing:card", "1234,56", ""],
        ["receivable", "", "1234,56"],
    ]
    assert lines[1].split(";")[1] == ledger.today().strftime("%d/%m/%Y")


async def test_days_of_the_journal_are_a_span_of_numbers(database):
    till, first = await a_till(), ledger.today()
    for days in (0, 0, 2, 1):
        clock.move(timedelta(days=days))
        await sell(till)
    spans = {
        (0, 0): Span(1, 4),
        (0, 1): Span(1, 4),
        (1, 1): Span(5, 4),
        (1, 2): Span(5, 6),
        (2, 9): Span(5, 8),
        (-9, -1): Span(1, 0),
        (4, 9): Span(1, 0),
    }
    for (since, until), span in spans.items():
        found = await journals.span_of(till, first + timedelta(days=since), first + timedelta(days=until))
        assert (found.count, found.count and found) == (span.count, span.count and span)
    sheet = [piece async for piece in journals.journal_sheet(till, Span(5, 6))]
    assert [line.split(";")[0] for line in "".join(sheet).splitlines()] == ["\ufeffnumber", "5", "5", "6", "6"]


async def test_a_long_journal_goes_out_in_pieces(database, monkeypatch):
    monkeypatch.setattr(journals, "_BATCH", 3)
    till = await a_till()
    for _ in range(4):
        await sell(till)
    pieces = [piece async for piece in journals.journal_sheet(till, Span(1, 8))]
    assert [piece.count("\r\n") for piece in pieces] == [1, 6, 6, 4]


async def test_no_day_is_closed_whose_session_was_not_counted(database):
    till = await a_till()
    drawer = await a_drawer(till)
    with pytest.raises(Refused, match="Session 1 at the counter is still open"):
        await closings.close(till, ledger.today())
    assert (await closings.close(till, ledger.today() - timedelta(days=1))).number == 1
    await close_session(drawer.session, {5000: 1}, drawer.by)
    assert (await closings.close(till, ledger.today())).number == 2


async def arrete_while_a_session_opens(till):
    """What an arrêt comes to that begins while somebody's session is open, and not yet committed."""
    opened, closed = asyncio.Event(), asyncio.Event()

    async def begin():
        async with transaction() as c:
            await open_session(till, new_id(), 0)
            opened.set()
            # pg_locks is read anew each time, unlike pg_stat_activity within a transaction.
            waits = "SELECT EXISTS (SELECT FROM pg_locks WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
            while not closed.is_set() and not await c.fetchval(waits):
                await asyncio.sleep(0)

    async def close():
        await opened.wait()
        try:
            return await closings.close(till, ledger.today())
        finally:
            closed.set()

    _, answer = await asyncio.gather(begin(), close(), return_exceptions=True)
    return answer


@pytest.fixture
async def with_counter(database):
    till = await a_till()
    drawer = await a_drawer(till)
    await close_session(drawer.session, {5000: 1}, drawer.by)
    return till


async def test_an_arrete_waits_for_a_session_that_is_being_opened(with_counter):
    answer = await arrete_while_a_session_opens(with_counter)
    assert "Session 2 at the counter is still open" in str(answer)
    assert await closings.latest(with_counter) is None


async def test_without_the_tills_lock_it_would_not_see_it(with_counter, monkeypatch):
    async def nothing(*_):
        pass

    monkeypatch.setattr(ledger, "hold", nothing)
    assert (await arrete_while_a_session_opens(with_counter)).number == 1
