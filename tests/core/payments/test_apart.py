"""What fails or hangs at one provider, or in one service, holds up nobody else's payment and loses no money."""

import asyncio
import itertools
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from structlog.testing import capture_logs

from parvis import clock
from parvis.contract.payments import Found, OutcomeUnknown, Result, Sent
from parvis.db import connection, new_id, transaction
from parvis.errors import Conflict
from parvis.payments import asking, attempts, expiring, intents, jobs, polling, purposes, refunds
from parvis.payments.books import ledger, proofs
from parvis.payments.providers import every
from parvis.payments.statements import reconciling
from parvis.testing.payments import Shop, a_shop
from parvis.testing.sandbox_provider import Sandbox
from parvis.testing.visits import put_clock

MINUTE = timedelta(minutes=1)


@dataclass(slots=True)
class Broken(Sandbox):
    """A provider whose plugin fails in a way that nobody foresaw, as long as `fails` says so."""

    fails: bool = True

    async def lookup(self, account, ref, *rest):
        """Fail."""
        if self.fails:
            raise KeyError("montant")
        return await Sandbox.lookup(self, account, ref, *rest)

    async def refund(self, account, ref, refund, cents):
        """Fail."""
        if self.fails:
            raise KeyError("montant")
        return await Sandbox.refund(self, account, ref, refund, cents)

    async def rows(self, account, day):
        """Fail."""
        if self.fails:
            raise KeyError("montant")
        return await Sandbox.rows(self, account, day)


@dataclass(slots=True)
class Hanging(Sandbox):
    """A provider that does not answer until somebody lets it."""

    answers: asyncio.Event = field(default_factory=asyncio.Event)
    asked: int = 0

    async def lookup(self, account, ref, *rest):
        """Wait, then answer nothing."""
        self.asked += 1
        await self.answers.wait()
        raise OutcomeUnknown


@dataclass(slots=True)
class Illegible(Sandbox):
    """A provider that says nothing understandable of one payment."""

    illegible: str = ""

    async def lookup(self, account, ref, *rest):
        """Answer, but for that one."""
        if ref == self.illegible:
            raise KeyError(ref)
        return await Sandbox.lookup(self, account, ref, *rest)


@dataclass(slots=True)
class Heard(Sandbox):
    """A provider that notes that it was asked."""

    heard: asyncio.Event = field(default_factory=asyncio.Event)

    async def lookup(self, account, ref, *rest):
        """Answer."""
        self.heard.set()
        return await Sandbox.lookup(self, account, ref, *rest)


async def state(intent):
    return (await intents.intent(intent.id)).state


async def opened(shop: Shop, paid: bool = False, **due):
    """An amount with an open page."""
    found = await shop.due(**due)
    ref = await shop.opened(found.id)
    if paid:
        shop.provider.pay(ref)
    return found


async def looks(shop: Shop):
    async with connection() as c:
        return await c.fetchval("SELECT max(look_at) FROM parvis.payment_attempt WHERE account = $1", shop.account)


def each(*shops: Shop):
    known = {shop.account: shop.provider for shop in shops}
    return known.__getitem__


async def test_a_look_that_fails_unforeseen_is_logged_put_off_and_stops_nobody(database):
    broken, well = await a_shop(Broken()), await a_shop()
    lost, found = await opened(broken, paid=True), await opened(well, paid=True)
    start = clock.now()
    clock.move(61 * timedelta(seconds=1))
    with capture_logs() as logs:
        assert await polling.look_due(each(broken, well)) == 1
    assert (await state(found), await state(lost)) == ("paid", "pending")
    assert "KeyError" in str([one for one in logs if one["log_level"] == "error"])
    assert "montant" not in str(logs), "an error's own words may name a person"
    assert await looks(broken) >= start + 5 * MINUTE
    broken.provider.fails = False
    clock.move(10 * MINUTE)
    assert await polling.look_due(each(broken, well)) == 1


async def test_a_settlement_that_fails_is_put_off_and_the_next_one_is_found(database, monkeypatch):
    """The same provider and account: the first row of the plan must not stay first."""
    shop = await a_shop()
    first, second = await opened(shop, paid=True), await opened(shop, paid=True)
    real = asking.settle

    async def failing(money):
        async with connection() as c:
            sql = "SELECT intent FROM parvis.payment_attempt WHERE provider_ref = $1"
            if await c.fetchval(sql, money.ref) == first.id:
                raise ZeroDivisionError
        return await real(money)

    monkeypatch.setattr(asking, "settle", failing)
    clock.move(2 * MINUTE)
    assert await polling.look_due(each(shop)) == 1
    assert (await state(first), await state(second)) == ("pending", "paid")
    monkeypatch.setattr(asking, "settle", real)
    assert await polling.look_due(each(shop)) == 0
    clock.move(6 * MINUTE)
    assert await polling.look_due(each(shop)) == 1


async def test_who_gives_no_answer_is_asked_ever_more_rarely_and_not_for_ever(database):
    shop = await a_shop()
    await opened(shop, minutes=5)
    shop.provider.down, start = True, clock.now()
    waits = []
    while (at := await looks(shop)) is not None:
        put_clock(at + timedelta(seconds=1))
        await polling.look_due(each(shop))
        waits.append((at - start).total_seconds() / 60)
        assert len(waits) < 600
    steps = [later - sooner for sooner, later in itertools.pairwise(waits)]
    assert min(steps) >= 5
    assert 24 * 60 <= max(steps) <= 24 * 60 + 1
    assert 365 * 24 * 60 <= waits[-1] <= 367 * 24 * 60


async def test_one_that_hangs_starves_nobody_and_is_not_asked_without_bounds(database):
    hanging, heard = await a_shop(Hanging()), await a_shop(Heard())
    for _ in range(12):
        await opened(hanging)
    clock.move(timedelta(seconds=1))
    found = await opened(heard, paid=True)
    clock.move(2 * MINUTE)
    looking = asyncio.create_task(polling.look_due(each(hanging, heard)))
    try:
        async with asyncio.timeout(10):
            await heard.provider.heard.wait()
        assert 1 <= hanging.provider.asked <= 4
        hanging.provider.answers.set()
        assert await looking == 1
        assert await state(found) == "paid"
    finally:
        looking.cancel()
        with suppress(asyncio.CancelledError):
            await looking


async def test_one_that_hangs_keeps_nobody_elses_amount_from_expiring(database):
    hanging, heard = await a_shop(Hanging()), await a_shop(Heard())
    await opened(hanging, minutes=5)
    clock.move(timedelta(seconds=1))
    other = await opened(heard, minutes=5)
    clock.move(25 * MINUTE)
    running = asyncio.create_task(expiring.expire_due(each(hanging, heard)))
    try:
        async with asyncio.timeout(10):
            await heard.provider.heard.wait()
        hanging.provider.answers.set()
        assert await running == 1
        assert await state(other) == "expired"
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running


async def test_what_fails_unforeseen_expires_when_patience_is_over_and_stops_no_other(database):
    broken, well = await a_shop(Broken()), await a_shop()
    kept, late = await opened(broken, minutes=5), await opened(well, minutes=5)
    clock.move(25 * MINUTE)
    assert await expiring.expire_due(each(broken, well)) == 1
    assert (await state(kept), await state(late)) == ("pending", "expired")
    clock.move(120 * MINUTE)
    assert await expiring.expire_due(each(broken, well)) == 1


async def test_a_refund_that_fails_unforeseen_stops_no_other_and_is_asked_about_again(database):
    broken, well = await a_shop(Broken(fails=False), alone_up_to=5000), await a_shop(alone_up_to=5000)
    asked = []
    for shop in (broken, well):
        _, settled = await shop.paid(1000)
        asked.append((await refunds.request(settled.capture, 400, "Closed", new_id())).id)
    broken.provider.fails = True
    assert await jobs.send_refunds(each(broken, well)) == 2
    states = [(await refunds.refund_by_id(one)).state for one in asked]
    assert states == [Sent.UNKNOWN.value, Sent.DONE.value]
    broken.provider.fails = False
    clock.move(11 * MINUTE)
    assert await jobs.ask_again(each(broken, well)) == 1
    assert (await refunds.refund_by_id(asked[0])).state == "done"


async def test_a_statement_that_fails_unforeseen_stops_no_other_and_what_waits_is_noted(payable, monkeypatch):
    put_clock(datetime(2027, 1, 4, 12, tzinfo=UTC))
    shops = [await payable.shop() for _ in range(2)]
    for shop in shops:
        await shop.paid(1000)
        await opened(shop, minutes=5)
    put_clock(datetime(2027, 1, 8, 12, tzinfo=UTC))
    real = Sandbox.rows

    async def failing(self, account, day):
        if account == shops[0].account:
            raise KeyError(account)
        return await real(self, account, day)

    monkeypatch.setattr(Sandbox, "rows", failing)
    assert await jobs.reconcile() == 4
    waiting = [[one.sort for one in await reconciling.open_differences(shop.till)] for shop in shops]
    assert all("waiting" in sorts for sorts in waiting)


@dataclass(slots=True)
class Hung(Sandbox):
    """A provider that never answers what it is asked in one of its ways."""

    hangs: str = ""

    async def _hang(self, what):
        if what == self.hangs:
            await asyncio.Event().wait()

    async def start(self, account, order):
        """Answer, or not."""
        await self._hang("start")
        return await Sandbox.start(self, account, order)

    async def lookup(self, account, ref, *rest):
        """Answer, or not."""
        await self._hang("lookup")
        return await Sandbox.lookup(self, account, ref, *rest)

    async def hint(self, account, body, headers):
        """Answer, or not."""
        await self._hang("hint")
        return await Sandbox.hint(self, account, body, headers)

    async def cancel(self, account, ref, *rest):
        """Answer, or not."""
        await self._hang("cancel")
        return await Sandbox.cancel(self, account, ref, *rest)

    async def refund(self, account, ref, refund, cents):
        """Do it, and answer or not."""
        sent = await Sandbox.refund(self, account, ref, refund, cents)
        await self._hang("refund")
        return sent

    async def rows(self, account, day):
        """Answer, or not."""
        await self._hang("rows")
        return await Sandbox.rows(self, account, day)


@pytest.fixture
def impatient(monkeypatch):
    monkeypatch.setattr(asking, "PATIENCE", 0.05)
    monkeypatch.setattr(asking, "LONG", 0.05)


@pytest.mark.parametrize("what", ["start", "lookup", "hint", "cancel", "rows"])
async def test_nothing_waits_for_ever_for_one_that_hangs(database, impatient, what):
    shop = await a_shop(Hung())
    due = await shop.due()
    ref = "" if what == "start" else await shop.opened(due.id)
    body, headers = shop.provider.notification(ref)
    shop.provider.hangs = what
    asks = {
        "start": lambda: shop.opened(due.id),
        "lookup": lambda: asking.look(shop.provider, shop.account, ref),
        "hint": lambda: asking.notified(shop.provider, shop.account, body, headers),
        "cancel": lambda: asking.stop(due.id, shop.provider),
        "rows": lambda: reconciling.reconcile_day(shop.provider, shop.account, ledger.today()),
    }
    async with asyncio.timeout(10):
        with pytest.raises(OutcomeUnknown):
            await asks[what]()


async def test_a_refund_at_one_that_hangs_is_unknown_and_made_once(database, impatient):
    shop = await a_shop(Hung(), alone_up_to=5000)
    _, settled = await shop.paid(1000)
    refund = (await refunds.request(settled.capture, 400, "Closed", new_id())).id
    shop.provider.hangs = "refund"
    async with asyncio.timeout(10):
        assert await jobs.send_refunds(each(shop)) == 1
    assert (await refunds.refund_by_id(refund)).state == "unknown"
    shop.provider.hangs = ""
    clock.move(11 * MINUTE)
    assert await jobs.ask_again(each(shop)) == 1
    assert (await refunds.refund_by_id(refund)).state == "done"
    assert [cents for _, cents, _ in shop.provider.refunds.values()] == [400]


async def test_what_a_notification_names_is_looked_up_and_a_plugin_that_fails_leaves_it_unknown(database, monkeypatch):
    shop = await a_shop()
    due = await shop.due()
    shop.provider.pay(ref := await shop.opened(due.id))
    told = shop.provider.notification(ref)

    async def fails(*_):
        raise KeyError("montant")

    monkeypatch.setattr(Sandbox, "hint", fails)
    with pytest.raises(OutcomeUnknown):
        await asking.notified(shop.provider, shop.account, *told)
    monkeypatch.undo()
    assert await asking.notified(shop.provider, shop.account, *told) == 1
    assert await state(due) == "paid"


async def test_a_statement_whose_payments_give_no_answer_is_read_again_but_not_for_ever(database):
    shop = await a_shop()
    silent, well = await opened(shop, paid=True), await opened(shop, paid=True)
    async with connection() as c:
        sql = "SELECT provider_ref FROM parvis.payment_attempt WHERE intent = $1"
        illegible = await c.fetchval(sql, silent.id)
    shop = Shop(shop.till, shop.account, Illegible(payments=shop.provider.payments, illegible=illegible))
    day = ledger.today()
    with pytest.raises(OutcomeUnknown):
        await reconciling.reconcile_day(shop.provider, shop.account, day)
    assert await state(well) == "paid", "one without an answer holds up no other"
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM parvis.statement") == 0
    clock.move(timedelta(days=3))
    [left] = await reconciling.reconcile_day(shop.provider, shop.account, day)
    assert (left.sort, left.ref) == ("missing-here", illegible)
    assert [one.provider_ref for one in await reconciling.open_differences(shop.till)] == [illegible]


async def test_what_a_statement_names_and_nobody_heard_of_is_asked_about(payable):
    put_clock(datetime(2027, 1, 4, 12, tzinfo=UTC))
    shop = await payable.shop()
    unheard = await opened(shop, paid=True)
    put_clock(datetime(2027, 1, 5, 6, tzinfo=UTC))
    await shop.paid(1000)
    assert await jobs.reconcile() == 0, "the account begins with what it knows of"
    put_clock(datetime(2027, 1, 6, 6, tzinfo=UTC))
    await reconciling.reconcile(shop.account, datetime(2027, 1, 3, tzinfo=UTC).date(), [])
    assert await jobs.reconcile() == 2
    assert await state(unheard) == "paid"
    assert [one for one in await reconciling.open_differences(shop.till) if one.found_again] == []


async def test_after_ninety_days_away_every_day_is_reconciled_oldest_first(payable):
    put_clock(datetime(2027, 1, 4, 12, tzinfo=UTC))
    shop = await payable.shop()
    await shop.paid(1000)
    put_clock(datetime(2027, 1, 5, 6, tzinfo=UTC))
    assert await jobs.reconcile() == 1
    paid = 1
    for day in (10, 60, 89):
        put_clock(datetime(2027, 1, 5, 12, tzinfo=UTC) + timedelta(days=day))
        await shop.paid(1000 + day)
        paid += 1
    put_clock(datetime(2027, 1, 5, 6, tzinfo=UTC) + timedelta(days=92))
    read = []
    while found := await jobs.reconcile():
        read.append(found)
    assert (sum(read), len(read), max(read)) == (92, 3, 31)
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM parvis.statement") == 93
        assert await c.fetchval("SELECT sum(lines) FROM parvis.statement") == paid
    assert await reconciling.open_differences(shop.till) == []


async def test_a_new_account_begins_with_the_day_of_its_first_money(payable):
    put_clock(datetime(2027, 1, 4, 12, tzinfo=UTC))
    shop = await payable.shop()
    await shop.paid(1000)
    put_clock(datetime(2027, 1, 8, 6, tzinfo=UTC))
    assert await jobs.reconcile() == 4


def giver_that(error):
    async def take(_):
        raise error

    return take


@pytest.fixture
def giver():
    yield lambda take: purposes.use({"pools": take})
    purposes.use({})


async def twice_the_same(intent):
    """A row that the database refuses, in the middle of the transaction that takes the money."""
    async with transaction() as c:
        await c.execute("INSERT INTO parvis.payment_notice (source, what) VALUES ($1, 'x'), ($1, 'x')", intent.id)


@pytest.mark.parametrize("take", [twice_the_same, giver_that(KeyError("a bug"))])
async def test_a_giver_that_fails_costs_the_place_and_never_the_money(database, giver, take):
    giver(take)
    shop = await a_shop()
    with capture_logs() as logs:
        due, settled = await shop.paid(1000, purpose="pools")
    assert (settled.taken_as, await state(due)) == ("vain", "to_refund")
    [told] = [one for one in logs if one["log_level"] == "error"]
    assert (told["event"], told["purpose"]) == ("payments.not-given", "pools")
    balances = {one.account: one.cents for one in await ledger.balances(shop.till) if one.cents}
    assert balances == {f"clearing:{shop.account}": 1000, "refund_due": -1000}
    assert await proofs.unbalanced() == []


@pytest.mark.parametrize("error", [asyncpg.DeadlockDetectedError, asyncpg.QueryCanceledError, ConnectionError])
async def test_a_database_that_is_busy_is_asked_again_and_nobody_loses_the_place(database, giver, error):
    shop, tries = await a_shop(), []

    async def take(intent):
        tries.append(intent)
        if len(tries) == 1:
            raise error("later")

    giver(take)
    due = await opened(shop, paid=True, purpose="pools")
    clock.move(2 * MINUTE)
    assert await polling.look_due(each(shop)) == 0
    assert await state(due) == "pending"
    clock.move(6 * MINUTE)
    assert await polling.look_due(each(shop)) == 1
    assert (await state(due), len(tries)) == ("paid", 2)


@pytest.mark.parametrize("cents", [0, -5])
async def test_paid_without_an_amount_is_no_answer(database, monkeypatch, cents):
    shop = await a_shop()
    due = await shop.due()
    ref = await shop.opened(due.id)

    async def paid(*_):
        return Found(Result.PAID, cents, clock.now())

    monkeypatch.setattr(Sandbox, "lookup", paid)
    with pytest.raises(OutcomeUnknown):
        await attempts.look(shop.provider, shop.account, ref)
    assert await state(due) == "pending"


@pytest.mark.parametrize("free", [True, False])
async def test_a_provider_that_is_down_for_a_day_loses_nobody_money_or_place(payable, giver, free):
    """What was chosen is freed after two hours; who had paid gets it if it is still free, or the money; the day's
    statement agrees in the end."""
    given = []

    async def take(intent):
        if not free:
            raise Conflict
        given.append(intent.id)

    giver(take)
    put_clock(datetime(2027, 1, 4, 9, tzinfo=UTC))
    shop = await payable.shop(alone_up_to=5000)
    unpaid = await opened(shop, minutes=30, purpose="pools")
    paid = await opened(shop, paid=True, minutes=30, purpose="pools")
    shop.provider.down = True
    for minutes in (2, 5, 10, 20, 31, 60, 120, 149):
        put_clock(datetime(2027, 1, 4, 9, tzinfo=UTC) + timedelta(minutes=minutes))
        await polling.look_due(await every())
        assert await expiring.expire_due(await every()) == 0
    for hours in range(3, 24):
        put_clock(datetime(2027, 1, 4, 9, tzinfo=UTC) + timedelta(hours=hours))
        await polling.look_due(await every())
        await expiring.expire_due(await every())
        await jobs.reconcile()
    assert [await state(one) for one in (unpaid, paid)] == ["expired", "expired"]
    shop.provider.down = False
    for hours in range(24, 30):
        put_clock(datetime(2027, 1, 4, 9, tzinfo=UTC) + timedelta(hours=hours))
        await polling.look_due(await every())
        await jobs.send_refunds(await every())
        await jobs.reconcile()
    assert [await state(one) for one in (unpaid, paid)] == ["expired", "paid" if free else "refunded"]
    assert given == ([paid.id] if free else [])
    put_clock(datetime(2027, 1, 6, 9, tzinfo=UTC))
    await jobs.reconcile()
    differences = await reconciling.open_differences(shop.till)
    assert [(one.sort, one.found_again) for one in differences if one.found_again and one.sort != "waiting"] == []
    balances = {one.account: one.cents for one in await ledger.balances(shop.till) if one.cents}
    assert balances == ({f"clearing:{shop.account}": 1000, "revenue:pools": -1000} if free else {})
