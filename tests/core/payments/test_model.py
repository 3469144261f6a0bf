"""Residents, providers, timers, agents and banks in any order, each repeated, late, unheard or cut short: always the
books balance and nothing is collected or given back twice; in the end there is the place, the money, or a task."""

import asyncio
import os

import hypothesis
import pytest
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from tests.core.payments.model import truths
from tests.core.payments.model.crashes import PROCESS
from tests.core.payments.model.world import World, a_world
from tests.seeds import seeds

from parvis.payments import purposes
from parvis.testing.fixtures import copied

RESIDENT = ("open", "open", "pay", "pay", "pay_other", "refuse", "come_back", "change", "cancel", "open_unheard")
PROVIDER = ("notify", "notify", "notify_forged", "notify_unknown", "go_down_or_up", "become_illegible")
WORKER = ("poll", "expire", "send", "send_unheard", "ask_again", "reconcile")
COUNTER = ("find_place", "lose_place", "free_place", "take_cash", "take_cash_back")
REFUNDS = ("ask_refund", "approve", "reject", "withdraw", "retry", "pay_by_hand", "refuse_refunds", "bounce")
BANK = ("give_mandate", "revoke_mandate", "make_batch", "send_batch", "drop_batch", "collect", "reject_debit")
MONEY = ("return_debit", "dispute", "decide_dispute", "pay_out")
NUMBER = st.integers(0, 7)
SOAK = os.environ.get("PARVIS_SOAK") == "1"
EXAMPLES, LENGTH = (60, 50) if SOAK else (5, 25)


class Payments(RuleBasedStateMachine):
    """One resident and everybody around them, on one database."""

    runner: asyncio.Runner
    world: World

    @initialize(public=st.booleans(), bill=st.booleans())
    def begin(self, public, bill):
        self.world = self.runner.run(a_world(public=public, bill=bill))

    @rule(step=st.sampled_from(RESIDENT), n=NUMBER)
    def resident(self, step, n):
        self.runner.run(self.world.do(step, n))

    @rule(step=st.sampled_from(PROVIDER), n=NUMBER)
    def provider(self, step, n):
        self.runner.run(self.world.do(step, n))

    @rule(step=st.sampled_from(WORKER), n=NUMBER)
    def worker(self, step, n):
        self.runner.run(self.world.do(step, n))

    @rule(step=st.sampled_from(COUNTER), n=NUMBER)
    def counter(self, step, n):
        self.runner.run(self.world.do(step, n))

    @rule(step=st.sampled_from(REFUNDS), n=NUMBER)
    def refunds(self, step, n):
        self.runner.run(self.world.do(step, n))

    @rule(step=st.sampled_from(BANK), n=NUMBER)
    def bank(self, step, n):
        self.runner.run(self.world.do(step, n))

    @rule(step=st.sampled_from(MONEY), n=NUMBER)
    def money(self, step, n):
        self.runner.run(self.world.do(step, n))

    @rule(step=st.sampled_from(("wait", "crash")), n=NUMBER)
    def fate(self, step, n):
        self.runner.run(self.world.do(step, n))

    @invariant()
    def always(self):
        if hasattr(self, "world"):
            self.runner.run(truths.always(self.world))

    def teardown(self):
        if hasattr(self, "world"):
            self.runner.run(truths.at_rest(self.world))


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


def explore(machine, seed: int, examples: int = EXAMPLES, phases=(Phase.generate, Phase.shrink)) -> None:
    """Walk about; a failure names the steps to it, as few as suffice."""
    hypothesis.seed(seed)(machine)
    told = hypothesis.settings(
        max_examples=examples, stateful_step_count=LENGTH, deadline=None, database=None, phases=phases,
        suppress_health_check=[*HealthCheck],
    )  # fmt: skip
    run_state_machine_as_test(machine, settings=told)


@pytest.mark.parametrize("seed", seeds(40))
def test_whatever_anybody_does_there_is_the_place_or_the_money(machine, seed):
    explore(machine, seed)
