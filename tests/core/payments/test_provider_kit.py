"""The kit finds a provider that does not keep to what it says of itself."""

from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from parvis.contract.payments import Found, OutcomeUnknown, Result, Sent
from parvis.errors import Refused
from parvis.payments.books.ledger import today
from parvis.testing.provider_kit import ProviderConformance, Rig
from parvis.testing.sandbox_provider import Sandbox

KIT = ProviderConformance()


def rig_of(sandbox: Sandbox) -> Rig:
    async def pay(ref: str) -> None:
        sandbox.pay(ref)

    async def refuse(ref: str) -> None:
        sandbox.refuse(ref)

    @contextmanager
    def down():
        sandbox.down = True
        yield
        sandbox.down = False

    return Rig(sandbox, "sandbox", pay, refuse, sandbox.notification, down, today)


@dataclass(slots=True)
class Says(Sandbox):
    """It says other things of itself than it does."""

    says: tuple[tuple[str, object], ...] = ()

    def caps(self, account):
        return replace(Sandbox.caps(self, account), **dict(self.says))


class NoRefund(Sandbox):
    """It cannot give back, whatever it says."""

    async def refund(self, *asked):
        return Sent.FAILED


class Unsure(Sandbox):
    """It says that it cannot give back, and leaves everybody waiting."""

    def caps(self, account):
        return replace(Sandbox.caps(self, account), refund=False)

    async def refund(self, *asked):
        raise OutcomeUnknown


class Closing(Sandbox):
    """It says that it cannot close a page, and that it is closed."""

    def caps(self, account):
        return replace(Sandbox.caps(self, account), cancel=False)

    async def cancel(self, account, ref, terms=""):
        return Found(Result.GONE)


class Open(Sandbox):
    """It says that a page is closed that can still be paid."""

    async def cancel(self, account, ref, terms=""):
        found = await self.lookup(account, ref)
        return found if found.result == Result.PAID else Found(Result.GONE)


class Generous(Sandbox):
    """It gives back what nobody paid."""

    async def refund(self, *asked):
        return Sent.DONE


@pytest.mark.parametrize(
    ("liar", "found_by"),
    [
        (NoRefund(), "a_refund_is_made_once_and_never_above_what_was_paid"),
        (Unsure(), "who_cannot_give_back_refuses_and_the_payment_stays"),
        (Says(says=(("refund", False),)), "who_cannot_give_back_refuses_and_the_payment_stays"),
        (Closing(), "who_cannot_cancel_says_what_became_of_it_and_it_can_still_be_paid"),
        (Says(says=(("cancel", False),)), "who_cannot_cancel_says_what_became_of_it_and_it_can_still_be_paid"),
        (Open(), "a_cancelled_payment_can_no_longer_be_paid_and_a_paid_one_stays_so"),
        (Says(says=(("rows", False),)), "who_has_no_statement_says_so"),
        (Says(says=(("least", 50),)), "the_least_and_the_most_that_it_names_can_be_paid"),
        (Says(says=(("least", 200),)), "an_amount_outside_its_limits_is_refused"),
        (Says(says=(("most", 10_000_000),)), "the_least_and_the_most_that_it_names_can_be_paid"),
        (Says(says=(("most", 9_999_998),)), "an_amount_outside_its_limits_is_refused"),
        (Says(says=(("resume_for", timedelta(minutes=21)),)), "as_long_as_it_can_be_come_back_to_it_can_be_paid"),
        (Sandbox(paid_late=True), "once_its_time_is_over_it_cannot_be_paid_any_more"),
        (Generous(), "what_was_not_paid_or_nobody_knows_is_not_given_back"),
    ],
)
async def test_who_does_not_do_what_it_says_is_found(instance, liar, found_by):
    with pytest.raises((AssertionError, OutcomeUnknown, Refused, LookupError, pytest.fail.Exception)):
        await getattr(KIT, f"test_{found_by}")(rig_of(liar))
