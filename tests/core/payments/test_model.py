"""Residents, providers, timers, agents and banks in any order, each repeated, late, unheard or cut short: always the
books balance and nothing is collected or given back twice; in the end there is the place, the money, or a task."""

import asyncio
import os

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from tests.core.payments.model import rest, truths
from tests.core.payments.model.crashes import PROCESS
from tests.core.payments.model.possible import possible
from tests.core.payments.model.world import STEPS, World, a_world
from tests.seeds import seeds

from parvis.payments import intents, purposes, refunds
from parvis.payments.books import sales
from parvis.payments.credits import balances
from parvis.testing.fixtures import copied

SOAK = os.environ.get("PARVIS_SOAK") == "1"
EXAMPLES, LENGTH = (40, 60) if SOAK else (4, 30)
# What is always possible, goes wrong, or ends everything is one rule each: else hardly anybody would get to pay.
TIME = ("poll", "expire", "wait", "come_back")
# What becomes of these depends on the moment: they come late, as nobody can see what is possible afterwards.
RACING = ("notify_at_once", "notify_and_cancel", "write_bills_at_once", "crash")
ODD = (
    *("notify_forged", "notify_unknown", "become_illegible", "open_unheard", "send_unheard", "refuse_refunds"),
    *("go_down_or_up", "pay_other", "refuse", "reconcile", "pay_out", "approve_own", "tell_disputes", "turn"),
)
ENDING = (
    "cancel",
    "change",
    "lose_place",
    "free_place",
    "withdraw",
    "reject",
    "revoke_mandate",
    "drop_batch",
    "pass_on",
    "take_back_plan",
    "bank_took",
    "err",
)
ALONE = sorted({*STEPS} - {*TIME, *RACING, *ODD, *ENDING})
OF_PLACES = frozenset({"change", "lose_place", "free_place"})
OF_BILLS = frozenset(
    {
        *("give_mandate", "revoke_mandate", "make_batch", "take_file", "send_batch", "drop_batch", "collect"),
        *("reject_debit", "return_debit", "pass_on", "pay_late", "recall", "take_cash_back"),
        *("write_bill", "write_bills_at_once", "turn", "take_back_plan"),
    }
)
# How an example begins: with nothing, or well on its way.
PAYING = (
    *("", "open pay", "open pay notify", "open pay wait:2 wait:2", "take_cash", "open pay notify ask_refund:2"),
    *("open pay_other notify", "open refuse", "open pay notify dispute", "open pay notify dispute decide_dispute"),
    *("open pay_other:1 notify dispute:4", "open pay notify bank_took", "open pay dispute"),
    *("open pay notify ask_by_hand", "open pay notify err", "open pay notify err undo_error"),
)
PLACE = (*PAYING, "lose_place open pay notify", "lose_place open pay notify withdraw find_place")
DEBITED = "give_mandate make_batch take_file send_batch collect return_debit"
CREDITED = "take_cash ask_by_hand:1 approve pay_by_hand open pay_other:1 notify"
LATE = "wait:7 wait:7 wait:7 wait:7"
IN_VAIN = f"open {LATE} poll pass_on pay_late"
BILL = (
    *PAYING,
    *(DEBITED.rsplit(" ", left)[0] for left in range(5)),
    *("give_mandate make_batch take_file cancel", "open pay notify ask_refund pay_by_hand"),
    *(f"open {LATE} pass_on", f"{LATE} expire pass_on recall take_cash take_cash_back"),
    *(f"{IN_VAIN} {then}" for then in ("recall", "send recall take_cash", "recall find_place ask_refund")),
    *("write_bill:4 open pay notify turn:1", "write_bill:6 take_cash take_back_plan"),
    *(f"{CREDITED} {then}" for then in ("write_bill:2", "write_bill:1 cancel", "write_bill:4", "ask_payout")),
    f"{CREDITED} write_bill:3 take_cash",
)
BEGINNINGS = tuple((bill, beginning) for bill, all_ in ((False, PLACE), (True, BILL)) for beginning in all_)
PHASES = (Phase.generate, Phase.shrink)
NUMBER = st.integers(0, 7)


async def _unlocked(c, found):
    return await intents.intent(found)


async def _nothing(*_):
    pass


# What happens at once at a place or a bill, and without which lock it goes wrong.
AT_ONCE = {
    "paying and cancelling": (False, "open pay notify_and_cancel", intents, "locked", _unlocked),
    "using a credit": (True, "open pay_other:1 notify write_bills_at_once", balances, "lock", _nothing),
}
# Without which rule what goes wrong.
TWICE = "ask_refund:3 approve ask_refund:3 approve"
MISSING = {
    "a limit": (False, f"open pay notify {TWICE}", refunds, "refund_fault", lambda *_: None),
    "a sale taken back": (True, "open pay notify bank_took cancel", sales, "drop", _nothing),
    "a credit given": (True, "open pay_other:1 notify ask_payout write_bill", balances, "give", _nothing),
}


class Payments(RuleBasedStateMachine):
    """One resident and everybody around them, on one database; every step of the world is a rule."""

    runner: asyncio.Runner
    world: World

    @initialize(public=st.booleans(), beginning=st.sampled_from(BEGINNINGS))
    def begin(self, public, beginning):
        bill, steps = beginning
        self.world, self.raced = self.runner.run(a_world(public=public, bill=bill)), False
        self.taken = 0
        self.runner.run(self.world.walk(steps))

    def take(self, step, n):
        self.runner.run(self.world.do(step, n))
        self.raced |= step in RACING
        self.taken += 1

    @rule(step=st.sampled_from(sorted({*STEPS} - {*RACING})), n=NUMBER)
    def anything(self, step, n):
        self.take(step, n)

    @invariant()
    def always(self):
        can = self.runner.run(held(self.world)) if hasattr(self, "world") else frozenset()
        # Who was first depends on the moment: from then on anything is tried, so that a walk can be taken again.
        never = OF_PLACES if can and self.world.bill else OF_BILLS
        self.can = frozenset(STEPS) - never if can and self.raced else can
        if can and self.taken < LENGTH // 2:
            self.can -= {*RACING}

    def teardown(self):
        if hasattr(self, "world"):
            with self.world.told():
                self.runner.run(rest.at_rest(self.world))


async def held(world):
    with world.told():
        await truths.always(world)
    return await possible(world)


def _one(step):
    def take(self, n):
        self.take(step, n)

    take.__name__ = step
    return precondition(lambda self: step in self.can)(rule(n=NUMBER)(take))


def _some(name, steps):
    def take(self, data, n):
        self.take(data.draw(st.sampled_from([step for step in steps if step in self.can])), n)

    take.__name__ = name
    return precondition(lambda self: not self.can.isdisjoint(steps))(rule(data=st.data(), n=NUMBER)(take))


_RULES = {"time": TIME, "racing": RACING, "odd": ODD, "ending": ENDING}
for _rule in (*map(_one, ALONE), *(_some(name, steps) for name, steps in _RULES.items())):
    setattr(Payments, _rule.__name__, _rule)


@pytest.fixture
def machine(cluster, template, instance):
    """The machine, with a loop and a database that all its examples share."""
    with asyncio.Runner() as runner, PROCESS.watched():
        database = copied(cluster, template, instance)
        runner.run(database.__aenter__())
        Payments.runner = runner
        yield Payments
        purposes.use({})
        runner.run(database.__aexit__(None, None, None))


def explore(machine, seed: int, examples: int = EXAMPLES, phases=PHASES) -> None:
    """Walk about; a failure names the steps to it, as few as suffice."""
    hypothesis.seed(seed)(machine)
    told = hypothesis.settings(
        max_examples=examples, stateful_step_count=LENGTH, deadline=None, database=None, phases=phases,
        suppress_health_check=[*HealthCheck], report_multiple_bugs=False,
    )  # fmt: skip
    run_state_machine_as_test(machine, settings=told)


@pytest.mark.parametrize("seed", seeds(40))
def test_whatever_anybody_does_there_is_the_place_or_the_money(machine, seed):
    explore(machine, seed)


@pytest.mark.parametrize("what", AT_ONCE)
async def test_what_is_done_at_once_is_done_one_after_the_other(database, what):
    for _ in range(4):
        await at_once(what)
    purposes.use({})


@pytest.mark.parametrize("what", AT_ONCE)
async def test_the_model_sees_that_a_lock_is_missing(database, monkeypatch, what):
    monkeypatch.setattr(*AT_ONCE[what][2:])
    with pytest.raises(AssertionError):
        for _ in range(40):
            await at_once(what)
    purposes.use({})


@pytest.mark.parametrize("rule", MISSING)
async def test_the_model_sees_that_a_rule_is_missing(database, monkeypatch, rule):
    bill, steps, *instead = MISSING[rule]
    monkeypatch.setattr(*instead)
    world = await a_world(public=bill, bill=bill)
    with pytest.raises(AssertionError):
        await truths.always(await walked(world, steps))
    purposes.use({})


@pytest.mark.skipif(not SOAK, reason="walks about until it finds it: in `make soak`")
def test_the_model_finds_by_itself_that_a_limit_is_missing(machine, monkeypatch):
    monkeypatch.setattr(refunds, "refund_fault", lambda *_: None)
    with pytest.raises(AssertionError):
        explore(machine, 1, 200, (Phase.generate,))


async def at_once(what) -> None:
    bill, steps, *_ = AT_ONCE[what]
    await truths.always(await walked(await a_world(public=False, bill=bill), steps))


async def walked(world, steps):
    await world.walk(steps)
    return world
