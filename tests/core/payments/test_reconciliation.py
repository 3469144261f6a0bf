"""The provider's statement against the books: every corruption is found, and somebody has to say why."""

from datetime import timedelta

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis import clock, settings
from parvis.contract.payments import OutcomeUnknown, Row, RowKind
from parvis.db import new_id, transaction
from parvis.errors import NotFound, Refused
from parvis.payments import attempts, intents, refund_sending, refunds, settling
from parvis.payments.books import ledger
from parvis.payments.settling import Money
from parvis.payments.statements import comparing, reconciling
from parvis.testing.payments import Shop, a_shop

ROWS = st.lists(
    st.builds(Row, st.sampled_from(RowKind), st.text("abcdef", min_size=1, max_size=3), st.integers(1, 9)),
    unique_by=lambda row: (row.kind, row.ref),
)


@pytest.fixture
async def shop(database) -> Shop:
    return await a_shop()


async def day_of_trade(shop: Shop) -> list[Row]:
    """Four sales and a refund; the statement of that day."""
    for cents in (1000, 2000, 3000, 4000):
        _, settled = await shop.paid(cents)
    refund = await refunds.request(settled.capture, 500, "Closed", new_id())
    await refunds.decide(refund.id, True, new_id())
    await refund_sending.send(refund.id, shop.provider)
    return list(await shop.provider.rows(shop.account, ledger.today()))


def sorts(found: list[comparing.Difference]) -> list[str]:
    return sorted(one.sort for one in found)


@given(ROWS)
def test_two_equal_sides_do_not_differ_in_whatever_order(rows):
    assert comparing.compare(rows[::-1], rows) == []


@given(ROWS.filter(bool), st.data())
def test_every_corruption_of_one_line_is_found(rows, data):
    number = data.draw(st.integers(0, len(rows) - 1))
    row, rest = rows[number], [*rows[:number], *rows[number + 1 :]]
    other = Row(row.kind, row.ref, row.cents + data.draw(st.integers(1, 5)))
    stray = Row(row.kind, row.ref + "x", row.cents)
    assert sorts(comparing.compare(rest, rows)) == ["missing-there"]
    assert sorts(comparing.compare(rows, rest)) == ["missing-here"]
    assert sorts(comparing.compare([*rest, other], rows)) == ["amount"]
    assert sorts(comparing.compare([*rows, row], rows)) == ["twice"]
    if stray not in rows:
        assert sorts(comparing.compare([*rest, stray], rows)) == ["missing-here", "missing-there"]


async def test_a_day_that_agrees_has_no_difference(shop):
    rows = await day_of_trade(shop)
    assert len(rows) == 5
    assert await reconciling.reconcile_day(shop.provider, shop.account, ledger.today()) == []
    assert await reconciling.open_differences(shop.till) == []


async def test_two_amounts_swapped_leave_the_total_and_are_found(shop):
    first, second, *rest = await day_of_trade(shop)
    swapped = [Row(first.kind, first.ref, second.cents), Row(second.kind, second.ref, first.cents), *rest]
    found = await reconciling.reconcile(shop.account, ledger.today(), swapped)
    assert [(one.sort, one.ours, one.theirs) for one in sorted(found, key=lambda one: one.ours or 0)] == [
        ("amount", 1000, 2000),
        ("amount", 2000, 1000),
    ]


@pytest.mark.parametrize(
    ("corrupt", "expected"),
    [
        (lambda rows: rows[1:], ["missing-there"]),
        (lambda rows: [*rows, Row(RowKind.CAPTURE, "stray", 700)], ["missing-here"]),
        (lambda rows: [*rows, rows[0]], ["twice"]),
        (lambda rows: rows[:-1], ["missing-there"]),
        (lambda rows: [*rows[:-1], Row(RowKind.REFUND, rows[-1].ref, 499)], ["amount"]),
        (lambda rows: [*rows[:-1], Row(RowKind.CAPTURE, rows[-1].ref, 500)], ["missing-here", "missing-there"]),
        (lambda rows: [], ["missing-there"] * 5),
    ],
)
async def test_each_seeded_corruption_becomes_a_line_to_close(shop, corrupt, expected):
    rows = await day_of_trade(shop)
    found = await reconciling.reconcile(shop.account, ledger.today(), corrupt(rows))
    assert sorts(found) == expected
    assert sorted(one.sort for one in await reconciling.open_differences(shop.till)) == expected


async def test_money_in_the_statement_alone_is_taken_and_no_longer_differs(shop):
    due = await shop.due(1000)
    ref = await shop.opened(due.id)
    shop.provider.pay(ref)
    today = ledger.today()
    rows = await shop.provider.rows(shop.account, today)
    assert sorts(await reconciling.reconcile(shop.account, today, rows)) == ["missing-here"]
    assert await reconciling.reconcile_day(shop.provider, shop.account, today) == []
    assert (await intents.intent(due.id)).state == "paid"
    [left] = await reconciling.open_differences(shop.till)
    assert not left.found_again


async def test_books_that_were_tampered_with_differ_from_the_statement(shop):
    await day_of_trade(shop)
    owner = await asyncpg.connect(settings.current().database_owner_url)
    await owner.execute("ALTER TABLE parvis.ledger_line DISABLE TRIGGER ALL")
    await owner.execute(f"DELETE FROM parvis.ledger_line WHERE cents = 3000 AND account = 'clearing:{shop.account}'")
    await owner.close()
    [found] = await reconciling.reconcile_day(shop.provider, shop.account, ledger.today())
    assert (found.sort, found.ours, found.theirs) == ("amount", 0, 3000)


async def test_a_difference_is_closed_once_by_somebody_with_a_reason_and_stays_closed(shop):
    rows, by = await day_of_trade(shop), new_id()
    await reconciling.reconcile(shop.account, ledger.today(), rows[1:])
    [found] = await reconciling.open_differences(shop.till)
    for nothing in ("", "  "):
        with pytest.raises(Refused, match="Say why"):
            await reconciling.close(found.id, by, nothing)
    await reconciling.close(found.id, by, "On the next day's statement")
    with pytest.raises(Refused, match="already"):
        await reconciling.close(found.id, by, "Again")
    with pytest.raises(NotFound):
        await reconciling.close(new_id(), by, "Nothing")
    await reconciling.reconcile(shop.account, ledger.today(), rows[1:])
    assert await reconciling.open_differences(shop.till) == []
    [kept] = await reconciling.differences_of(shop.account, ledger.today())
    assert (kept.closed_by, kept.reason) == (by, "On the next day's statement")


async def test_nothing_waits_for_ever_unseen(shop):
    shop.provider.answer_lost = False
    _, settled = await shop.paid(1000)
    refund = await refunds.request(settled.capture, 500, "Closed", new_id())
    await settling.settle(Money(shop.account, "stray", 300, clock.now()))
    due = await shop.due()
    await shop.opened(due.id)
    assert await reconciling.note_waiting(shop.account) == 0
    clock.move(timedelta(days=3))
    for _ in range(2):
        assert await reconciling.note_waiting(shop.account) == 3
    found = {(one.kind, one.provider_ref): one.ours for one in await reconciling.open_differences(shop.till)}
    assert found == {("refund", str(refund.id)): 500, ("capture", "stray"): 300, ("intent", str(due.id)): 1000}


async def test_without_the_providers_answer_nothing_is_reconciled(shop):
    await day_of_trade(shop)
    shop.provider.down = True
    with pytest.raises(OutcomeUnknown):
        await reconciling.reconcile_day(shop.provider, shop.account, ledger.today())
    async with transaction():
        with pytest.raises(attempts.InsideTransaction):
            await reconciling.reconcile_day(shop.provider, shop.account, ledger.today())
    assert await reconciling.open_differences(shop.till) == []
