"""A till's counter against PostgreSQL: taken once, numbered, reversed, counted, handed over; never beside a page."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import asyncpg
import pytest
from tests.core.payments.debiting import a_debiting_till

from parvis import clock
from parvis.contract.payments import OutcomeUnknown
from parvis.db import close_pool, connection, new_id, open_pool, transaction
from parvis.errors import Conflict, NotFound, ParvisError, Refused
from parvis.payments import attempts, dues, intents, purposes, refunds
from parvis.payments.books import closings, days, ledger, movements, proofs, receipting, receipts
from parvis.payments.counter import acts, by_hand, takings, till_sessions
from parvis.payments.counter.till_sessions import close_session, open_session
from parvis.testing.payments import a_drawer, a_shop, a_till

MINUTE = timedelta(minutes=1)
TIMES = 30


@pytest.fixture
async def shop(database):
    return await a_shop()


@pytest.fixture
async def drawer(shop):
    return await a_drawer(shop.till)


async def books(till) -> dict[str, int]:
    assert await proofs.unlike_sums() == []
    assert await proofs.unbalanced() == []
    assert await proofs.unnumbered() == []
    assert await receipts.gaps(till) == []
    return {found.account: found.cents for found in await ledger.balances(till) if found.cents}


async def state(intent) -> str:
    return (await intents.intent(intent)).state


async def captures(intent) -> int:
    async with connection() as c:
        return await c.fetchval("SELECT count(*) FROM parvis.capture WHERE intent = $1", intent)


async def test_cash_is_taken_with_its_number_its_receipt_and_the_change(shop, drawer):
    due = await shop.due(1250)
    taken = await drawer.takes(due.id, cash=2000)
    assert (taken.name, taken.cents, taken.change, taken.parts) == ("1/1", 1250, 750, {"cash": 1250})
    assert await state(due.id) == "paid"
    assert await books(shop.till) == {"cash": 1250, "revenue:pools": -1250}
    given = await receipting.given(taken.receipt)
    assert (await receipting.paper(given)).startswith(b"%PDF-")
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM parvis.event WHERE type = 'payment.settled'") == 1


async def test_vouchers_a_cheque_and_cash_lie_each_in_their_account(shop, drawer):
    due = await shop.due(7000)
    await drawer.takes(due.id, cash=1000, cheque=4000, holiday=2000)
    assert await books(shop.till) == {
        "cash": 1000,
        "clearing:cheque": 4000,
        "clearing:holiday": 2000,
        "revenue:pools": -7000,
    }


async def test_the_same_form_sent_again_takes_once(shop, drawer):
    due, once = await shop.due(1000), new_id()
    answers = await asyncio.gather(*(drawer.takes(due.id, once, cash=1000) for _ in range(8)))
    assert {answer.id for answer in answers} == {once}
    assert await books(shop.till) == {"cash": 1000, "revenue:pools": -1000}
    with pytest.raises(NotFound):
        await drawer.takes((await shop.due(1000)).id, once, cash=1000)


async def test_what_is_refused_leaves_nothing(shop, drawer):
    due, other = await shop.due(1000), await (await a_shop()).due(1000)
    with pytest.raises(Refused, match="0,01 euros are missing"):
        await drawer.takes(due.id, cash=999)
    with pytest.raises(Refused, match="pay childcare only"):
        await drawer.takes(due.id, cesu=1000)
    with pytest.raises(NotFound):
        await drawer.takes(other.id, cash=1000)
    with pytest.raises(NotFound):
        await by_hand.collect(drawer.session, due.id, {"cash": 1000}, new_id(), new_id())
    await intents.cancel(due.id)
    with pytest.raises(Refused, match="it was cancelled"):
        await drawer.takes(due.id, cash=1000)
    assert await books(shop.till) == {}
    assert await takings.takings_in(drawer.session) == []


async def test_what_is_paid_is_not_taken_again(shop, drawer):
    due, _ = await shop.paid(1000)
    with pytest.raises(Refused, match="it is paid"):
        await drawer.takes(due.id, cash=1000)
    assert await captures(due.id) == 1


async def test_a_place_that_is_gone_takes_no_money(shop, drawer):
    async def gone(_) -> None:
        raise Conflict

    purposes.use({"pools": gone})
    try:
        with pytest.raises(Refused, match="is gone: take no money"):
            await drawer.takes((await shop.due(1000, purpose="pools")).id, cash=1000)
    finally:
        purposes.use({})
    assert await books(shop.till) == {}


async def test_what_is_late_is_still_taken_at_the_counter(shop, drawer):
    due = await shop.due(1000, minutes=5)
    clock.move(10 * MINUTE)
    await intents.expire(due.id)
    await drawer.takes(due.id, cash=1000)
    assert await state(due.id) == "paid"


async def test_while_a_page_may_be_paid_no_money_is_taken(shop, drawer):
    due = await shop.due(1000)
    ref = await shop.opened(due.id)
    with pytest.raises(Refused, match="has opened a page to pay it online"):
        await drawer.takes(due.id, cash=1000)
    shop.provider.refuse(ref)
    await attempts.look(shop.provider, shop.account, ref)
    with pytest.raises(Refused, match="has opened a page"):
        await drawer.takes(due.id, cash=1000)
    clock.move(21 * MINUTE)
    await drawer.takes(due.id, cash=1000)
    with pytest.raises(Refused, match="it is paid"):
        await shop.opened(due.id)


async def test_a_page_that_can_be_closed_is_closed_first(shop, drawer):
    due = await shop.due(1000)
    await shop.opened(due.id)
    await by_hand.close_pages(due.id, lambda _: shop.provider)
    await drawer.takes(due.id, cash=1000)
    assert await captures(due.id) == 1


async def test_what_was_paid_on_a_page_is_found_before_money_is_taken(shop, drawer):
    due = await shop.due(1000)
    shop.provider.pay(await shop.opened(due.id))
    await by_hand.close_pages(due.id, lambda _: shop.provider)
    with pytest.raises(Refused, match="it is paid"):
        await drawer.takes(due.id, cash=1000)


async def test_a_silent_provider_is_waited_for(shop, drawer):
    due = await shop.due(1000)
    await shop.opened(due.id)
    shop.provider.down = True
    with pytest.raises(OutcomeUnknown):
        await by_hand.close_pages(due.id, lambda _: shop.provider)


async def _rush(shop, drawer) -> list[int]:
    """Each amount paid online and by hand at the same moment: how often each was collected."""
    found = [await shop.due(1000) for _ in range(TIMES)]

    async def online(due) -> None:
        with suppress(Refused):
            ref = await shop.opened(due.id)
            shop.provider.pay(ref)
            await attempts.look(shop.provider, shop.account, ref)

    async def by_hand(due) -> None:
        with suppress(Refused):
            await drawer.takes(due.id, cash=1000)

    await asyncio.gather(*(pay(due) for due in found for pay in (online, by_hand)))
    return [await captures(due.id) for due in found]


@pytest.fixture
async def many(database):
    await close_pool()
    await open_pool(database, size=16)


async def test_online_and_at_the_counter_at_once_is_collected_once(many, shop, drawer):
    assert await _rush(shop, drawer) == [1] * TIMES
    found = await books(shop.till)
    assert found.get("cash", 0) + found.get(f"clearing:{shop.account}", 0) == 1000 * TIMES


async def test_without_looking_at_open_pages_it_would_be_collected_twice(many, shop, drawer, monkeypatch):
    """The control: what bars the second is that look, under the intent's lock."""

    async def blind(*_) -> None:
        return None

    monkeypatch.setattr(attempts, "none_open", blind)
    assert 2 in await _rush(shop, drawer)


async def test_many_at_once_are_numbered_without_a_gap(many, shop, drawer):
    found = [await shop.due(1000) for _ in range(TIMES)]
    await asyncio.gather(*(drawer.takes(due.id, cash=1000) for due in found))
    taken = await takings.takings_in(drawer.session)
    assert sorted(one.number for one in taken) == list(range(1, TIMES + 1))
    assert (await takings.sums_in(drawer.session))["cash"].cents == 1000 * TIMES


STEPS = ["charge", "capture", "receipt", "move", "settle", "record", "taken"]


@pytest.mark.parametrize("step", STEPS)
async def test_a_crash_at_any_step_of_a_taking_leaves_nothing_and_the_next_try_all(shop, drawer, monkeypatch, step):
    due = await shop.due(1000)
    with monkeypatch.context() as patched:
        dies_after(patched, step)
        with pytest.raises(ZeroDivisionError):
            await drawer.takes(due.id, cash=1000)
    assert await books(shop.till) == {}
    assert (await state(due.id), await captures(due.id)) == ("created", 0)
    taken = await drawer.takes(due.id, cash=1000)
    assert (taken.name, taken.receipt_number) == ("1/1", 1)
    assert await books(shop.till) == {"cash": 1000, "revenue:pools": -1000}


@pytest.mark.parametrize("step", ["capture-back", "charge-back", "undo", "refund", "back"])
async def test_a_crash_while_it_is_taken_back_leaves_it_taken(shop, drawer, monkeypatch, step):
    due = await shop.due(1000)
    taken = await drawer.takes(due.id, cash=1000)
    with monkeypatch.context() as patched:
        dies_after(patched, step)
        with pytest.raises(ZeroDivisionError):
            await by_hand.take_back(taken.id, drawer.by, "Wrong bill")
    assert await books(shop.till) == {"cash": 1000, "revenue:pools": -1000}
    assert (await state(due.id), await refunds.refunds_of(taken.capture)) == ("paid", [])


def dies_after(patched, step: str) -> None:
    """Let what is done at the counter die after one of its steps."""
    from parvis.payments import settling

    owner, name = {
        "receipt": (receipts, "give"),
        "settle": (by_hand, "settle"),
        "record": (settling, "record"),
        "taken": (by_hand, "_taken"),
        "move": (intents, "move"),
        "undo": (intents, "move"),
        "refund": (refunds, "reversed_at_counter"),
        "back": (by_hand, "_keep_back"),
    }.get(step, (ledger, "post"))
    real = getattr(owner, name)

    async def dying(*args, **rest):
        found = await real(*args, **rest)
        if owner is not ledger or step in args:
            raise ZeroDivisionError
        return found

    patched.setattr(owner, name, dying)


async def test_what_was_taken_by_mistake_is_taken_back_and_paid_again(shop, drawer):
    due = await shop.due(1000)
    first = await drawer.takes(due.id, cash=1000)
    await by_hand.take_back(first.id, drawer.by, "Wrong bill")
    assert (await state(due.id), await books(shop.till)) == ("created", {})
    assert (await takings.taking(first.id)).back_reason == "Wrong bill"
    [left] = await dues.dues_in(due.basket)
    assert (left.payable, left.paid, left.given_back) == (True, 0, 0)
    assert (await receipting.given(first.receipt)).reversed
    with pytest.raises(Refused, match="taken back already"):
        await by_hand.take_back(first.id, drawer.by, "Again")
    with pytest.raises(Refused, match="More than was paid"):
        await refunds.request(first.capture, 1, "Again", new_id())
    second = await drawer.takes(due.id, cheque=1000)
    assert (second.name, second.receipt_number) == ("1/2", 2)
    assert await books(shop.till) == {"clearing:cheque": 1000, "revenue:pools": -1000}
    assert [one.reversed for one in await days.came_in(shop.till, ledger.today())] == [True, False]
    assert (await days.waiting((await ledger.till_by_id(shop.till)).emitter, ledger.today()))[shop.till].cents == 1000


async def test_it_is_taken_back_only_by_who_took_it_while_the_session_is_open(shop, drawer):
    taken = await drawer.takes((await shop.due(1000)).id, cash=1000)
    with pytest.raises(NotFound):
        await by_hand.take_back(taken.id, new_id(), "Not mine")
    await close_session(drawer.session, {5000: 1, 1000: 1}, drawer.by)
    with pytest.raises(Refused, match="is closed"):
        await by_hand.take_back(taken.id, drawer.by, "Too late")


async def test_what_is_partly_given_back_is_not_taken_back(shop, drawer):
    taken = await drawer.takes((await shop.due(1000)).id, cash=1000)
    await refunds.request(taken.capture, 400, "Closed", new_id())
    with pytest.raises(Refused, match="given back already"):
        await by_hand.take_back(taken.id, drawer.by, "Wrong bill")


async def test_taking_back_twice_at_once_is_once(shop, drawer):
    taken = await drawer.takes((await shop.due(1000)).id, cash=1000)
    again = (by_hand.take_back(taken.id, drawer.by, "Wrong bill") for _ in range(6))
    answers = await asyncio.gather(*again, return_exceptions=True)
    assert sum(answer is None for answer in answers) == 1
    assert all(answer is None or isinstance(answer, Refused) for answer in answers)
    assert await books(shop.till) == {}


async def test_a_session_is_one_for_each_person_and_till(database):
    till, by = await a_till(), new_id()
    with pytest.raises(Refused, match="act is not written yet"):
        await open_session(till, by, 0)
    await a_drawer(till)
    answers = await asyncio.gather(*(open_session(till, by, 0) for _ in range(6)), return_exceptions=True)
    assert sum(not isinstance(answer, Exception) for answer in answers) == 1
    assert {str(answer) for answer in answers if isinstance(answer, Refused)} == {
        "Your session 2 is open already: close it first."
    }
    assert [one.number for one in await till_sessions.sessions_at(till)] == [2, 1]


async def test_a_count_that_fits_closes_and_one_that_does_not_is_explained_and_in_suspense(shop, drawer):
    await drawer.takes((await shop.due(1250)).id, cash=2000)
    with pytest.raises(Refused, match="2,50 euros are missing"):
        await close_session(drawer.session, {5000: 1, 1000: 1}, drawer.by)
    assert (await till_sessions.session_by_id(drawer.session)).is_open
    closed = await close_session(drawer.session, {5000: 1, 1000: 1}, drawer.by, "A coin fell down")
    assert (closed.expected_cents, closed.counted_cents, closed.difference) == (6250, 6000, -250)
    assert await books(shop.till) == {"cash": 1000, "suspense": 250, "revenue:pools": -1250}
    closing = await closings.close(shop.till, ledger.today())
    assert {total.account: total.after for total in closing.totals if total.after} == await books(shop.till)


async def test_a_session_is_closed_once(shop, drawer):
    many_ = (close_session(drawer.session, {5000: 1, 1: 7}, drawer.by, "Coins of somebody") for _ in range(6))
    answers = await asyncio.gather(*many_, return_exceptions=True)
    assert sum(not isinstance(answer, Exception) for answer in answers) == 1
    assert {str(answer) for answer in answers if isinstance(answer, Exception)} == {
        "Session 1 is closed already: nothing was changed."
    }
    assert await books(shop.till) == {"cash": 7, "suspense": -7}
    with pytest.raises(Refused, match="is closed"):
        await drawer.takes((await shop.due(1000)).id, cash=1000)


async def test_closing_while_money_is_taken_counts_it_or_refuses_it(many, shop, drawer):
    found = [await shop.due(1000) for _ in range(10)]
    work = [drawer.takes(due.id, cash=1000) for due in found]
    work.insert(5, close_session(drawer.session, {5000: 1}, drawer.by, "In a hurry"))
    await asyncio.gather(*work, return_exceptions=True)
    closed = await till_sessions.session_by_id(drawer.session)
    assert closed.expected_cents == 5000 + await takings.cash_in(drawer.session)
    assert (await books(shop.till)).get("cash", 0) == 0


async def test_the_database_itself_keeps_sessions_and_takings(shop, drawer):
    taken = await drawer.takes((await shop.due(1000)).id, cash=1000)
    await close_session(drawer.session, {5000: 1, 1000: 1}, drawer.by)
    await open_session(shop.till, drawer.by, 0)
    second = (
        "INSERT INTO parvis.till_session (id, till, number, person, opened_at, float_cents) "
        "SELECT gen_random_uuid(), till, 9, person, opened_at, 0 FROM parvis.till_session WHERE number = 2"
    )
    for sql, wrong in (
        ("UPDATE parvis.till_session SET float_cents = 0", asyncpg.IntegrityConstraintViolationError),
        ("DELETE FROM parvis.till_session", asyncpg.IntegrityConstraintViolationError),
        ("UPDATE parvis.till_taking SET cents = 1", asyncpg.PostgresError),
        ("DELETE FROM parvis.till_taking_part", asyncpg.PostgresError),
        (second, asyncpg.UniqueViolationError),
    ):
        with pytest.raises(wrong):
            async with transaction() as c:
                await c.execute(sql)
    assert (await takings.taking(taken.id)).cents == 1000


async def test_a_session_left_open_is_shown_on_the_next_day(shop, drawer):
    emitter = (await ledger.till_by_id(shop.till)).emitter
    assert (await days.waiting(emitter, ledger.today()))[shop.till].left_open == 0
    clock.move(timedelta(days=1))
    assert (await days.waiting(emitter, ledger.today()))[shop.till].left_open == 1
    await close_session(drawer.session, {5000: 1}, new_id())
    assert (await days.waiting(emitter, ledger.today()))[shop.till].left_open == 0


async def test_cash_is_handed_over_once_and_not_out_of_an_open_drawer(shop, drawer):
    await drawer.takes((await shop.due(3000)).id, cash=2000, cheque=1000)
    for account in ("cash", "clearing:cheque"):
        with pytest.raises(Refused, match="0,00 euros are there outside open sessions"):
            await movements.handed_over(shop.till, "1", 100, account)
    await close_session(drawer.session, {5000: 1, 2000: 1}, drawer.by)
    no_more = "5,00 euros are there outside open sessions: no more can be handed over."
    many_ = (movements.handed_over(shop.till, f"slip {n}", 1500, "cash") for n in range(4))
    answers = await asyncio.gather(*many_, return_exceptions=True)
    assert sorted(map(str, answers)) == [*[no_more] * 3, "True"]
    assert await movements.handed_over(shop.till, "slip 9", 1000, "clearing:cheque")
    assert not await movements.handed_over(shop.till, "slip 9", 1000, "clearing:cheque")
    assert await books(shop.till) == {"cash": 500, "paid_over": 2500, "revenue:pools": -3000}
    assert [entry.kind for entry in await ledger.entries(shop.till)].count("hand-over") == 2


async def test_an_act_is_changed_and_counts_at_once(shop, drawer):
    due = await shop.due(1000)
    act = await acts.act_of(shop.till)
    await acts.keep_act(shop.till, type(act)("n° 2", act.ways - {"cheque"}, act.products), new_id())
    with pytest.raises(Refused, match="does not let it take this"):
        await drawer.takes(due.id, cheque=1000)
    with pytest.raises(ParvisError):
        await acts.keep_act(shop.till, type(act)("n° 3", frozenset(), frozenset()), new_id())
    assert (await acts.act_of(shop.till)).reference == "n° 2"


async def test_what_is_debited_is_not_taken_by_hand_and_the_reason_is_said(database):
    till = await a_debiting_till()
    due = await till.due()
    await till.batch()
    drawer = await a_drawer(till.till)
    await by_hand.close_pages(due.id, till.provider_of)
    with pytest.raises(Refused, match="it is debited"):
        await drawer.takes(due.id, cash=1000)
