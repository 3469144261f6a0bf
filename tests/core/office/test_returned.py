"""What a bank took back, as an accountant enters it and undoes it, and what its payer is told."""

from datetime import timedelta

import msgspec
from tests.core.office.selling import bill, letters, shop, written

from parvis import clock
from parvis.contract.values import Channel
from parvis.db import connection, new_id
from parvis.events import PaymentStands, PaymentTakenBack
from parvis.messages.letters import Letterhead, write
from parvis.office.tills import refund_notices
from parvis.payments import disputing
from parvis.payments.attempts import look
from parvis.payments.books import ledger
from parvis.payments.invoices import unpaid

__all__ = ["shop"]


async def paid_bill(office, shop):
    """A bill that was paid online: the amount and the payment."""
    await (await office.agent()).post("bills/new", **bill(shop))
    [due] = await written(shop)
    shop.provider.pay(ref := await shop.opened(due.intent))
    return due, (await look(shop.provider, shop.account, ref)).capture


async def test_what_a_bank_took_back_is_entered_once_with_day_and_reason_and_its_payer_is_told(office, shop):
    await (await office.agent()).post("bills/new", **bill(shop))
    [due] = await written(shop)
    shop.provider.pay(ref := await shop.opened(due.intent))
    settled = await look(shop.provider, shop.account, ref)
    accountant = await office.agent("accountant")
    one, today = f"tills/{shop.till}/payments/{settled.capture}", ledger.today()
    for day, why, said in (
        (today - timedelta(days=1), "AM04", "since the payment"),
        (today + timedelta(days=1), "AM04", "not after today"),
        (today, " ", "Say why"),
        ("", "AM04", "Write the day"),
    ):
        await accountant.post(f"{one}/taken-back", day=str(day), why=why)
        assert (accountant.status, said in accountant.text) == (422, True), said
    assert (await (await office.agent("manager")).post(f"{one}/taken-back", day=str(today), why="x")).status == 403
    await accountant.post(f"{one}/taken-back", day=today.isoformat(), why="Not covered")
    assert "The amount is owed again" in accountant.text
    assert "Not covered" in accountant.text
    assert "taken back by the bank" in (await accountant.get(f"tills/{shop.till}")).text
    await accountant.post(f"{one}/taken-back", day=today.isoformat(), why="Not covered")
    assert (accountant.status, "entered this already" in accountant.text) == (422, True)
    assert (await written(shop))[0].payable
    fact = PaymentTakenBack(emitter=due.emitter, capture=settled.capture)
    for _ in range(2):
        await refund_notices.tell_of_taking_back(fact)
    [(template, letter)] = await letters()
    assert (template, letter.context["payable"], letter.context["cents"]) == ("office/taken-back", True, 1250)


async def test_a_part_that_is_lost_is_told_as_a_part_and_each_dispute_once(office, shop):
    await (await office.agent()).post("bills/new", **bill(shop))
    [due] = await written(shop)
    shop.provider.pay(ref := await shop.opened(due.intent))
    await look(shop.provider, shop.account, ref)
    async with connection() as c:
        attempt = await c.fetchval("SELECT id FROM parvis.payment_attempt WHERE provider_ref = $1", ref)
    for dispute, cents in (("dp_1", 300), ("dp_2", 200)):
        await disputing.disputed(shop.account, dispute, cents, attempt)
        await disputing.dispute_closed(shop.account, dispute, won=False)
    async with connection() as c:
        rows = await c.fetch("SELECT payload FROM parvis.event WHERE type = 'payment.taken-back' ORDER BY id")
    for row in rows * 2:
        await refund_notices.tell_of_taking_back(msgspec.convert(row["payload"], PaymentTakenBack, strict=False))
    told = await letters()
    assert sorted((one.context["cents"], one.context["part"]) for _, one in told) == [(200, True), (300, True)]
    assert {letter.context["payable"] for _, letter in told} == {False}
    head = Letterhead(name="Town", url="https://town.example")
    assert "a part of a payment" in write("office/taken-back", Channel.MAIL, "en", head, told[0][1]).text


async def test_what_was_entered_by_mistake_is_undone_with_a_reason_and_its_payer_is_told_each_time(office, shop):
    due, capture = await paid_bill(office, shop)
    accountant, one = await office.agent("accountant"), f"tills/{shop.till}/payments/{capture}"
    assert "did not take this payment back" not in (await accountant.get(one)).text
    assert (await accountant.post(f"{one}/taken-back/undone", mistake="Another one")).status == 404
    for _ in range(2):
        await accountant.post(f"{one}/taken-back", day=ledger.today().isoformat(), why="Not covered")
        await refund_notices.tell_of_taking_back(PaymentTakenBack(emitter=due.emitter, capture=capture))
        await accountant.post(f"{one}/taken-back/undone", mistake=" ")
        assert (accountant.status, "Say why" in accountant.text) == (422, True)
        manager = await office.agent("manager")
        assert (await manager.post(f"{one}/taken-back/undone", mistake="x")).status == 403
        await accountant.post(f"{one}/taken-back/undone", mistake="It was another one")
        assert "The amount is paid again" in accountant.text
        assert "The bank took this payment back" in accountant.text
        await refund_notices.tell_that_it_stands(PaymentStands(emitter=due.emitter, capture=capture))
    assert (await written(shop))[0].state == "paid"
    told = await letters()
    assert [template for template, _ in told] == ["office/taken-back", "office/stands"] * 2
    head = Letterhead(name="Town", url="https://town.example")
    mail = write("office/stands", Channel.MAIL, "en", head, told[1][1])
    assert "our mistake" in mail.text
    assert "12.50" in mail.text


async def test_what_it_paid_that_is_paid_again_meanwhile_goes_back_and_the_page_says_so(office, shop):
    due, capture = await paid_bill(office, shop)
    accountant, one = await office.agent("accountant"), f"tills/{shop.till}/payments/{capture}"
    await accountant.post(f"{one}/taken-back", day=ledger.today().isoformat(), why="Not covered")
    shop.provider.pay(ref := await shop.opened(due.intent))
    await look(shop.provider, shop.account, ref)
    await accountant.post(f"{one}/taken-back/undone", mistake="It was another one")
    assert "Something else was done since" in accountant.text
    assert "It was another one" in accountant.text
    assert "did not take this payment back" not in accountant.text
    assert "€12.50" in (await accountant.get(f"tills/{shop.till}/refunds")).text


async def test_what_the_public_accountant_collects_is_taken_back_from_there_first(office, shop):
    due, capture = await paid_bill(office, shop)
    accountant, one = await office.agent("accountant"), f"tills/{shop.till}/payments/{capture}"
    await accountant.post(f"{one}/taken-back", day=ledger.today().isoformat(), why="Not covered")
    clock.move(timedelta(days=60))
    accountant = await office.agent("accountant")
    await unpaid.pass_on(shop.till, [due.intent], "B 12", new_id())
    await accountant.post(f"{one}/taken-back/undone", mistake="It was another one")
    assert (accountant.status, "the public accountant collects it" in accountant.text) == (422, True)
    assert "It was another one" in accountant.text
