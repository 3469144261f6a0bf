"""The counter's pages: the act, one's session, taking and taking back, counting, handing over; and who may not."""

import re
from datetime import timedelta

import pytest

from parvis import clock
from parvis.contract.values import Channel, Role
from parvis.db import connection, new_id
from parvis.events import PaymentSettled
from parvis.identity import actions as identity
from parvis.identity.contacts import Contact
from parvis.office.tills import notices
from parvis.payments import intents
from parvis.payments.books import ledger
from parvis.payments.counter import acts, takings, till_sessions
from parvis.payments.intents import Charge
from parvis.payments.invoices import bills
from parvis.payments.invoices.bills import BillTo
from parvis.testing.payments import a_drawer, a_shop

ACT = {"reference": "n° 2027-12", "ways": ["cash", "cheque", "holiday"], "products": "Piscines\nCantine scolaire"}


@pytest.fixture
async def shop(office):
    return await a_shop(emitter=office.calendar.emitter)


@pytest.fixture
async def written(office, shop):
    """The till with its act, as its manager wrote it."""
    manager = await (await office.agent("manager")).post(f"tills/{shop.till}/act", **ACT)
    assert "Kept." in manager.text
    return shop


async def billed(shop, label="Dix entrées", cents=1250, activity="piscines", mail="lea@example.org"):
    to = BillTo(contact=Contact(Channel.MAIL, mail), language="fr")
    charge = Charge(shop.till, label, activity, cents)
    [intent] = await bills.write([charge], to, ledger.today() + timedelta(days=20), new_id())
    return intent


async def serving(office, shop, drawer="50"):
    taker = await (await office.agent("accountant")).post(f"counter/{shop.till}", drawer=drawer)
    assert "Your session is open" in taker.text
    return taker


async def test_an_act_is_written_and_kept_and_what_is_wrong_is_said(office, shop):
    manager = await office.agent("manager")
    await manager.post(f"tills/{shop.till}/act", reference="", products="", childcare="Crèche")
    assert manager.status == 422
    await manager.post(f"tills/{shop.till}/act", reference="n° 1", products="", childcare="Crèche")
    for said in ("Choose what the till may take", "at least one product", "“creche” is not among"):
        assert said in manager.text
    assert "Crèche" in manager.text
    await manager.post(f"tills/{shop.till}/act", **ACT)
    act = await acts.act_of(shop.till)
    assert (act.products, act.ways) == ({"piscines", "cantine-scolaire"}, {"cash", "cheque", "holiday"})
    assert "cantine-scolaire\npiscines" in manager.text
    assert (await (await office.agent("accountant")).get(f"tills/{shop.till}/act")).status == 403


async def test_without_an_act_there_is_no_counter(office, shop):
    taker = await office.agent("accountant")
    assert "No till has a counter yet" in (await taker.get("counter")).text
    assert "act is not written yet" in (await taker.get(f"counter/{shop.till}")).text
    await taker.post(f"counter/{shop.till}", drawer="50")
    assert (taker.status, "a manager says first" in taker.text) == (422, True)


@pytest.mark.parametrize("drawer", ["", "viel", "-5", "1,234"])
async def test_what_lies_in_the_drawer_is_an_amount(office, written, drawer):
    taker = await (await office.agent("accountant")).post(f"counter/{written.till}", drawer=drawer)
    assert taker.status == 422
    assert f'value="{drawer}"' in taker.text


async def test_a_bill_is_taken_with_change_and_receipt_and_shown_once(office, written):
    due, taker = await billed(written), await serving(office, written)
    assert (await taker.get("counter")).page.url.path.endswith(str(written.till))
    assert "Dix entrées" in taker.text
    take = f"counter/{written.till}/take/{due.id}"
    await taker.get(take)
    once = re.search(r'name="once" value="([^"]+)"', taker.text)[1]
    await taker.post(take, once=once, cash="viel")
    assert (taker.status, 'value="viel"' in taker.text) == (422, True)
    await taker.post(take, once=once, cash="12")
    assert (taker.status, "0,50 euros are missing" in taker.text) == (409, True)
    for _ in range(2):
        await taker.post(take, once=once, cash="20")
        assert "Give back €7.50." in taker.text
        assert "1/1" in taker.text
    assert len(await takings.takings_in((await takings.taking(once)).session)) == 1
    receipt = await taker.get(f"counter/{written.till}/takings/{once}/receipt")
    assert receipt.page.content.startswith(b"%PDF-")
    await taker.post(take, cash="20")
    assert (taker.status, "it is paid" in taker.text) == (409, True)


async def test_what_somebody_says_finds_their_bill(office, written):
    await billed(written, "Dix entrées", 1250)
    await billed(written, "Cantine, novembre", 5860, "cantine-scolaire", "paul@example.org")
    taker = await serving(office, written)
    for typed, found in (
        ("cantine", {"Cantine"}),
        ("12,50", {"Dix"}),
        ("paul@example.org", {"Cantine"}),
        ("nobody@example.org", set()),
        ("@", set()),
        ("K7M29QXP", set()),
        ("", {"Cantine", "Dix"}),
    ):
        await taker.post(f"counter/{written.till}/find", q=typed)
        assert taker.status == 200
        assert {name for name in ("Cantine", "Dix") if f"<strong>{name}" in taker.page.text} == found, typed
        assert "example.org" not in str(taker.page.url)


async def test_it_is_taken_back_with_a_reason_and_the_payer_is_not_told_it_was_paid(office, written):
    due, taker = await billed(written), await serving(office, written)
    once = str(new_id())
    await taker.post(f"counter/{written.till}/take/{due.id}", once=once, cheque="12,50")
    found = await takings.taking(once)
    await taker.post(f"counter/{written.till}/takings/{once}", reason=" ")
    assert taker.status == 422
    await taker.post(f"counter/{written.till}/takings/{once}", reason="Wrong bill")
    assert "This receipt is void" in taker.text
    assert (await taker.post(f"counter/{written.till}/takings/{once}", reason="Again")).status == 422
    assert (await intents.intent(due.id)).state == "created"
    await notices.tell_of_payment(
        PaymentSettled(emitter=due.emitter, intent=due.id, capture=found.capture, taken_as="paid", cents=1250)
    )
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM parvis.message WHERE template = 'office/paid'") == 0
    day = await (await office.agent("accountant")).get(f"tills/{written.till}")
    assert "reversed at the counter" in day.text


async def test_a_session_is_counted_added_up_and_closed_once(office, written):
    due, taker = await billed(written), await serving(office, written)
    await taker.post(f"counter/{written.till}/take/{due.id}", cash="20")
    close = f"counter/{written.till}/close"
    await taker.post(close, act="add", n5000="1", n1000="1")
    assert taker.status == 200
    for said in ("€60.00", "€62.50", "-€2.50", 'value="1"'):
        assert said.replace("-€", "€-") in taker.text or said in taker.text
    await taker.post(close, act="close", n5000="1", n1000="1")
    assert (taker.status, "2,50 euros are missing: say why" in taker.text) == (422, True)
    for wrong in ("one", "-1", "10000"):
        await taker.post(close, act="close", n5000=wrong, explanation="Kept")
        assert (taker.status, f'value="{wrong}"' in taker.text, "Kept" in taker.text) == (422, True, True)
    await taker.post(close, act="close", n5000="1", n1000="1", explanation="A coin fell down")
    assert "The session is closed" in taker.text
    assert "A coin fell down" in taker.text
    assert (await taker.get(f"counter/{written.till}/sessions/1/paper")).page.content.startswith(b"%PDF-")
    assert "it was closed before" in (await taker.post(close, act="close")).text
    manager = await office.agent("manager")
    assert "A coin fell down" in (await manager.get(f"tills/{written.till}/sessions")).text
    assert (await manager.get(f"tills/{written.till}/sessions/1")).status == 200
    assert (await manager.get(f"tills/{written.till}/sessions/1/paper")).page.content.startswith(b"%PDF-")
    assert (await manager.get(f"tills/{written.till}/sessions/2")).status == 404


async def test_lines_of_an_explanation_count_once_each(office, written):
    taker = await serving(office, written)
    close = f"counter/{written.till}/close"
    await taker.post(close, act="close", explanation="a\r\n" * 300)
    assert (taker.status, "at most 500 characters" in taker.text) == (422, True)
    await taker.post(close, act="close", explanation="a\r\n" * 240)
    assert "The session is closed" in taker.text


async def test_a_session_left_open_over_night_is_shown_and_closed_by_the_accountant(office, written):
    await serving(office, written)
    clock.move(timedelta(days=1))
    accountant = await office.agent("accountant")
    assert "1 session was left open over night" in (await accountant.get("tills")).text
    assert "1 session was left open over night" in (await accountant.get(f"tills/{written.till}")).text
    await accountant.get(f"tills/{written.till}/sessions")
    assert "left open over night" in accountant.text
    assert (await accountant.get(f"tills/{written.till}/sessions/1/close")).status == 200
    for _ in range(2):
        await accountant.post(f"tills/{written.till}/sessions/1/close", act="close", n5000="1")
    assert "is closed already" in accountant.text
    found = await till_sessions.session_numbered(written.till, 1)
    assert (found.closed_by, found.difference) == (accountant.person, 0)


async def test_cash_is_handed_over_by_the_accountant(office, written):
    due, taker = await billed(written), await serving(office, written)
    await taker.post(f"counter/{written.till}/take/{due.id}", cash="20")
    over = f"tills/{written.till}/handing-over"
    await taker.post(over, what="cash", cents="12,50", slip="7")
    assert (taker.status, "outside open sessions" in taker.text, 'value="12,50"' in taker.text) == (422, True, True)
    await taker.post(f"counter/{written.till}/close", act="close", n5000="1", n1000="1", n200="1", n50="1")
    for cents, said in (("0", "at least a cent"), ("x", "is not an amount"), ("", "Write the amount")):
        assert said in (await taker.post(over, what="cash", cents=cents, slip="7")).text
    await taker.post(over, what="cash", cents="12,50", slip="7")
    assert "It is entered in the books" in taker.text
    await taker.post(over, what="cash", cents="12,50", slip="7")
    assert (taker.status, "entered already" in taker.text) == (422, True)
    assert {one.account: one.cents for one in await ledger.balances(written.till) if one.cents} == {
        "paid_over": 1250,
        "revenue:piscines": -1250,
    }
    assert (await (await office.agent("manager")).post(over, what="cash", cents="1", slip="8")).status == 403


async def test_who_manages_takes_no_money_whatever_else_they_are(office, written):
    due = await billed(written)
    manager = await office.agent("manager")
    assert (await manager.get(f"counter/{written.till}")).status == 403
    await identity.grant(manager.person, Role.ACCOUNTANT, office.calendar.emitter)
    for path in ("counter", f"counter/{written.till}", f"counter/{written.till}/take/{due.id}"):
        await manager.get(path)
        assert (manager.status, "ordonnateur" in manager.text) == (403, True), path
    assert (await manager.post(f"counter/{written.till}", drawer="0")).status == 403
    # Nor are they led there.
    for path in ("bills", f"tills/{written.till}"):
        assert "/counter" not in (await manager.get(path)).text, path
    await serving(office, written)
    assert (await manager.post(f"tills/{written.till}/sessions/1/close", act="close", n5000="1")).status == 403


async def test_the_bills_page_leads_to_the_counter_whoever_may_take(office, written):
    due = await billed(written)
    agent = await office.agent()
    assert f"/take/{due.id}" not in (await agent.get("bills")).text
    await identity.grant(agent.person, Role.ACCOUNTANT, office.calendar.emitter)
    assert f"counter/{written.till}/take/{due.id}" in (await agent.get("bills")).text
    assert "Open your session first" in (await agent.get(f"counter/{written.till}/take/{due.id}")).text
    assert (await agent.post(f"counter/{written.till}/take/{due.id}", cash="20")).status == 404


async def test_what_the_act_does_not_list_is_said_before_money_is_taken(office, written):
    due, taker = await billed(written, activity="museum"), await serving(office, written)
    await taker.get(f"counter/{written.till}/take/{due.id}")
    assert "does not list what this is for" in taker.text


async def test_another_emitters_or_persons_counter_is_nobodys_business(office, written):
    foreign = await a_shop()
    drawer = await a_drawer(foreign.till)
    theirs = await foreign.due()
    taken = await drawer.takes(theirs.id, cash=1000)
    taker = await serving(office, written)
    mine = await billed(written)
    for path in (
        f"counter/{foreign.till}",
        f"counter/{foreign.till}/close",
        f"counter/{foreign.till}/take/{theirs.id}",
        f"counter/{written.till}/take/{theirs.id}",
        f"counter/{foreign.till}/take/{mine.id}",
        f"counter/{foreign.till}/takings/{taken.id}",
        f"counter/{foreign.till}/takings/{taken.id}/receipt",
        f"counter/{written.till}/takings/{taken.id}",
        f"counter/{written.till}/takings/{taken.id}/receipt",
        f"counter/{foreign.till}/sessions/1",
        f"tills/{foreign.till}/sessions",
        f"tills/{foreign.till}/sessions/1/paper",
        f"tills/{foreign.till}/sessions/1/close",
        f"tills/{foreign.till}/handing-over",
    ):
        assert (await taker.get(path)).status == 404, path
    for path in (
        f"counter/{foreign.till}",
        f"counter/{written.till}/takings/{taken.id}",
        f"counter/{foreign.till}/find",
    ):
        assert (await taker.post(path, drawer="0", reason="Mine")).status == 404, path
    other = await office.agent("accountant")
    for path in (f"counter/{written.till}/sessions/1", f"counter/{written.till}/sessions/1/paper"):
        assert (await other.get(path)).status == 404, path
    await taker.post(f"counter/{written.till}/take/{mine.id}", once=str(once := new_id()), cash="20")
    assert (await other.get(f"counter/{written.till}/takings/{once}")).status == 404
    assert (await other.post(f"counter/{written.till}/takings/{once}", reason="Not mine")).status == 404
