"""What every payment provider must do, as tests. A plugin's suite derives from `ProviderConformance` and gives a
fixture `rig` that makes payers act at its simulator:

class TestOurProvider(ProviderConformance):
    @pytest.fixture
    async def rig(self): ...
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import date, timedelta

import pytest

from parvis import clock
from parvis.contract.payments import Order, OutcomeUnknown, Provider, Result, RowKind, Sent
from parvis.db import new_id
from parvis.errors import Invalid, Refused
from parvis.testing.visits import put_clock


@dataclass(frozen=True, slots=True)
class Rig:
    """A provider, an account there, and its payers: `pay` and `refuse` act on a payment's reference.

    `notify` gives a notification's body and headers; within `down` nothing answers; `today` is its territory's day.
    """

    provider: Provider
    account: str
    pay: Callable[[str], Awaitable[object]]
    refuse: Callable[[str], Awaitable[object]]
    notify: Callable[[str], tuple[bytes, dict[str, str]]]
    down: Callable[[], AbstractContextManager[object]]
    today: Callable[[], date]

    def order(self, cents: int = 1234) -> Order:
        """An order for so many cents."""
        return Order(
            attempt=new_id(),
            cents=cents,
            label="Pool 12",
            mail="a.resident@example.org",
            back="https://portal.invalid/b",
        )

    async def paid(self, cents: int = 1234) -> str:
        """The reference of a payment that was paid."""
        started = await self.provider.start(self.account, self.order(cents))
        await self.pay(started.ref)
        return started.ref


class ProviderConformance:
    """The kit. What a provider says it can do (`caps`) it does; the rest it refuses, and nothing is changed."""

    async def test_it_is_a_provider(self, rig: Rig) -> None:
        """It has every method of the port, and its limits make sense."""
        caps = rig.provider.caps(rig.account)
        assert isinstance(rig.provider, Provider)
        assert 1 <= caps.least <= caps.most
        assert timedelta() < caps.resume_for <= caps.live_for

    async def test_what_it_can_do_is_known_before_a_till_has_an_account(self, rig: Rig) -> None:
        """Who adds it to a till is told by it how refunds leave."""
        assert rig.provider.caps("").refund == rig.provider.caps(rig.account).refund

    async def test_a_payment_waits_then_is_paid_in_full(self, rig: Rig) -> None:
        """Until the payer acts it waits; then the amount and the instant are known."""
        started = await rig.provider.start(rig.account, rig.order())
        assert started.ref
        assert started.url.startswith("http")
        assert (await rig.provider.lookup(rig.account, started.ref)).result == Result.WAITING
        await rig.pay(started.ref)
        found = await rig.provider.lookup(rig.account, started.ref)
        assert (found.result, found.cents) == (Result.PAID, 1234)
        assert found.at is None or found.at.tzinfo is not None

    async def test_the_answer_names_the_amount_that_was_asked_and_our_attempt_or_none(self, rig: Rig) -> None:
        """Each payment has its own: nothing is mixed up among several."""
        for cents in (101, 4207, 1234):
            order = rig.order(cents)
            started = await rig.provider.start(rig.account, order)
            await rig.pay(started.ref)
            found = await rig.provider.lookup(rig.account, started.ref, started.terms)
            assert (found.result, found.cents) == (Result.PAID, cents)
            assert found.attempt in {order.attempt, None}

    async def test_once_its_time_is_over_it_cannot_be_paid_any_more(self, rig: Rig) -> None:
        """Whatever the payer tries after `live_for`; what was paid before stays so."""
        started = await rig.provider.start(rig.account, rig.order())
        paid = await rig.paid()
        put_clock(clock.now() + rig.provider.caps(rig.account).live_for + timedelta(seconds=1))
        with suppress(Exception):
            await rig.pay(started.ref)
        late = await rig.provider.lookup(rig.account, started.ref, started.terms)
        assert late.result in {Result.GONE, Result.WAITING}
        assert (await rig.provider.lookup(rig.account, paid)).result == Result.PAID

    async def test_as_long_as_it_can_be_come_back_to_it_can_be_paid(self, rig: Rig) -> None:
        """To the last second of `resume_for`."""
        started = await rig.provider.start(rig.account, rig.order())
        put_clock(clock.now() + rig.provider.caps(rig.account).resume_for - timedelta(seconds=1))
        assert (await rig.provider.lookup(rig.account, started.ref, started.terms)).result == Result.WAITING
        await rig.pay(started.ref)
        found = await rig.provider.lookup(rig.account, started.ref, started.terms)
        assert (found.result, found.cents) == (Result.PAID, 1234)

    async def test_a_refused_card_may_be_followed_by_another(self, rig: Rig) -> None:
        """A refusal is not the end."""
        started = await rig.provider.start(rig.account, rig.order())
        await rig.refuse(started.ref)
        assert (await rig.provider.lookup(rig.account, started.ref)).result in {Result.REFUSED, Result.WAITING}
        await rig.pay(started.ref)
        assert (await rig.provider.lookup(rig.account, started.ref)).result == Result.PAID

    async def test_two_orders_are_two_payments(self, rig: Rig) -> None:
        """References are never used twice."""
        started = [await rig.provider.start(rig.account, rig.order()) for _ in range(3)]
        assert len({one.ref for one in started}) == 3

    async def test_an_unknown_reference_is_gone(self, rig: Rig) -> None:
        """Nothing is made up about it."""
        assert (await rig.provider.lookup(rig.account, "0" * 16)).result == Result.GONE

    async def test_an_amount_outside_its_limits_is_refused(self, rig: Rig) -> None:
        """For good: nobody need ask again."""
        caps = rig.provider.caps(rig.account)
        for cents in (caps.least - 1, caps.most + 1):
            with pytest.raises(Refused):
                await rig.provider.start(rig.account, rig.order(cents))

    async def test_the_least_and_the_most_that_it_names_can_be_paid(self, rig: Rig) -> None:
        """Its limits are what it takes, not less."""
        caps = rig.provider.caps(rig.account)
        for cents in (caps.least, caps.most):
            found = await rig.provider.lookup(rig.account, await rig.paid(cents))
            assert (found.result, found.cents) == (Result.PAID, cents)

    async def test_a_notification_names_its_payment_and_a_forged_one_none(self, rig: Rig) -> None:
        """It is only a hint: a changed body or a missing signature is refused, or names what is looked up anyway."""
        ref = await rig.paid()
        body, headers = rig.notify(ref)
        assert await rig.provider.hint(rig.account, body, headers) == (ref,)
        if headers:
            for forged in ((body + b" ", headers), (body, {})):
                with pytest.raises(Invalid):
                    await rig.provider.hint(rig.account, *forged)

    async def test_without_an_answer_the_outcome_is_unknown(self, rig: Rig) -> None:
        """Whatever is asked while it is down."""
        ref = await rig.paid()
        with rig.down():
            for ask in (
                rig.provider.start(rig.account, rig.order()),
                rig.provider.lookup(rig.account, ref),
                rig.provider.cancel(rig.account, ref),
            ):
                with pytest.raises(OutcomeUnknown):
                    await ask
        assert (await rig.provider.lookup(rig.account, ref)).result == Result.PAID

    async def test_a_refund_without_an_answer_is_unknown_and_made_once_when_asked_again(self, rig: Rig) -> None:
        """And statements of such a time are asked for again."""
        caps, refund = rig.provider.caps(rig.account), new_id()
        if not caps.refund:
            pytest.skip("it cannot give back")
        ref = await rig.paid(1000)
        with rig.down():
            with pytest.raises(OutcomeUnknown):
                await rig.provider.refund(rig.account, ref, refund, 600)
            if caps.rows:
                with pytest.raises(OutcomeUnknown):
                    await rig.provider.rows(rig.account, rig.today())
        for _ in range(2):
            assert await rig.provider.refund(rig.account, ref, refund, 600) == Sent.DONE
        assert await rig.provider.refund(rig.account, ref, new_id(), 401) == Sent.FAILED

    async def test_a_cancelled_payment_can_no_longer_be_paid_and_a_paid_one_stays_so(self, rig: Rig) -> None:
        """Cancelling says what became of it."""
        if not rig.provider.caps(rig.account).cancel:
            pytest.skip("it cannot cancel")
        started = await rig.provider.start(rig.account, rig.order())
        assert (await rig.provider.cancel(rig.account, started.ref)).result == Result.GONE
        with suppress(Exception):
            await rig.pay(started.ref)
        assert (await rig.provider.lookup(rig.account, started.ref, started.terms)).result == Result.GONE
        paid = await rig.paid()
        assert (await rig.provider.cancel(rig.account, paid)).result == Result.PAID

    async def test_who_cannot_cancel_says_what_became_of_it_and_it_can_still_be_paid(self, rig: Rig) -> None:
        """A payer on its page must not be told that it is closed."""
        if rig.provider.caps(rig.account).cancel:
            pytest.skip("it can cancel")
        started = await rig.provider.start(rig.account, rig.order())
        assert (await rig.provider.cancel(rig.account, started.ref, started.terms)).result == Result.WAITING
        await rig.pay(started.ref)
        assert (await rig.provider.cancel(rig.account, started.ref, started.terms)).result == Result.PAID

    async def test_who_cannot_give_back_refuses_and_the_payment_stays(self, rig: Rig) -> None:
        """It has failed for good, so that it leaves another way: nobody waits for it."""
        if rig.provider.caps(rig.account).refund:
            pytest.skip("it can give back")
        ref, refund = await rig.paid(1000), new_id()
        for _ in range(2):
            assert await rig.provider.refund(rig.account, ref, refund, 600) == Sent.FAILED
        found = await rig.provider.lookup(rig.account, ref)
        assert (found.result, found.cents) == (Result.PAID, 1000)

    async def test_who_has_no_statement_says_so(self, rig: Rig) -> None:
        """An empty one would say that nothing came in."""
        if rig.provider.caps(rig.account).rows:
            pytest.skip("it has a statement")
        await rig.paid(1000)
        with pytest.raises(OutcomeUnknown):
            await rig.provider.rows(rig.account, rig.today())

    async def test_what_was_not_paid_or_nobody_knows_is_not_given_back(self, rig: Rig) -> None:
        """Whatever it can do."""
        started = await rig.provider.start(rig.account, rig.order(1000))
        for ref in (started.ref, "0" * 16):
            assert await rig.provider.refund(rig.account, ref, new_id(), 100) == Sent.FAILED
        await rig.pay(started.ref)
        assert (await rig.provider.lookup(rig.account, started.ref)).cents == 1000

    async def test_a_refund_is_made_once_and_never_above_what_was_paid(self, rig: Rig) -> None:
        """The same id again is the same refund."""
        if not rig.provider.caps(rig.account).refund:
            pytest.skip("it cannot give back")
        ref, refund = await rig.paid(1000), new_id()
        assert await rig.provider.refund(rig.account, ref, refund, 600) == Sent.DONE
        assert await rig.provider.refund(rig.account, ref, refund, 600) == Sent.DONE
        assert await rig.provider.refund(rig.account, ref, new_id(), 401) == Sent.FAILED
        assert await rig.provider.refund(rig.account, ref, new_id(), 400) == Sent.DONE

    async def test_the_days_statement_has_every_movement(self, rig: Rig) -> None:
        """Money in by the payment's reference, money back by the refund's id."""
        caps = rig.provider.caps(rig.account)
        if not caps.rows:
            pytest.skip("it has no statement to ask for")
        ref, refund = await rig.paid(1000), new_id()
        if caps.refund:
            await rig.provider.refund(rig.account, ref, refund, 250)
        rows = {(row.kind, row.ref): row.cents for row in await rig.provider.rows(rig.account, rig.today())}
        assert rows[RowKind.CAPTURE, ref] == 1000
        assert {(row_of, named) for row_of, named in rows if named not in {ref, str(refund)}} == set()
        assert await rig.provider.rows(rig.account, rig.today() - timedelta(days=2)) in ([], ())
        assert not caps.refund or rows[RowKind.REFUND, str(refund)] == 250
