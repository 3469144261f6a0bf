"""A service cancels places: what its till's terms give back, once, of what is there, whoever does what meanwhile."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from parvis import clock
from parvis.contract.values import Channel
from parvis.db import connection, new_id, transaction
from parvis.errors import Conflict, Invalid, NotFound, Refused
from parvis.identity.contacts import Contact
from parvis.payments import attempts, disputing, intents, purposes, refund_sending, refunds, returning
from parvis.payments.books import ledger, proofs
from parvis.payments.credits import balances, paying_out
from parvis.payments.intents import Charge
from parvis.payments.invoices import bills, issuing, splitting
from parvis.payments.invoices.bills import BillTo
from parvis.payments.invoices.splitting import Rule
from parvis.payments.terms import cancelling, dated, lines
from parvis.payments.terms.rules import Step, Terms
from parvis.testing.payments import Shop, a_shop
from parvis.testing.visits import put_clock

AGENT, MANAGER = new_id(), new_id()
SOFT = Terms((Step(7, "days", 10_000), Step(1, "days", 5000)))
NOW = datetime(2027, 3, 8, 9, tzinfo=UTC)
SOON, FAR = NOW + timedelta(days=2), NOW + timedelta(days=30)
LEA = Contact(Channel.MAIL, "lea@example.org")


@dataclass
class Lessons:
    """A double of a service that sells places: taken when they are paid, freed when they are cancelled."""

    shop: Shop
    taken: set = field(default_factory=set)

    async def take(self, intent):
        async with connection() as c:
            rows = await c.fetch("SELECT id FROM parvis.charge WHERE intent = $1 AND credit IS NULL", intent.id)
        self.taken |= {row["id"] for row in rows}

    async def ordered(self, *cents):
        """The charges of places asked for together, and the intent."""
        charges = [Charge(self.shop.till, "Leçon", "pools", each, id=new_id()) for each in cents]
        [due] = await intents.demand(charges, clock.now() + timedelta(minutes=30), purpose="lessons")
        return due, [charge.id for charge in charges]

    async def sold(self, *cents, paid=None):
        due, charges = await self.ordered(*cents)
        return charges, (await pays(self.shop, due, paid)).capture

    async def cancels(self, charge, begins=SOON, *, by_body=False, by=None):
        async with transaction():
            done = await cancelling.cancel(charge, begins, by_body=by_body, by=by)
            self.taken.discard(charge)
        return done


@pytest.fixture
async def lessons(database):
    put_clock(NOW)
    found = Lessons(await a_shop(alone_up_to=10_000))
    await says(found.shop, SOFT)
    purposes.use({"lessons": found.take})
    yield found
    purposes.use({})


async def says(shop, terms, since=None):
    return await dated.keep(shop.till, since or ledger.today(), terms, MANAGER, await dated.last_said(shop.till))


async def pays(shop, intent, cents=None):
    shop.provider.pay(ref := await shop.opened(intent.id), cents)
    return await attempts.look(shop.provider, shop.account, ref)


async def asked_back(capture):
    return sum(one.cents for one in await refunds.refunds_of(capture) if one.state != "rejected")


async def books(shop):
    assert await proofs.unlike_sums() == await proofs.unbalanced() == []
    return {one.account: one.cents for one in await ledger.balances(shop.till) if one.cents}


async def test_the_payer_gets_back_what_the_terms_say_through_the_existing_path(lessons):
    [charge], capture = await lessons.sold(1001)
    assert (await cancelling.what_comes_back(charge, SOON)).money == 501
    done = await lessons.cancels(charge)
    assert (done.back.due, done.back.money, done.waits, done.first) == (501, 501, False, True)
    assert lessons.taken == set()
    [refund] = await refunds.refunds_of(capture)
    assert (refund.cents, refund.state, refund.reason, refund.cancellation) == (
        501,
        "approved",
        "terms",
        done.cancellation,
    )
    await refund_sending.send(refund.id, lessons.shop.provider)
    assert await books(lessons.shop) == {f"clearing:{lessons.shop.account}": 500, "revenue:pools": -500}


@pytest.mark.parametrize(
    ("begins", "by_body", "cents"),
    [(FAR, False, 1000), (SOON, False, 500), (NOW, False, 0), (NOW - timedelta(days=3), False, 0), (NOW, True, 1000)],
)
async def test_the_body_always_gives_all_of_it_back_and_the_payer_by_the_hour(lessons, begins, by_body, cents):
    [charge], capture = await lessons.sold(1000)
    assert (await cancelling.what_comes_back(charge, begins, by_body=by_body)).money == cents
    assert (await lessons.cancels(charge, begins, by_body=by_body)).back.money == cents
    assert await asked_back(capture) == cents


async def test_cancelled_twice_is_cancelled_once(lessons):
    [charge], capture = await lessons.sold(1000)
    first = await lessons.cancels(charge)
    # Closer to the beginning, and by somebody else: nothing changes.
    put_clock(SOON)
    again = await lessons.cancels(charge, by_body=True)
    assert again == replace(first, first=False)
    assert await cancelling.what_comes_back(charge, SOON) == first.back
    assert await asked_back(capture) == 500


async def test_above_the_limit_a_second_person_approves_also_of_many_small_ones(lessons):
    lessons.shop = await a_shop(alone_up_to=600)
    await says(lessons.shop, SOFT)
    charges, capture = await lessons.sold(1000, 200, 200)
    done = [await lessons.cancels(charge) for charge in charges]
    assert [one.waits for one in done] == [False, False, True]
    waiting = [one for one in await refunds.refunds_of(capture) if one.state == "requested"]
    assert [(one.cents, one.requested_by) for one in waiting] == [(100, None)]
    await refunds.decide(waiting[0].id, True, MANAGER)
    assert (await lessons.cancels(charges[2])).waits is False


async def test_who_cancelled_does_not_approve(lessons):
    lessons.shop = await a_shop(alone_up_to=0)
    await says(lessons.shop, SOFT)
    [charge], capture = await lessons.sold(1000)
    await lessons.cancels(charge, by_body=True, by=AGENT)
    [refund] = await refunds.refunds_of(capture)
    with pytest.raises(Refused, match="Somebody else"):
        await refunds.decide(refund.id, True, AGENT)
    await refunds.decide(refund.id, True, MANAGER)


async def test_what_was_shown_when_it_was_ordered_stays_true(lessons):
    due, [charge] = await lessons.ordered(1000)
    await says(lessons.shop, Terms())
    [later], _ = await lessons.sold(1000)
    await pays(lessons.shop, due)
    put_clock(NOW + timedelta(hours=1))
    await says(lessons.shop, None)
    assert (await cancelling.what_comes_back(charge, SOON)).money == 500
    assert (await cancelling.what_comes_back(later, SOON)).money == 0


async def test_nobody_rewrites_terms_or_those_of_a_charge(lessons):
    await lessons.sold(1000)
    for sql in (
        "UPDATE parvis.refund_terms SET terms = NULL",
        "DELETE FROM parvis.refund_terms",
        "UPDATE parvis.cancelled_line SET due = 0",
        "DELETE FROM parvis.cancelled_charge",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with connection() as c:
                await c.execute(sql)


async def test_terms_hold_from_their_day_to_the_next_ones(lessons):
    shop, today = lessons.shop, ledger.today()
    await says(shop, Terms(), today + timedelta(days=10))
    held = {days: (await dated.in_force(shop.till, today + timedelta(days=days))) for days in (-1, 0, 9, 10, 99)}
    assert [held[days] and held[days].terms for days in held] == [None, SOFT, SOFT, Terms(), Terms()]
    base = await dated.last_said(shop.till)
    await dated.withdraw(shop.till, today + timedelta(days=10), MANAGER, base)
    assert (await dated.in_force(shop.till, today + timedelta(days=99))).terms == SOFT
    with pytest.raises(NotFound):
        await dated.withdraw(shop.till, today + timedelta(days=10), MANAGER, await dated.last_said(shop.till))
    with pytest.raises(Refused, match="hold already"):
        await dated.withdraw(shop.till, today, MANAGER, await dated.last_said(shop.till))
    with pytest.raises(Conflict):
        await dated.keep(shop.till, today, SOFT, MANAGER, base)
    with pytest.raises(Invalid, match="from today on"):
        await says(shop, SOFT, today - timedelta(days=1))
    with pytest.raises(Invalid):
        await says(shop, Terms((Step(1, "days", 100), Step(2, "days", 100))))
    with pytest.raises(NotFound):
        await dated.keep(new_id(), today, SOFT, MANAGER, None)


async def test_two_managers_at_once_and_one_is_told(lessons):
    base = await dated.last_said(lessons.shop.till)
    tries = (dated.keep(lessons.shop.till, ledger.today(), SOFT, MANAGER, base) for _ in range(6))
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(isinstance(one, Conflict) for one in answers) == [False, *[True] * 5]


async def test_without_terms_people_decide_and_the_body_still_gives_all_back(lessons):
    await says(lessons.shop, None)
    [charge], capture = await lessons.sold(1000)
    done = await lessons.cancels(charge)
    assert (done.cancellation, done.back.ruled, await asked_back(capture)) == (None, False, 0)
    assert (await lessons.cancels(charge, by_body=True)).back.money == 1000


async def test_each_line_of_a_basket_counts_by_itself(lessons):
    await says(lessons.shop, replace(SOFT, fee=100))
    charges, capture = await lessons.sold(1001, 333, 150, 0)
    back = [(await lessons.cancels(charge)).back.money for charge in charges]
    assert back == [401, 67, 0, 0]
    assert await asked_back(capture) == 468


async def test_never_more_than_is_left_of_what_was_given_back_by_hand(lessons):
    charges, capture = await lessons.sold(1000, 500)
    await refunds.request(capture, 1300, "Bassin fermé", AGENT)
    assert (await cancelling.what_comes_back(charges[0], FAR)).money == 200
    assert (await lessons.cancels(charges[0], FAR)).back.money == 200
    assert (await lessons.cancels(charges[1], FAR)).back.money == 0
    assert await asked_back(capture) == 1500


async def test_what_was_paid_above_the_price_is_not_the_places(lessons):
    [charge], capture = await lessons.sold(1000, paid=1300)
    await refunds.request(capture, 400, "Geste", AGENT)
    assert (await lessons.cancels(charge, FAR)).back.money == 600
    assert await asked_back(capture) == 1000
    assert [one.left for one in await balances.left_at(lessons.shop.till)] == [300]
    await books(lessons.shop)


async def test_nothing_of_what_the_payers_bank_disputes_or_took_back(lessons):
    [charge], capture = await lessons.sold(1000)
    async with connection() as c:
        sql = "SELECT a.id FROM parvis.payment_attempt a JOIN parvis.charge h ON h.intent = a.intent WHERE h.id = $1"
        attempt = await c.fetchval(sql, charge)
    await disputing.disputed(lessons.shop.account, "dp_1", 1000, attempt)
    assert (await cancelling.what_comes_back(charge, FAR)).money == 0
    assert (await lessons.cancels(charge, FAR)).back.money == 0
    [late], capture = await lessons.sold(1000)
    await returning.bank_took(capture, returning.Told(ledger.today(), "AM04", AGENT))
    done = await lessons.cancels(late)
    assert (done.back.money, done.back.owed, done.beyond) == (0, 500, 500)
    [other], capture = await lessons.sold(1000)
    await returning.bank_took(capture, returning.Told(ledger.today(), "AM04", AGENT))
    done = await lessons.cancels(other, FAR)
    assert (done.back.money, done.beyond) == (0, 0)
    async with connection() as c:
        states = await c.fetch(
            "SELECT i.state FROM parvis.charge h JOIN parvis.intent i ON i.id = h.intent WHERE h.id = $1", other
        )
    assert states[0]["state"] == "cancelled"


@pytest.mark.parametrize("terms", [SOFT, Terms(), None])
async def test_who_has_not_paid_for_a_place_that_paying_takes_owes_nothing_for_it(lessons, terms):
    await says(lessons.shop, terms)
    due, [charge] = await lessons.ordered(1000)
    assert (await cancelling.what_comes_back(charge, SOON)).owed == 0
    done = await lessons.cancels(charge)
    assert (done.back.money, done.back.owed, done.beyond) == (0, 0, 0)
    assert (await intents.intent(due.id)).state == "cancelled"


async def test_who_was_billed_for_it_owes_what_the_terms_keep(lessons):
    [late, early] = [(await in_parts(lessons.shop, 1000, 1))[0] for _ in range(2)]
    done = await lessons.cancels(await first_charge(late))
    assert (done.back.money, done.back.owed, done.beyond) == (0, 500, 500)
    assert (await intents.intent(late.id)).state == "created"
    assert (await lessons.cancels(await first_charge(early), FAR)).back.owed == 0
    assert (await intents.intent(early.id)).state == "cancelled"


async def test_what_is_asked_for_with_something_else_is_no_longer_once_nobody_owes_either(lessons):
    both, charges = await lessons.ordered(1000, 500)
    assert (await lessons.cancels(charges[0], by_body=True)).beyond == 1000
    assert (await intents.intent(both.id)).state == "created"
    assert (await lessons.cancels(charges[1], by_body=True)).beyond == 0
    assert (await intents.intent(both.id)).state == "cancelled"


async def in_parts(shop, cents, count):
    await splitting.keep_rule(shop.till, Rule(12, 1))
    charge = Charge(shop.till, "Cantine", "canteen", cents)
    to = BillTo(contact=LEA, language="fr")
    return await bills.write([charge], to, ledger.today() + timedelta(days=20), AGENT, count)


async def first_charge(intent):
    async with connection() as c:
        sql = "SELECT id FROM parvis.charge WHERE intent = $1 AND credit IS NULL"
        return await c.fetchval(sql, intent.id)


@pytest.mark.parametrize(
    ("paid", "back", "owed", "states"),
    [
        (3, 450, 0, ["paid", "paid", "paid"]),
        (2, 150, 0, ["paid", "paid", "cancelled"]),
        (1, 0, 150, ["paid", "created", "cancelled"]),
        (0, 0, 450, ["created", "created", "cancelled"]),
    ],
)
async def test_of_a_plan_what_is_kept_is_kept_of_the_whole_price(lessons, paid, back, owed, states):
    parts = await in_parts(lessons.shop, 900, 3)
    for part in parts[:paid]:
        await pays(lessons.shop, part)
    # Whichever of its pieces is named.
    done = await lessons.cancels(await first_charge(parts[1]))
    assert (done.back.price, done.back.money, done.back.owed) == (900, back, owed)
    assert done.beyond == (300 * states.count("created") - owed)
    assert [(await intents.intent(part.id)).state for part in parts] == states
    for part in parts:
        # Also the one of a part that is no longer asked for.
        assert await lessons.cancels(await first_charge(part)) == replace(done, first=False)
    notes = [one for one in await issuing.invoices_of([parts[0].basket]) if one.sort == "credit"]
    assert len(notes) == states.count("cancelled")
    await books(lessons.shop)


async def test_refunds_of_a_plans_parts_need_a_second_person_together(lessons):
    lessons.shop = await a_shop(alone_up_to=400)
    await says(lessons.shop, SOFT)
    parts = await in_parts(lessons.shop, 900, 3)
    captures = [(await pays(lessons.shop, part)).capture for part in parts]
    assert (await lessons.cancels(await first_charge(parts[0]))).waits
    found = [one for capture in captures for one in await refunds.refunds_of(capture)]
    assert sorted((one.cents, one.state) for one in found) == [(150, "requested"), (300, "requested")]


async def credited(shop, cents, used, to=LEA):
    """A bill of so many cents of which a credit pays a part, paid."""
    plain = Charge(shop.till, "Avant", "canteen", 1000)
    [first] = await bills.write([plain], BillTo(contact=to, language="fr"), ledger.today(), AGENT, use_credit=False)
    await pays(shop, first, 1000 + used)
    charge = Charge(shop.till, "Cantine", "canteen", cents)
    [due] = await bills.write([charge], BillTo(contact=to, language="fr"), ledger.today(), AGENT)
    if due.cents:
        await pays(shop, due)
    return due, await first_charge(due)


async def in_credit(shop):
    found = sum(one.left for one in await balances.left_at(shop.till))
    assert found == -ledger.balance_of(await ledger.balances(shop.till), "credit")
    return found


@pytest.mark.parametrize(
    ("used", "begins", "credit", "money"),
    [(400, FAR, 400, 600), (400, SOON, 400, 100), (700, SOON, 500, 0), (1000, SOON, 500, 0), (1000, FAR, 1000, 0)],
)
async def test_what_a_credit_paid_comes_back_as_a_credit_first(lessons, used, begins, credit, money):
    _, charge = await credited(lessons.shop, 1000, used)
    assert await in_credit(lessons.shop) == 0
    done = await lessons.cancels(charge, begins)
    assert (done.back.credit, done.back.money) == (credit, money)
    assert await in_credit(lessons.shop) == credit
    async with connection() as c:
        sql = "SELECT r.id FROM parvis.refund r WHERE r.cancellation = $1"
        for row in await c.fetch(sql, done.cancellation):
            await refund_sending.send(row["id"], lessons.shop.provider)
    assert await in_credit(lessons.shop) == credit
    assert (await books(lessons.shop)).get("revenue:canteen", 0) == -(1000 + 1000 - credit - money)
    assert await lessons.cancels(charge, begins) == replace(done, first=False)


async def test_a_credit_that_came_back_is_used_and_paid_out_like_any_other(lessons):
    _, charge = await credited(lessons.shop, 1000, 1000)
    await lessons.cancels(charge, FAR)
    [credit] = await balances.left_at(lessons.shop.till)
    refund = await paying_out.ask(credit.id, 400, "Veut l’argent", AGENT)
    await refund_sending.send(refund.id, lessons.shop.provider)
    [next_bill] = await bills.write(
        [Charge(lessons.shop.till, "Suite", "canteen", 900)], BillTo(contact=LEA, language="fr"), ledger.today(), AGENT
    )
    assert next_bill.cents == 300
    await books(lessons.shop)


@pytest.mark.parametrize("begins", [SOON, FAR])
async def test_a_bill_that_a_credit_paid_and_that_was_cancelled_is_not_taken_back_besides(lessons, begins):
    due, charge = await credited(lessons.shop, 1000, 1000)
    await lessons.cancels(charge, begins)
    before = await in_credit(lessons.shop)
    with pytest.raises(Refused, match="was cancelled"):
        await bills.take_back(due.id)
    assert await in_credit(lessons.shop) == before


@pytest.mark.parametrize(("used", "restored"), [(400, 400), (700, 500)])
async def test_what_a_bank_takes_back_after_that_leaves_the_whole_credit_to_the_payer(lessons, used, restored):
    due, charge = await credited(lessons.shop, 1000, used)
    await lessons.cancels(charge)
    before = await in_credit(lessons.shop)
    assert before == restored
    async with connection() as c:
        capture = await c.fetchval("SELECT id FROM parvis.capture WHERE intent = $1", due.id)
    await returning.bank_took(capture, returning.Told(ledger.today(), "AM04", AGENT))
    assert await in_credit(lessons.shop) == before
    await bills.take_back(due.id)
    assert await in_credit(lessons.shop) == used
    assert (await books(lessons.shop))["revenue:canteen"] == -1000


async def test_a_till_may_give_credits_and_the_body_gives_money(lessons):
    await says(lessons.shop, replace(SOFT, as_credit=True))
    [charge, other], capture = await lessons.sold(1000, 500)
    done = await lessons.cancels(charge)
    assert (done.back.money, done.back.as_credit) == (500, True)
    assert await in_credit(lessons.shop) == 500
    await lessons.cancels(other, by_body=True)
    assert [(one.cents, one.method, one.state) for one in await refunds.refunds_of(capture)] == [
        (500, "credit", "done"),
        (500, "provider", "approved"),
    ]


async def test_what_pays_nothing_or_no_charge_is_not_cancelled(lessons):
    with pytest.raises(NotFound):
        await lessons.cancels(new_id())
    due, _ = await credited(lessons.shop, 1000, 400)
    async with connection() as c:
        uses = await c.fetchval("SELECT id FROM parvis.charge WHERE intent = $1 AND credit IS NOT NULL", due.id)
    with pytest.raises(NotFound):
        await lessons.cancels(uses)
    dropped, [gone] = await lessons.ordered(1000)
    await intents.cancel(dropped.id)
    assert (await lessons.cancels(gone)).cancellation is None


async def test_a_service_that_fails_after_it_has_cancelled_nothing(lessons):
    [charge], capture = await lessons.sold(1000)
    with pytest.raises(RuntimeError):
        async with transaction():
            await cancelling.cancel(charge, FAR, by_body=False)
            raise RuntimeError
    assert await asked_back(capture) == 0
    assert (await lessons.cancels(charge, FAR)).first


async def test_a_refund_that_came_back_still_counts_as_the_cancellations(lessons):
    lessons.shop = await a_shop(alone_up_to=500)
    await says(lessons.shop, SOFT)
    [charge, _], capture = await lessons.sold(1000, 1000)
    await lessons.cancels(charge)
    [refund] = await refunds.refunds_of(capture)
    await refund_sending.send(refund.id, lessons.shop.provider)
    await refund_sending.finish(refund.id, refund_sending.Sent.FAILED)
    assert (await refunds.request(capture, 100, "Geste", AGENT)).state == "requested"


async def at_once(lessons, charge, tries=6):
    return await asyncio.gather(*(lessons.cancels(charge, FAR) for _ in range(tries)), return_exceptions=True)


async def test_cancelled_by_many_at_once_it_is_given_back_once(lessons):
    [charge], capture = await lessons.sold(1000)
    answers = await at_once(lessons, charge)
    assert sum(one.first for one in answers) == 1
    assert {one.back.money for one in answers} == {1000}
    assert await asked_back(capture) == 1000


def without_locks(monkeypatch):
    monkeypatch.setattr(lines, "_LOCK_BASKET", "SELECT $1::uuid")
    monkeypatch.setattr(intents, "_LOCK", "SELECT $1::uuid[]")


async def test_without_the_locks_the_database_refuses_the_second(lessons, monkeypatch):
    without_locks(monkeypatch)
    for _ in range(6):
        [charge], capture = await lessons.sold(1000)
        answers = await at_once(lessons, charge)
        assert await asked_back(capture) == 1000
        if any(isinstance(one, asyncpg.UniqueViolationError) for one in answers):
            return
    pytest.fail("nobody was in the way of anybody")


async def all_lines_at_once(lessons):
    """What is asked back of 1000, of which 700 were given back by hand, when both lines are cancelled at once."""
    charges, capture = await lessons.sold(500, 500)
    await refunds.request(capture, 700, "Bassin fermé", AGENT)
    await asyncio.gather(*(lessons.cancels(charge, FAR) for charge in charges))
    return await asked_back(capture)


async def test_two_lines_at_once_share_what_is_left(lessons):
    assert [await all_lines_at_once(lessons) for _ in range(4)] == [1000] * 4


async def test_without_the_locks_they_do_not(lessons, monkeypatch):
    without_locks(monkeypatch)
    assert any([await all_lines_at_once(lessons) > 1000 for _ in range(8)])


async def test_paying_and_cancelling_at_once_never_keeps_money_for_nothing(lessons):
    for _ in range(6):
        due, [charge] = await lessons.ordered(1000)
        lessons.shop.provider.pay(ref := await lessons.shop.opened(due.id))
        settled, done = await asyncio.gather(
            attempts.look(lessons.shop.provider, lessons.shop.account, ref), lessons.cancels(charge, FAR)
        )
        assert await asked_back(settled.capture) == 1000
        assert done.back.money in (0, 1000)
    await books(lessons.shop)
