"""What is to be paid: asked for once, frozen, paid once, whatever the provider and the payer do."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest

from parvis import clock
from parvis.contract.payments import Found, OutcomeUnknown, Result
from parvis.db import close_pool, connection, new_id, open_pool, transaction
from parvis.errors import Conflict, Invalid, NotFound, Refused
from parvis.payments import (
    accounts,
    asking,
    attempts,
    expiring,
    intents,
    jobs,
    polling,
    purposes,
    refund_sending,
    refunds,
    settling,
)
from parvis.payments.books import ledger, proofs, receipts
from parvis.payments.counter import by_hand
from parvis.payments.intents import Charge
from parvis.payments.settling import Money
from parvis.testing.payments import Shop, a_shop, a_till
from parvis.testing.sandbox_provider import Sandbox

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def shop(database) -> Shop:
    return await a_shop()


@pytest.fixture
def place():
    """A place that can be gone; counts how often it was given."""

    class Place:
        free, given = True, 0

        async def take(self, intent) -> None:
            if not self.free:
                raise Conflict
            self.given += 1

    found = Place()
    purposes.use({"pools": found.take})
    yield found
    purposes.use({})


async def books(till) -> dict[str, int]:
    assert await proofs.unlike_sums() == []
    assert await proofs.unbalanced() == []
    assert await proofs.unnumbered() == []
    assert await receipts.gaps(till) == []
    return {found.account: found.cents for found in await ledger.balances(till) if found.cents}


async def state(intent) -> str:
    return (await intents.intent(intent)).state


async def test_what_is_paid_is_booked_receipted_and_told(shop):
    due, settled = await shop.paid(1000)
    assert settled.taken_as == "paid"
    assert await state(due.id) == "paid"
    assert await books(shop.till) == {f"clearing:{shop.account}": 1000, "revenue:pools": -1000}
    assert (await receipts.receipt_for(settled.capture)).number == 1
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM parvis.event WHERE type = 'payment.settled'") == 1


@pytest.mark.parametrize("cents", [-1, 10**12, 1.5, "twelve", True, None])
async def test_an_amount_that_is_none_is_refused_and_nothing_is_half_written(shop, cents):
    with pytest.raises(Invalid, match="is not an amount in whole cents"):
        await shop.due(cents)
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM parvis.basket") == 0


async def test_nothing_to_pay_is_confirmed_without_a_provider(shop, place):
    due = await shop.due(0, purpose="pools")
    with pytest.raises(Refused, match="There is nothing to pay"):
        await shop.opened(due.id)
    for _ in range(2):
        await settling.settle_free(due.id)
    assert (await state(due.id), place.given, shop.provider.payments) == ("paid", 1, {})
    assert await books(shop.till) == {}


async def test_what_costs_something_is_not_given_for_free(shop):
    due = await shop.due(1)
    with pytest.raises(Refused, match="There is something to pay"):
        await settling.settle_free(due.id)


@pytest.mark.parametrize(("cents", "said"), [(1, "at the counter"), (99, "at the counter"), (10_000_000, "99999,99")])
async def test_amounts_outside_the_providers_limits_are_told_the_way(shop, cents, said):
    due = await shop.due(cents)
    with pytest.raises(Refused, match=said):
        await shop.opened(due.id)
    assert await state(due.id) == "created"


async def test_the_least_and_the_most_are_paid_online(shop):
    for cents in (100, 9_999_999):
        await shop.paid(cents)
    assert (await books(shop.till))["revenue:pools"] == -10_000_099


async def test_small_amounts_are_paid_at_the_counter(shop):
    due = await shop.due(50)
    await accounts.add_account("counter", shop.till, accounts.OFFLINE, "cash")
    taken = [await by_hand.take(due.id, "counter", "1/1", 50) for _ in range(2)]
    assert [found.first for found in taken] == [True, False]
    assert await books(shop.till) == {"cash": 50, "revenue:pools": -50}
    with pytest.raises(Refused, match="by hand"):
        await by_hand.take(due.id, shop.account, "1/2", 50)
    with pytest.raises(NotFound):
        await by_hand.take((await (await a_shop()).due()).id, "counter", "1/3", 50)


async def test_a_basket_over_two_tills_is_one_payment_each_and_one_may_fail(shop):
    other = await a_shop()
    until = clock.now() + 30 * MINUTE
    charges = [Charge(shop.till, "Pool", "pools", 1000), Charge(other.till, "Canteen", "canteen", 700)]
    asked = {due.till: due for due in await intents.demand([*charges, charges[0]], until)}
    paid, failed = asked[shop.till], asked[other.till]
    assert (paid.cents, failed.cents) == (2000, 700)
    ref, refused = await shop.opened(paid.id), await other.opened(failed.id)
    shop.provider.pay(ref)
    other.provider.refuse(refused)
    await attempts.look(shop.provider, shop.account, ref)
    await attempts.look(other.provider, other.account, refused)
    assert [due.state for due in sorted(await intents.of_basket(paid.basket), key=lambda due: due.cents)] == [
        "pending",
        "paid",
    ]
    assert (await books(shop.till))["revenue:pools"] == -2000
    assert await books(other.till) == {}
    other.provider.pay(await other.opened(failed.id))
    await attempts.look(other.provider, other.account, refused)
    assert await state(failed.id) == "paid"


async def test_a_changed_basket_has_another_version_and_money_for_the_former_is_given_back(shop):
    due = await shop.due(1000)
    ref = await shop.opened(due.id)
    [changed] = await intents.demand(
        [Charge(shop.till, "Pool", "pools", 1500)], clock.now() + 30 * MINUTE, basket=due.basket
    )
    assert (changed.version, await state(due.id)) == (2, "cancelled")
    shop.provider.pay(ref)
    settled = await attempts.look(shop.provider, shop.account, ref)
    assert (settled.taken_as, await state(due.id)) == ("vain", "to_refund")
    await shop.paid(1500)
    with pytest.raises(Refused):
        await intents.demand([], clock.now(), basket=due.basket)


async def test_a_basket_that_is_paid_no_longer_changes(shop):
    due, _ = await shop.paid()
    with pytest.raises(Refused, match="it is paid"):
        await intents.demand([Charge(shop.till, "Pool", "pools", 1)], clock.now(), basket=due.basket)
    with pytest.raises(NotFound):
        await intents.demand([Charge(shop.till, "Pool", "pools", 1)], clock.now(), basket=new_id())


async def test_two_tabs_open_one_payment(shop):
    due = await shop.due()
    answers = await asyncio.gather(*(shop.opened(due.id) for _ in range(8)), return_exceptions=True)
    refs = {answer for answer in answers if isinstance(answer, str)}
    assert len(refs) == len(shop.provider.payments) == 1
    assert all(isinstance(answer, str | Refused) for answer in answers)


async def test_coming_back_resumes_the_same_payment_and_another_is_barred_while_it_may_be_paid(shop):
    due = await shop.due(minutes=60)
    ref = await shop.opened(due.id)
    shop.provider.refuse(ref)
    await attempts.look(shop.provider, shop.account, ref)
    clock.move(14 * MINUTE)
    assert await shop.opened(due.id) == ref
    clock.move(2 * MINUTE)
    with pytest.raises(Refused, match="may still come in"):
        await shop.opened(due.id)


@pytest.fixture
def closes_nothing(shop, monkeypatch):
    """A provider that can close no page."""
    cannot = replace(shop.provider.caps(shop.account), cancel=False)
    monkeypatch.setattr(Sandbox, "caps", lambda *_: cannot)


async def test_a_page_paid_unheard_is_settled_before_another_opens_at_who_can_close_none(shop, closes_nothing):
    due = await shop.due(minutes=60)
    shop.provider.pay(await shop.opened(due.id))
    clock.move(21 * MINUTE)
    with pytest.raises(Refused, match="it is paid"):
        await shop.opened(due.id)
    assert (await state(due.id), len(shop.provider.payments)) == ("paid", 1)


@pytest.mark.parametrize("cancel", [True, False])
async def test_no_other_page_opens_until_the_provider_has_said_what_became_of_the_former(shop, monkeypatch, cancel):
    able = replace(shop.provider.caps(shop.account), cancel=cancel)
    monkeypatch.setattr(Sandbox, "caps", lambda *_: able)
    due = await shop.due(minutes=60)
    former = await shop.opened(due.id)
    clock.move(21 * MINUTE)
    shop.provider.down = True
    with pytest.raises(OutcomeUnknown, match="look again in a few minutes"):
        await shop.opened(due.id)
    assert len(shop.provider.payments) == 1
    shop.provider.down = False
    assert await shop.opened(due.id) != former


@pytest.mark.parametrize("cancel", [True, False])
@pytest.mark.parametrize("paid", [True, False])
async def test_many_tabs_after_a_former_page_open_one_or_none(shop, monkeypatch, cancel, paid):
    """None closes what another has just opened."""
    able = replace(shop.provider.caps(shop.account), cancel=cancel)
    monkeypatch.setattr(Sandbox, "caps", lambda *_: able)
    due = await shop.due(minutes=60)
    former = await shop.opened(due.id)
    if paid:
        shop.provider.pay(former)
    clock.move(21 * MINUTE)
    answers = await asyncio.gather(*(shop.opened(due.id) for _ in range(8)), return_exceptions=True)
    assert all(isinstance(answer, str | Refused) for answer in answers)
    refs = {answer for answer in answers if isinstance(answer, str)}
    assert len(shop.provider.payments) == 1 + len(refs) == (1 if paid else 2)
    assert [shop.provider.payments[ref].result for ref in refs] == [Result.WAITING] * len(refs)


async def test_the_control_pays_twice_when_the_clock_ends_a_page(shop, monkeypatch):
    async def unasked(*_):
        """As it was: nobody is asked."""

    async def by_the_clock(c, live):
        await asking.move(c, live["id"], "live", "end")

    monkeypatch.setattr(attempts, "ask_former", unasked)
    monkeypatch.setattr(attempts, "_give_up", by_the_clock)
    due = await shop.due(minutes=60)
    shop.provider.pay(await shop.opened(due.id))
    clock.move(21 * MINUTE)
    shop.provider.pay(await shop.opened(due.id))
    assert sum(payment.cents for payment in shop.provider.payments.values()) == 2000


async def test_a_former_page_at_another_account_is_asked_about_there(shop):
    other = await a_shop()
    await accounts.add_account("elsewhere", shop.till, "sandbox")
    due = await shop.due(minutes=60)
    shop.provider.pay(await shop.opened(due.id))
    clock.move(21 * MINUTE)
    known = {shop.account: shop.provider, "elsewhere": other.provider}
    with pytest.raises(Refused, match="it is paid"):
        await attempts.begin(due.id, known.__getitem__, "elsewhere", label="x", mail="a@b.fr", back="https://x.invalid")
    assert not other.provider.payments


@pytest.mark.parametrize("result", [Result.WAITING, Result.REFUSED])
async def test_money_that_the_provider_itself_learns_of_too_late_is_taken_and_the_second_given_back(
    shop, closes_nothing, monkeypatch, result
):
    """It was asked, and said that nothing was paid."""
    shop.provider.paid_late = True
    due = await shop.due(minutes=60)
    former = await shop.opened(due.id)
    clock.move(21 * MINUTE)
    with monkeypatch.context() as patched:
        patched.setattr(Sandbox, "lookup", lambda *_: _said(result))
        other = await shop.opened(due.id)
    shop.provider.pay(former)
    shop.provider.pay(other)
    taken = [(await attempts.look(shop.provider, shop.account, ref)).taken_as for ref in (former, other)]
    assert taken == ["paid", "extra"]
    assert (await books(shop.till))["refund_due"] == -1000


async def _said(result):
    return Found(result)


async def test_a_former_page_that_can_be_cancelled_is_settled_before_another_opens(shop):
    due, unpaid = await shop.due(minutes=60), await shop.due(minutes=60)
    ref, former = await shop.opened(due.id), await shop.opened(unpaid.id)
    shop.provider.pay(ref)
    clock.move(21 * MINUTE)
    with pytest.raises(Refused, match="it is paid"):
        await shop.opened(due.id)
    assert await shop.opened(unpaid.id) != former
    assert len(shop.provider.payments) == 3


async def test_when_the_answer_is_lost_another_payment_is_opened_at_once(shop):
    due = await shop.due()
    shop.provider.answer_lost = True
    with pytest.raises(OutcomeUnknown):
        await shop.opened(due.id)
    shop.provider.answer_lost = False
    ref = await shop.opened(due.id)
    assert len(shop.provider.payments) == 2
    [lost] = set(shop.provider.payments) - {ref}
    # Nobody could, as nobody has its address; but if somebody did, nothing is lost.
    shop.provider.pay(lost)
    shop.provider.pay(ref)
    taken = [(await attempts.look(shop.provider, shop.account, one)).taken_as for one in (lost, ref)]
    assert taken == ["paid", "extra"]


async def test_a_payment_whose_opener_died_is_given_up_after_a_while(shop):
    due = await shop.due()
    async with connection() as c:
        await c.execute(
            "INSERT INTO parvis.payment_attempt (id, intent, account, state, created, resume_until, live_until) "
            "VALUES ($1, $2, $3, 'creating', $4, $4, $4)",
            new_id(),
            due.id,
            shop.account,
            clock.now(),
        )
    with pytest.raises(Refused, match="is being opened"):
        await shop.opened(due.id)
    clock.move(3 * MINUTE)
    assert await shop.opened(due.id)


async def test_a_refused_card_bars_no_other_way_to_pay_once_its_page_is_over(shop, closes_nothing):
    due = await shop.due(minutes=24 * 60)
    shop.provider.refuse(await shop.opened(due.id))
    clock.move(21 * MINUTE)
    await polling.look_due(lambda _: shop.provider)
    async with connection() as c:
        assert await c.fetchval("SELECT state FROM parvis.payment_attempt") == "dead"
    assert await state(due.id) == "created"


async def test_the_worker_gives_up_what_nobody_answers_for(shop, monkeypatch):
    due = await shop.due()

    async def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(Sandbox, "start", killed)
    monkeypatch.setattr(attempts, "_lose", killed)
    with pytest.raises(KeyboardInterrupt):
        await shop.opened(due.id)
    assert await attempts.lose_unanswered() == 0
    clock.move(3 * MINUTE)
    assert [await attempts.lose_unanswered() for _ in range(2)] == [1, 0]


async def test_the_database_itself_bars_a_second_open_payment(shop):
    due = await shop.due()
    await shop.opened(due.id)
    with pytest.raises(asyncpg.UniqueViolationError):
        async with transaction() as c:
            await c.execute(
                "INSERT INTO parvis.payment_attempt (id, intent, account, state, created, resume_until, live_until) "
                "SELECT $1, intent, account, 'live', created, created, created FROM parvis.payment_attempt",
                new_id(),
            )


async def test_no_provider_is_called_inside_a_transaction(shop):
    due = await shop.due()
    async with transaction():
        with pytest.raises(attempts.InsideTransaction):
            await shop.opened(due.id)


async def test_a_thousand_notifications_at_once_for_a_hundred_payments_are_a_hundred_settlements(shop, place, database):
    await close_pool()
    await open_pool(database, size=16)
    dues = [await shop.due(purpose="pools") for _ in range(100)]
    refs = [await shop.opened(due.id) for due in dues]
    for ref in refs:
        shop.provider.pay(ref)
    answers = await asyncio.gather(*(attempts.look(shop.provider, shop.account, ref) for ref in refs * 10))
    assert sum(answer.first for answer in answers) == 100
    assert {answer.taken_as for answer in answers} == {"paid"}
    assert place.given == 100
    assert await books(shop.till) == {f"clearing:{shop.account}": 100_000, "revenue:pools": -100_000}
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM parvis.receipt") == 100
        assert await c.fetchval("SELECT count(*) FROM parvis.event WHERE type = 'payment.settled'") == 100


async def test_a_place_that_is_gone_gives_the_money_back_at_once(shop, place):
    place.free = False
    due, settled = await shop.paid(3000, purpose="pools")
    assert (settled.taken_as, await state(due.id)) == ("vain", "to_refund")
    assert await books(shop.till) == {f"clearing:{shop.account}": 3000, "refund_due": -3000}
    [refund] = await refunds.refunds_of(settled.capture)
    assert (refund.state, refund.cents) == ("approved", 3000)
    assert await refund_sending.send(refund.id, shop.provider) == "done"
    assert await state(due.id) == "refunded"
    assert await books(shop.till) == {}


async def test_an_agent_may_find_a_place_before_the_money_has_left(shop, place):
    place.free = False
    due, settled = await shop.paid(3000, purpose="pools")
    await settling.take_up(settled.capture)
    assert await state(due.id) == "paid"
    assert {refund.state for refund in await refunds.refunds_of(settled.capture)} == {"cancelled"}
    assert await books(shop.till) == {f"clearing:{shop.account}": 3000, "revenue:pools": -3000}
    _, settled = await shop.paid(3000, purpose="pools")
    [refund] = await refunds.refunds_of(settled.capture)
    await refund_sending.send(refund.id, shop.provider)
    with pytest.raises(Refused):
        await settling.take_up(settled.capture)


@pytest.mark.parametrize(("free", "taken_as"), [(True, "paid"), (False, "vain")])
async def test_money_that_comes_too_late_gets_the_place_if_it_is_still_free(shop, place, free, taken_as):
    due = await shop.due(minutes=5, purpose="pools")
    ref = await shop.opened(due.id)
    clock.move(21 * MINUTE)
    assert await expiring.expire_due(lambda _: shop.provider) == 1
    assert await state(due.id) == "expired"
    place.free = free
    settled = await settling.settle(Money(shop.account, ref, 1000, clock.now()))
    assert settled.taken_as == taken_as


async def test_what_an_open_page_may_still_pay_does_not_expire(shop):
    due = await shop.due(minutes=5)
    ref = await shop.opened(due.id)
    clock.move(10 * MINUTE)
    assert await expiring.expire_due(lambda _: shop.provider) == 0
    shop.provider.pay(ref)
    clock.move(20 * MINUTE)
    assert await expiring.expire_due(lambda _: shop.provider) == 0
    assert await state(due.id) == "paid"


async def test_a_provider_that_is_down_keeps_what_was_chosen_for_two_hours(shop):
    due = await shop.due(minutes=5)
    await shop.opened(due.id)
    shop.provider.down = True
    clock.move(60 * MINUTE)
    assert await expiring.expire_due(lambda _: shop.provider) == 0
    clock.move(70 * MINUTE)
    assert await expiring.expire_due(lambda _: shop.provider) == 1


async def test_money_for_something_cancelled_is_given_back(shop):
    due = await shop.due()
    ref = await shop.opened(due.id)
    await intents.cancel(due.id)
    shop.provider.pay(ref)
    settled = await attempts.look(shop.provider, shop.account, ref)
    assert (settled.taken_as, await state(due.id)) == ("vain", "to_refund")
    [refund] = await refunds.refunds_of(settled.capture)
    for _ in range(2):
        await jobs.send_refunds(lambda _: shop.provider)
    assert (await state(due.id), (await refunds.refund_by_id(refund.id)).state) == ("refunded", "done")
    assert next(iter(shop.provider.refunds.values()))[:2] == (ref, 1000)
    assert len(shop.provider.refunds) == 1
    assert await books(shop.till) == {}
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM parvis.event WHERE type = 'refund.done'") == 1


@pytest.mark.parametrize(
    ("cents", "taken_as", "expected"),
    [
        (1050, "paid", {"revenue:pools": -1000, "credit": -50}),
        (950, "vain", {"refund_due": -950}),
    ],
)
async def test_another_amount_than_was_due(shop, cents, taken_as, expected):
    due = await shop.due(1000)
    ref = await shop.opened(due.id)
    shop.provider.pay(ref, cents)
    settled = await attempts.look(shop.provider, shop.account, ref)
    assert settled.taken_as == taken_as
    assert await books(shop.till) == {f"clearing:{shop.account}": cents, **expected}


async def test_money_nobody_asked_for_waits_in_suspense(shop):
    settled = await settling.settle(Money(shop.account, "from-elsewhere", 500, clock.now()))
    assert (settled.taken_as, await books(shop.till)) == (
        "unknown",
        {f"clearing:{shop.account}": 500, "suspense": -500},
    )
    assert not (await settling.settle(Money(shop.account, "from-elsewhere", 500, clock.now()))).first
    with pytest.raises(NotFound):
        await settling.settle(Money("nobodys", "from-elsewhere", 500, clock.now()))
    with pytest.raises(Invalid):
        await settling.settle(Money(shop.account, "nothing", 0, clock.now()))


async def test_a_foreign_tills_account_does_not_pay(shop):
    other, due = await a_shop(), await shop.due()
    with pytest.raises(NotFound):
        await other.opened(due.id)


STEPS = ["charge", "capture", "receipt", "record", "pay", "move"]


@pytest.mark.parametrize("step", STEPS)
async def test_a_crash_at_any_step_of_a_settlement_leaves_nothing_and_the_next_try_all(shop, place, monkeypatch, step):
    due = await shop.due(purpose="pools")
    ref = await shop.opened(due.id)
    shop.provider.pay(ref)
    with monkeypatch.context() as patched:
        crash_at(patched, step)
        with pytest.raises(ZeroDivisionError):
            await attempts.look(shop.provider, shop.account, ref)
    assert await books(shop.till) == {}
    assert await state(due.id) == "pending"
    assert (await attempts.look(shop.provider, shop.account, ref)).first
    assert await books(shop.till) == {f"clearing:{shop.account}": 1000, "revenue:pools": -1000}
    async with connection() as c:
        assert await c.fetchval("SELECT max(number) FROM parvis.receipt") == 1


def crash_at(patched, step: str) -> None:
    """Let a settlement die after one of its steps."""
    owner, name = {
        "charge": (ledger, "post"),
        "capture": (ledger, "post"),
        "receipt": (receipts, "give"),
        "record": (settling, "record"),
        "pay": (settling, "_pay"),
        "move": (intents, "move"),
    }[step]
    real = getattr(owner, name)

    async def dying(*args, **rest):
        found = await real(*args, **rest)
        if step not in ("charge", "capture") or step in args:
            raise ZeroDivisionError
        return found

    patched.setattr(owner, name, dying)


async def test_a_till_can_be_asked_for_its_accounts(database):
    till = await a_till()
    await accounts.add_account("one", till, "sandbox")
    assert [found.key for found in await accounts.accounts_of(till)] == ["one"]
    with pytest.raises(Conflict):
        await accounts.add_account("one", await a_till(), "sandbox")
    with pytest.raises(Invalid):
        await accounts.add_account("Not a key", till, "sandbox")
