"""Reminders of bills: before and after each amount's day by the till's plan, once each, and never of what is paid."""

from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis import clock, settings
from parvis.contract.values import Channel
from parvis.db import connection, new_id
from parvis.identity.contacts import Contact
from parvis.messages.letters import Letterhead, write
from parvis.messages.sealing import Letter, unseal
from parvis.office.tills import notices, reminding
from parvis.payments import expiring
from parvis.payments.attempts import look
from parvis.payments.books import ledger
from parvis.payments.debits import mandates
from parvis.payments.debits.mandates import Given
from parvis.payments.intents import Charge
from parvis.payments.invoices import bills, reminders, splitting
from parvis.payments.invoices.bills import BillTo
from parvis.payments.invoices.reminders import Plan
from parvis.payments.invoices.splitting import Rule
from parvis.payments.payers import payer
from parvis.testing.payments import a_shop
from parvis.testing.visits import put_clock

DUE = date(2027, 3, 31)
days = st.integers(0, 90)


@given(days, days, days, st.integers(0, 120))
def test_each_reminder_is_due_on_days_in_a_row_in_this_order_and_a_zero_is_none(before, after, more, written):
    plan = Plan(before, after, after + more + 1)
    said = [
        reminders.stage(DUE + timedelta(days=n), DUE, DUE - timedelta(days=written), plan) for n in range(-120, 240)
    ]
    told = [one for one in said if one]
    order = ["before", "after", "again"]
    assert told == sorted(told, key=order.index)
    assert ("before" in told) == (0 < before < written)
    assert ("after" in told) == (after > 0)
    assert "again" in told
    assert all(one in {None, "before"} for one in said[:121])
    assert all(one != "before" for one in said[121:])


@pytest.fixture
async def shop(office):
    shop = await a_shop(emitter=office.calendar.emitter)
    await splitting.keep_rule(shop.till, Rule(3))
    return shop


async def a_bill(shop, count=1, mail="lea@example.org"):
    to = BillTo(contact=Contact(Channel.MAIL, mail), language="fr")
    last = ledger.today() + timedelta(days=20)
    charge = Charge(shop.till, "Cantine", "canteen", 3000)
    return await bills.write([charge], to, last, new_id(), count), last


async def on(day, hour=10):
    """That day, every hour's timers: what is late is given up, who is to be reminded is."""
    put_clock(datetime.combine(day, time(hour), settings.current().zone))
    await expiring.expire_due(lambda _: None)
    for _ in range(2):
        await reminding.remind()


async def told():
    async with connection() as c:
        rows = await c.fetch("SELECT template, sealed FROM parvis.message ORDER BY queued_at")
    return [unseal(row["sealed"]).context for row in rows if row["template"] == "office/reminder"]


async def test_who_does_not_pay_is_reminded_three_times_once_each(office, shop):
    _, last = await a_bill(shop)
    for late in (-8, -7, -6, 0, 1, 6, 7, 8, 20, 21, 22, 60):
        await on(last + timedelta(days=late))
    found = await told()
    assert [one["late"] for one in found] == [False, True, True]
    assert {(one["labels"], one["cents"]) for one in found} == {("Cantine", 3000)}
    assert all("/my/payments/" in one["show"] for one in found)
    head = Letterhead(name="Town", url="https://town.example")
    for one, said in zip(
        found, ("Please pay until", "It was to be paid until", "It was to be paid until"), strict=True
    ):
        letter = Letter(address="lea@example.org", context=one)
        assert said in write("office/reminder", Channel.MAIL, "en", head, letter).text


async def test_nobody_is_reminded_at_night_nor_of_what_was_just_written_nor_what_was_missed_long_ago(office, shop):
    _, last = await a_bill(shop)
    await on(last - timedelta(days=7), hour=3)
    assert await told() == []
    await on(last + timedelta(days=40))
    assert await told() == []
    await a_bill(shop)
    await reminders.keep_plan(shop.till, Plan(30))
    await on(ledger.today() + timedelta(days=1))
    assert await told() == []


async def test_each_part_has_its_own_and_none_of_what_is_paid_or_taken_back(office, shop):
    (first, second, _), last = await a_bill(shop, 3)
    shop.provider.pay(ref := await shop.opened(first.id))
    await look(shop.provider, shop.account, ref)
    await on(last)
    assert await told() == []
    [_, day, _] = splitting.monthly(last, 3)
    await on(day - timedelta(days=7))
    assert [one["labels"] for one in await told()] == ["Cantine (2/3)"]
    await bills.take_back(second.id)
    await on(day + timedelta(days=7))
    assert len(await told()) == 1


async def test_what_is_being_paid_or_will_be_debited_is_not_reminded_of(office, shop):
    [bill], last = await a_bill(shop)
    put_clock(datetime.combine(last - timedelta(days=7), time(10), settings.current().zone))
    await shop.opened(bill.id)
    assert await reminders.due_now() == []
    clock.move(timedelta(hours=1))
    assert len(await reminders.due_now()) == 1
    given = Given(name="Léa Martin", iban="FR7630006000011234567890189", signed_on=ledger.today())
    await mandates.give(shop.till, await payer(bill.basket), given)
    assert await reminders.due_now() == []


async def test_one_that_fails_keeps_nobody_else_from_theirs_and_is_tried_again(office, shop, monkeypatch):
    [bill], last = await a_bill(shop)
    await a_bill(shop, mail="noah@example.org")
    real = notices.remind

    async def failing(unpaid):
        if unpaid.intent == bill.id:
            raise KeyError("address")
        await real(unpaid)

    with monkeypatch.context() as broken:
        broken.setattr(notices, "remind", failing)
        await on(last + timedelta(days=7))
    assert len(await told()) == 1
    await on(last + timedelta(days=8))
    assert len(await told()) == 2


async def test_a_manager_says_when_and_whether(office, shop):
    manager = await office.agent("manager")
    page = f"tills/{shop.till}/reminders"
    await manager.get(page)
    assert 'value="21"' in manager.text
    await manager.post(page, before="3", after="9", again="9")
    assert (manager.status, "comes after the first" in manager.text) == (422, True)
    await manager.post(page, before="91", after="0", again="0")
    assert manager.status == 422
    await manager.post(page, before="0", after="0", again="0")
    assert "Kept." in manager.text
    _, last = await a_bill(shop)
    for late in (-7, 7, 21):
        await on(last + timedelta(days=late))
    assert await told() == []
