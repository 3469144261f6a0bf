"""Several ways to pay one amount: the payer chooses, and one page at a time can be paid."""

import asyncio
import re
from dataclasses import dataclass, field, replace
from datetime import timedelta
from html import unescape

import asyncpg
import pytest

from parvis import clock, plugins
from parvis.contract.payments import OutcomeUnknown, Result
from parvis.contract.values import Channel, PaymentProvider
from parvis.db import connection, new_id, transaction
from parvis.errors import NotFound, Refused, Text
from parvis.identity.contacts import Contact
from parvis.payments import accounts, asking, attempts, intents, payers
from parvis.payments.books import ledger
from parvis.payments.intents import Charge
from parvis.payments.invoices import bills
from parvis.payments.invoices.bills import BillTo
from parvis.territory.actions import enable_plugin
from parvis.testing.payments import a_shop
from parvis.testing.plugins import a_plugin
from parvis.testing.sandbox_provider import Sandbox

MINUTE = timedelta(minutes=1)


@dataclass
class Stubborn(Sandbox):
    """It can close no page."""

    def caps(self, account):
        return replace(Sandbox.caps(self, account), cancel=False)


@dataclass
class Two:
    """A till with two ways to pay, and what happens at each."""

    till: object
    card: Sandbox
    bank: Sandbox
    at: dict = field(default_factory=dict)

    async def opens(self, intent, way):
        """The reference of the page that a tab is led to."""
        to = {"label": "Pools", "mail": "a@b.fr", "back": "https://x.invalid"}
        page = await attempts.begin(intent, self.at.__getitem__, way, **to)
        return page.url.rsplit("/", 1)[1]

    async def due(self):
        [intent] = await intents.demand([Charge(self.till, "Entry", "pools", 1000)], clock.now() + 60 * MINUTE)
        return intent.id

    def payable(self):
        """How many pages could be paid at this moment."""
        pages = [*self.card.payments.values(), *self.bank.payments.values()]
        return sum(page.result is Result.WAITING for page in pages)


async def two(card, bank):
    shop = await a_shop(provider=card, key="pay.card")
    await accounts.add_account("bank", shop.till, "pay.bank")
    await accounts.offer(shop.account, shop.till, "", first=True)
    await enable_plugin((await ledger.till_by_id(shop.till)).emitter, "pay")
    return Two(shop.till, card, bank, {shop.account: card, "bank": bank})


@pytest.fixture
async def ways(database):
    return await two(Sandbox(), Sandbox())


async def live(intent):
    async with connection() as c:
        return [row["account"] for row in await c.fetch(asking.LIVE, intent)]


async def test_another_way_closes_the_page_that_is_open_and_opens_its_own(ways):
    due, (card, bank) = await ways.due(), ways.at
    former = await ways.opens(due, card)
    await ways.opens(due, bank)
    assert (ways.card.payments[former].result, await live(due), ways.payable()) == (Result.GONE, [bank], 1)
    # And back again.
    await ways.opens(due, card)
    assert (await live(due), ways.payable()) == ([card], 1)


async def test_a_page_that_was_paid_meanwhile_is_settled_and_no_other_opens(ways):
    due, (card, bank) = await ways.due(), ways.at
    ways.card.pay(await ways.opens(due, card))
    with pytest.raises(Refused, match="it is paid"):
        await ways.opens(due, bank)
    assert ((await intents.intent(due)).state, ways.bank.payments) == ("paid", {})


async def test_a_page_that_cannot_be_closed_is_continued_until_its_time_is_over(database):
    ways = await two(Stubborn(), Sandbox())
    due, (card, bank) = await ways.due(), ways.at
    former = await ways.opens(due, card)
    clock.move(4 * MINUTE)
    with pytest.raises(Refused, match="still open, for 10 min: continue there"):
        await ways.opens(due, bank)
    assert await ways.opens(due, card) == former
    clock.move(12 * MINUTE)
    with pytest.raises(Refused, match="may still come in"):
        await ways.opens(due, bank)
    clock.move(5 * MINUTE)
    await ways.opens(due, bank)
    assert (await live(due), ways.bank.payments != {}) == ([bank], True)


async def test_who_does_not_say_whether_the_open_page_is_closed_bars_the_other_way(ways):
    due, (card, bank) = await ways.due(), ways.at
    await ways.opens(due, card)
    ways.card.down = True
    with pytest.raises(OutcomeUnknown):
        await ways.opens(due, bank)
    assert (await live(due), ways.bank.payments) == ([card], {})


async def test_a_way_that_is_down_leaves_the_other_free_at_once(ways):
    due, (card, bank) = await ways.due(), ways.at
    ways.card.down = True
    with pytest.raises(OutcomeUnknown):
        await ways.opens(due, card)
    await ways.opens(due, bank)
    assert (await live(due), ways.payable()) == ([bank], 1)


@pytest.mark.parametrize("able", [True, False])
async def test_tabs_with_two_ways_open_one_page_that_can_be_paid(database, able):
    ways = await two(Sandbox() if able else Stubborn(), Sandbox() if able else Stubborn())
    due = await ways.due()
    tabs = (ways.opens(due, account) for _ in range(6) for account in ways.at)
    answers = await asyncio.gather(*tabs, return_exceptions=True)
    assert all(isinstance(answer, str | Refused) for answer in answers)
    assert any(isinstance(answer, str) for answer in answers)
    assert (len(await live(due)), ways.payable()) == (1, 1)


async def test_the_control_has_two_pages_open_where_the_open_one_is_not_looked_at(ways, monkeypatch):
    async def unasked(*_):
        """Nobody closes it."""

    monkeypatch.setattr(attempts, "ask_former", unasked)
    monkeypatch.setattr(attempts, "_payable", lambda _: False)

    async def forgets(c, live):
        await asking.move(c, live["id"], live["state"], "end" if live["state"] == "live" else "lose")

    monkeypatch.setattr(attempts, "_give_up", forgets)
    due = await ways.due()
    await asyncio.gather(*(ways.opens(due, account) for account in ways.at), return_exceptions=True)
    assert ways.payable() == 2


async def test_the_database_bars_a_second_open_page_at_another_account(ways):
    due, (card, bank) = await ways.due(), ways.at
    await ways.opens(due, card)
    with pytest.raises(asyncpg.UniqueViolationError):
        async with transaction() as c:
            await c.execute(
                "INSERT INTO parvis.payment_attempt (id, intent, account, state, created, resume_until, live_until) "
                "SELECT $1, intent, $2, 'live', created, created, created FROM parvis.payment_attempt",
                new_id(),
                bank,
            )


async def test_a_till_says_the_order_and_the_words_of_its_ways_and_no_other_tills(ways):
    card, bank = ways.at
    await accounts.offer(bank, ways.till, "Virement", first=True)
    found = await accounts.accounts_of(ways.till)
    assert [(one.key, one.label) for one in found] == [(bank, "Virement"), (card, "")]
    other = await a_shop()
    with pytest.raises(NotFound):
        await accounts.offer(bank, other.till, "Mine")


# The payer's page.


@pytest.fixture
async def page(app, browser):
    """A bill that is paid by card from 1 € to 500 €, or by bank from 5 € on."""
    before, card, bank = plugins.current(), Sandbox(most=50_000), Sandbox(least=500)
    names = {"card": Text("Card"), "bank": Text("Bank")}
    made = [
        PaymentProvider(key=f"pay.{key}", name=names[key], provider=at) for key, at in (("card", card), ("bank", bank))
    ]
    plugins.use(a_plugin(key="pay", providers=tuple(made)))
    yield lambda cents=1000, first=None: _page(browser(), first or card, bank, cents, made)
    plugins.use(before)


async def _page(http, card, bank, cents, made):
    if card is not made[0].provider:
        other = (replace(made[0], provider=card), made[1])
        plugins.use(a_plugin(key="pay", providers=other))
    ways = await two(card, bank)
    to = BillTo(contact=Contact(Channel.MAIL, "lea@example.org"), language="fr")
    [bill] = await bills.write(
        [Charge(ways.till, "Lessons", "pools", cents)], to, ledger.today() + timedelta(days=20), new_id()
    )
    return Payer(http, ways, bill, payers.link_key(bill.basket, clock.now() + timedelta(days=30)))


class Payer:
    def __init__(self, http, ways, bill, key):
        self.http, self.ways, self.bill, self.key = http, ways, bill, key
        self.base = f"/my/payments/{bill.basket}"
        self.text, self.status, self.location = "", 0, ""

    async def get(self, **query):
        return self._kept(await self.http.get(self.base, params={"key": self.key, **query}))

    async def pays(self, **by):
        asked = {"intent": str(self.bill.id), **by}
        return self._kept(await self.http.post(self.base + "/pay", params={"key": self.key}, data=asked))

    def _kept(self, answer):
        self.text, self.status = re.sub(r"\s+", " ", unescape(answer.text)), answer.status_code
        self.location = answer.headers.get("location", "")
        return self

    @property
    def offered(self):
        return re.findall(r'name="way" value="[^"]*">([^<]*)<', self.text)

    @property
    def led_to(self):
        ref = self.location.rpartition("/")[2]
        return [at for at in (self.ways.card, self.ways.bank) if ref in at.payments]


async def test_each_way_that_takes_the_amount_is_a_button_in_the_tills_order(page):
    payer = await page()
    await payer.get()
    assert (payer.offered, "Pay €10.00 online" in payer.text) == (["Card", "Bank"], True)
    await accounts.offer("bank", payer.ways.till, "By transfer", first=True)
    assert (await payer.get()).offered == ["By transfer", "Card"]
    await payer.pays(way="bank")
    assert (payer.status, payer.led_to) == (303, [payer.ways.bank])


@pytest.mark.parametrize(("cents", "at"), [(499, "card"), (50_001, "bank")])
async def test_a_way_beyond_whose_limits_an_amount_is_is_not_offered(page, cents, at):
    payer = await page(cents)
    assert (await payer.get()).offered == []
    await payer.pays()
    assert payer.led_to == [getattr(payer.ways, at)]
    other = next(key for key in payer.ways.at if (key == "bank") != (at == "bank"))
    await payer.pays(way=other)
    assert (payer.status, "not available" in payer.text) == (409, True)


async def test_an_amount_that_no_way_takes_says_so_instead_of_a_button(page):
    payer = await page(99)
    await payer.get()
    assert ("It cannot be paid online." in payer.text, payer.offered) == (True, [])
    await payer.pays()
    assert "paid at the counter" in payer.text


async def test_a_way_that_is_down_says_so_and_the_other_is_offered(page):
    payer = await page()
    card, bank = payer.ways.at
    payer.ways.card.down = True
    await payer.pays(way=card)
    assert (payer.status, payer.offered) == (503, ["Card", "Bank"])
    assert "Nothing was taken: pay another way" in payer.text
    await payer.pays(way=bank)
    assert payer.led_to == [payer.ways.bank]


async def test_who_has_a_page_open_goes_back_to_it_or_changes_the_way(page):
    payer = await page()
    card, bank = payer.ways.at
    await payer.pays(way=bank)
    opened = payer.location
    await payer.get(back="yes")
    assert "the page you have opened is closed" in payer.text
    assert payer.offered == ["Card"]
    await payer.pays()
    assert payer.location == opened
    await payer.pays(way=card)
    assert (payer.led_to, payer.ways.payable()) == ([payer.ways.card], 1)


async def test_who_is_asked_for_an_address_with_each_way_has_fields_of_their_own(page):
    payer = await page()
    to = BillTo(contact=Contact(Channel.SMS, "+33612345678"), language="fr")
    asked = [Charge(payer.ways.till, "Lessons", "pools", 1000)]
    [bill] = await bills.write(asked, to, ledger.today() + timedelta(days=20), new_id())
    payer = Payer(payer.http, payer.ways, bill, payers.link_key(bill.basket, clock.now() + timedelta(days=30)))
    card, _ = payer.ways.at
    await payer.pays(way=card, mail="lea@example.org")
    assert payer.status == 303
    await payer.get(back="yes")
    ids = re.findall(r' id="([^"]+)"', payer.text)
    assert (payer.text.count('name="mail"'), sorted(ids)) == (2, sorted(set(ids)))


async def test_changing_the_way_after_paying_says_that_it_is_paid(page):
    payer = await page()
    card, bank = payer.ways.at
    await payer.pays(way=card)
    payer.ways.card.pay(payer.location.rpartition("/")[2])
    await payer.pays(way=bank)
    assert (payer.status, payer.ways.bank.payments) == (409, {})
    assert "Thank you: it is paid." in payer.text


async def test_a_page_that_cannot_be_closed_says_how_long_it_is_open(page):
    payer = await page(first=Stubborn())
    card, bank = payer.ways.at
    await payer.pays(way=card)
    await payer.get(back="yes")
    assert "still open, for 14 min: continue there" in payer.text
    assert payer.offered == []
    await payer.pays(way=bank)
    assert (payer.status, "continue there" in payer.text, payer.ways.payable()) == (409, True, 1)


async def test_a_closed_page_whose_successor_did_not_open_is_not_waited_for(page):
    payer = await page()
    card, bank = payer.ways.at
    await payer.pays(way=card)
    payer.ways.bank.down = True
    await payer.pays(way=bank)
    assert (payer.offered, payer.ways.payable()) == (["Card", "Bank"], 0)
    assert "it is not confirmed yet" not in payer.text
