"""The books: entered once, balanced by the database itself, never rewritten, numbered without a gap."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis import clock, settings
from parvis.db import close_pool, connection, new_id, open_pool, transaction
from parvis.payments.books import ledger, postings, proofs, receipts
from parvis.payments.books.postings import BANK, CASH, RECEIVABLE, Sale
from parvis.testing.payments import a_till

SALE = (Sale("pools", 1000),)
CENTS = st.integers(0, 10_000_000)
SALES = st.lists(st.builds(Sale, st.sampled_from(["pools", "canteen"]), CENTS, st.sampled_from([0, 550, 2000])))


@pytest.fixture
async def crowd(database):
    await close_pool()
    await open_pool(database, size=16)
    return database


@pytest.fixture
async def owner(database):
    """A connection of the role that owns the tables."""
    found = await asyncpg.connect(settings.current().database_owner_url)
    yield found
    await found.close()


async def proved(till) -> None:
    assert await proofs.unlike_sums() == []
    assert await proofs.unbalanced() == []
    assert await proofs.unnumbered() == []
    assert await receipts.gaps(till) == []


def total(lines) -> int:
    return sum(cents for _, cents in lines)


@given(SALES, CENTS, CENTS, st.integers(0, 100))
def test_every_posting_sums_to_zero(sales, cents, owed, percent):
    price = sum(sale.cents for sale in sales)
    every = [
        postings.charged(sales),
        postings.captured("cash", cents, owed),
        postings.captured_in_vain("cash", cents),
        postings.captured_unknown("cash", cents),
        postings.taken_up(sales, cents),
        postings.repaid(BANK, cents),
        postings.paid_out("card", cents, owed),
        postings.paid_over(cents),
        postings.disputed("card", cents),
        postings.dispute_lost(cents),
    ]
    if price:
        given_back = postings.granted(sales, price * percent // 100)
        assert dict(given_back).get("refund_due", 0) == -(price * percent // 100)
        every.append(given_back)
    assert [total(lines) for lines in every] == [0] * len(every)
    assert all(cents for lines in every for _, cents in lines)


def test_giving_all_back_takes_the_whole_sale_back():
    sales = (Sale("pools", 1234, 2000), Sale("shop", 99, 550))
    charged = dict(postings.charged(sales))
    given = dict(postings.granted(sales, 1333))
    assert given.pop("refund_due") == -charged.pop("receivable")
    assert given == {account: -cents for account, cents in charged.items()}


async def test_a_fact_is_entered_once(database):
    till, source = await a_till(), new_id()
    assert await ledger.post(till, "charge", source, postings.charged(SALE)) == 1
    assert await ledger.post(till, "charge", source, postings.charged(SALE)) is None
    assert await ledger.post(till, "capture", source, postings.captured(CASH, 1000, 1000)) == 2
    assert {found.account: found.cents for found in await ledger.balances(till)} == {
        "cash": 1000,
        "receivable": 0,
        "revenue:pools": -1000,
    }
    await proved(till)


async def test_a_reversal_takes_a_fact_back_once(database):
    till, source = await a_till(), new_id()
    await ledger.post(till, "charge", source, postings.charged(SALE))
    assert await ledger.reverse(till, "charge", source) == 2
    assert await ledger.reverse(till, "charge", source) is None
    assert {found.cents for found in await ledger.balances(till)} == {0}


@pytest.mark.parametrize(
    "lines",
    [
        ((RECEIVABLE, 1000), ("revenue:pools", -999)),
        ((RECEIVABLE, 1000),),
        ((RECEIVABLE, 1000), (BANK, -1000), (CASH, 1)),
        ((RECEIVABLE, 0), (BANK, 0)),
        (("pocket", 1000), (BANK, -1000)),
    ],
)
async def test_the_database_refuses_what_does_not_balance(database, lines):
    till = await a_till()
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        await ledger.post(till, "charge", new_id(), lines)
    assert await ledger.entries(till) == []
    assert await ledger.post(till, "charge", new_id(), postings.charged(SALE)) == 1
    await proved(till)


NAMED = ["bank", "revenue:a", "clearing:stripe-1.b_2", "revenue:" + "x" * 50]
MISNAMED = [
    "revenue",
    "revenue:",
    "revenue:A",
    "revenue:é",
    "revenue:a:b",
    "bank:a",
    "rounding ",
    "clearing:" + "x" * 51,
]


@pytest.mark.parametrize("account", MISNAMED)
async def test_an_account_of_no_known_name_is_refused(database, account):
    with pytest.raises(asyncpg.CheckViolationError):
        await ledger.post(await a_till(), "charge", new_id(), ((CASH, 1), (account, -1)))


@pytest.mark.parametrize("account", NAMED)
async def test_an_account_of_a_known_name_is_taken(database, account):
    assert await ledger.post(await a_till(), "charge", new_id(), ((CASH, 1), (account, -1))) == 1


async def test_an_unbalanced_entry_takes_the_whole_transaction_with_it(database):
    till, receipt = await a_till(), new_id()
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        async with transaction():
            await receipts.give(till, receipt, 1000)
            await ledger.post(till, "charge", new_id(), ((RECEIVABLE, 1000), (BANK, -1)))
    assert (await receipts.give(till, receipt, 1000)).number == 1


@pytest.mark.parametrize("table", ["ledger_head", "ledger_entry", "ledger_line", "ledger_balance"])
async def test_the_serving_role_only_reads_the_books(database, table):
    async with connection() as c:
        rights = [
            right
            for right in ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE")
            if await c.fetchval("SELECT has_table_privilege($1, $2)", f"parvis.{table}", right)
        ]
    assert rights == ["SELECT"]


def _entered(lines: str, entry) -> str:
    """An entry of two lines by hand, with the lines given."""
    return (
        f"INSERT INTO parvis.ledger_entry SELECT '{entry}', till, 2, day, at, 'x', till, 2 FROM parvis.ledger_entry; "
        f"INSERT INTO parvis.ledger_line VALUES {lines}"
    )


async def test_even_their_owner_can_neither_rewrite_nor_unbalance_the_books(owner):
    till = await a_till()
    await ledger.post(till, "charge", new_id(), postings.charged(SALE))
    [entry] = await ledger.entries(till)
    other = new_id()
    for rewriting in (
        "UPDATE parvis.ledger_line SET cents = 5",
        "DELETE FROM parvis.ledger_line",
        "TRUNCATE parvis.ledger_line",
        "UPDATE parvis.ledger_entry SET day = day + 1",
        "DELETE FROM parvis.ledger_entry",
        f"INSERT INTO parvis.ledger_line VALUES ('{entry.id}', 3, 'cash', 5)",
        f"INSERT INTO parvis.ledger_line VALUES ('{entry.id}', 3, 'cash', 5), ('{entry.id}', 4, 'bank', -5)",
        *(_entered(f"('{other}', 1, 'cash', 5), ('{other}', {n}, 'bank', -5)", other) for n in (0, 3)),
        _entered(f"('{other}', 1, 'cash', 5), ('{other}', 2, 'bank', -4)", other),
        _entered(f"('{other}', 1, 'cash', 5), ('{other}', 2, 'bank', -4), ('{other}', 3, 'bank', -1)", other),
        f"INSERT INTO parvis.ledger_entry SELECT '{new_id()}', till, 2, day, at, 'x', till, 2 FROM parvis.ledger_entry",
    ):
        with pytest.raises(asyncpg.IntegrityConstraintViolationError):
            await owner.execute(rewriting)
    assert await ledger.entries(till) == [entry]


async def numbered_in_parallel(till, tries: int) -> list[object]:
    """Receipts given by many at once, every fifth of them undone in the end."""

    async def one(number: int) -> None:
        async with transaction():
            source = new_id()
            await receipts.give(till, source, 100)
            await ledger.post(till, "capture", source, postings.captured(CASH, 100, 100))
            if number % 5 == 0:
                raise LookupError

    return await asyncio.gather(*(one(number) for number in range(tries)), return_exceptions=True)


async def test_receipts_have_no_gap_however_many_are_given_or_undone_at_once(crowd):
    till, other = await a_till(), await a_till()
    for answers in await asyncio.gather(numbered_in_parallel(till, 200), numbered_in_parallel(other, 100)):
        assert {type(answer) for answer in answers} == {type(None), LookupError}
    async with connection() as c:
        counted = await c.fetch("SELECT till, max(number) AS last FROM parvis.receipt GROUP BY till")
    assert {row["till"]: row["last"] for row in counted} == {till: 160, other: 80}
    await proved(till)
    await proved(other)


async def test_without_the_counters_lock_numbers_are_given_twice(crowd, monkeypatch):
    """The control: the same rush with a number that is only looked up."""
    monkeypatch.setattr(
        receipts,
        "NEXT_NUMBER",
        "SELECT coalesce(max(number), 0) + 1 FROM parvis.receipt WHERE till = $1 AND year = $2",
    )
    answers = await numbered_in_parallel(await a_till(), 200)
    assert any(isinstance(answer, asyncpg.UniqueViolationError) for answer in answers)


async def test_receipts_begin_anew_each_year_of_the_territory(database):
    till = await a_till()
    names = [(await receipts.give(till, new_id(), 100)).name]
    clock.move(timedelta(days=366))
    names.append((await receipts.give(till, new_id(), 100)).name)
    year = ledger.today().year
    assert names[1] == f"{year}-000001"
    assert names[0] in {f"{year - 1}-000001", f"{year - 2}-000001"}


async def test_running_balances_that_were_tampered_with_are_found(owner):
    till = await a_till()
    await ledger.post(till, "charge", new_id(), postings.charged(SALE))
    await owner.execute("UPDATE parvis.ledger_balance SET debit = debit + 1 WHERE account = 'receivable'")
    assert await proofs.unlike_sums() == [(till, "receivable")]
