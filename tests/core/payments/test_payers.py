"""Who pays: what they see, what they take away, and what is left of them."""

from datetime import timedelta
from uuid import uuid4

import pytest

from parvis import clock
from parvis.contract.values import Behalf, Channel
from parvis.db import connection, new_id, transaction
from parvis.errors import Invalid, NotFound, Refused
from parvis.events import BillWritten
from parvis.identity import actions as identity
from parvis.identity.actors import Actor, Proof
from parvis.identity.contacts import Contact
from parvis.identity.guards import ActsForSomebody
from parvis.payments import intents, payers, refunds
from parvis.payments.attempts import look
from parvis.payments.books import ledger
from parvis.payments.intents import Charge
from parvis.payments.invoices import bills
from parvis.payments.invoices.bills import BillTo
from parvis.portal.mine import erasing, gathering
from parvis.testing.payments import a_shop
from parvis.testing.people import ISSUER, a_person

MAIL = Contact(Channel.MAIL, "lea@example.org")


def holder(contact=MAIL) -> Actor:
    return Actor(session=uuid4(), proofs=(Proof(uuid4(), contact.kind, contact.digest, clock.now()),))


async def a_bill(shop, cents=1500, to=MAIL, **rest):
    [intent] = await bills.write(
        [Charge(shop.till, "Cantine", "canteen", cents)],
        BillTo(contact=to, language="fr", **rest),
        ledger.today() + timedelta(days=30),
        new_id(),
    )
    return intent


async def test_a_bill_is_seen_by_its_contact_its_account_and_its_link_alone(database):
    shop = await a_shop()
    async with transaction():
        person = await identity.ensure_person(ISSUER, "lea", name="Léa", email="lea@example.org")
        other = await identity.ensure_person(ISSUER, "paul", name="Paul", email="paul@example.org")
    bill = await a_bill(shop)
    for actor in (holder(), Actor(person=person)):
        assert [due.intent for due in await payers.dues(actor)] == [bill.id]
        assert (await payers.for_payer(bill.basket, actor, None)).contact == MAIL
    for actor in (Actor(), Actor(person=other), holder(Contact(Channel.MAIL, "paul@example.org"))):
        assert await payers.dues(actor) == []
        with pytest.raises(NotFound):
            await payers.for_payer(bill.basket, actor, None)
    key = payers.link_key(bill.basket, clock.now() + timedelta(days=1))
    assert (await payers.for_payer(bill.basket, Actor(), key)).basket == bill.basket
    with pytest.raises(Exception, match="incomplete or too old"):
        await payers.for_payer((await a_bill(shop)).basket, Actor(), key)


async def test_every_sign_on_of_an_account_finds_its_bills_and_who_acts_for_somebody_none(database):
    shop, kept, merged = await a_shop(), await a_person(), await a_person()
    bill = await a_bill(shop, person=merged)
    assert await payers.dues(Actor(person=kept)) == []
    async with connection() as c:
        await c.execute("UPDATE parvis.person SET merged_into = $1 WHERE id = $2", kept, merged)
    for actor in (Actor(person=kept), Actor(person=merged, merged_into=kept)):
        assert [due.intent for due in await payers.dues(actor)] == [bill.id]
        assert (await payers.for_payer(bill.basket, actor, None)).basket == bill.basket
    acting = Behalf(mandate=new_id(), resident=merged, name="Léa", services=("canteen",), until=clock.now())
    for ask in (
        payers.dues(Actor(person=kept, behalf=acting)),
        payers.for_payer(bill.basket, Actor(behalf=acting), None),
    ):
        with pytest.raises(ActsForSomebody):
            await ask


async def test_the_contact_is_not_in_the_clear_and_the_bill_is_a_fact(database):
    bill = await a_bill(await a_shop())
    async with connection() as c:
        row = await c.fetchrow("SELECT * FROM parvis.basket WHERE id = $1", bill.basket)
        recorded = await c.fetchval("SELECT count(*) FROM parvis.event WHERE type = $1", BillWritten.type)
    assert b"lea@example.org" not in row["contact"]
    assert recorded == 1


@pytest.mark.parametrize(
    ("cents", "days", "field"), [(0, 5, "cents"), (-1, 5, "cents"), (100, -1, "last_day"), (100, 400, "last_day")]
)
async def test_a_bill_that_is_none_is_refused_at_its_field(database, cents, days, field):
    shop = await a_shop()
    with pytest.raises((Invalid, Refused)) as refused:
        await bills.write(
            [Charge(shop.till, "Cantine", "canteen", cents)],
            BillTo(contact=MAIL, language="fr"),
            ledger.today() + timedelta(days=days),
            new_id(),
        )
    assert refused.value.refusals[0].field == field


async def test_what_is_settled_forgets_its_payer_and_what_is_under_way_does_not(database):
    shop = await a_shop()
    paid, cancelled, due, back = [await a_bill(shop) for _ in range(4)]
    for one in (paid, back):
        shop.provider.pay(ref := await shop.opened(one.id))
        settled = await look(shop.provider, shop.account, ref)
    await refunds.request(settled.capture, 500, "Closed", new_id())
    await intents.cancel(cancelled.id)
    assert await payers.under_way(holder()) == 2
    assert len(await payers.export(holder())) == 4
    assert await payers.erase(holder()) == 2
    assert {one.intent for one in await payers.dues(holder())} == {due.id, back.id}
    assert (await intents.intent(paid.id)).state == "paid"
    assert await payers.erase(holder()) == 0


async def test_who_has_not_paid_a_bill_in_time_owes_it_all_the_same_for_five_years(database):
    shop = await a_shop()
    bill = await a_bill(shop)
    sql = "UPDATE parvis.intent SET state = $2 WHERE id = $1"
    for state in ("expired", "passed_on"):
        async with connection() as c:
            await c.execute(sql, bill.id, state)
        assert await payers.under_way(holder()) == 1
        assert await payers.erase(holder()) == 0
        assert (await payers.payer(bill.basket)).contact == MAIL
    async with connection() as c:
        await c.execute("UPDATE parvis.basket SET created = created - interval '6 years'")
    assert await payers.forget_old() == 1


async def test_everybody_is_forgotten_after_five_years(database):
    shop = await a_shop()
    bill = await a_bill(shop)
    await intents.cancel(bill.id)
    assert await payers.forget_old() == 0
    async with connection() as c:
        await c.execute("UPDATE parvis.basket SET created = created - interval '6 years'")
    assert await payers.forget_old() == 1
    assert (await payers.payer(bill.basket)).contact is None


async def test_an_account_stays_while_something_is_to_be_paid_and_its_export_says_what(payable):
    shop = await a_shop()
    async with transaction():
        person = await identity.ensure_person(ISSUER, "lea", name="Léa", email="lea@example.org")
    actor = Actor(person=person)
    bill = await a_bill(shop, person=person)
    assert [told["cents"] for told in (await gathering.gather(actor, person))["payments"]] == [1500]
    assert (await erasing.erase(actor, person)).account == erasing.WITH_PAYMENTS
    assert (await payers.payer(bill.basket)).person == person
    await intents.cancel(bill.id)
    assert (await erasing.erase(actor, person)).account is None
    left = await payers.payer(bill.basket)
    assert (left.person, left.contact) == (None, None)
