"""Every order of opening, paying, notifying, coming back, expiring, cancelling and giving back, each with one repeated,
late, unheard or cut short; and a process that dies at any of its steps. `make test` tries a few, `make soak` all."""

import os
import random

import pytest
from tests.core.payments.model import rest, truths
from tests.core.payments.model.crashes import PROCESS
from tests.core.payments.model.orders import Order, orders
from tests.core.payments.model.resident import MINUTE
from tests.core.payments.model.world import World, a_world
from tests.seeds import seeds

from parvis import clock
from parvis.payments import purposes

SOAK = os.environ.get("PARVIS_SOAK") == "1"
SEEDS, FEW = 40, 6
WALKS = {
    "expire": "wait:6 expire",
    "refund": "ask_refund:3 approve send pay_by_hand",
}
# A kind of shop and what happens there, each of whose steps is cut short everywhere.
LIVES = (
    (False, False, "open pay notify ask_refund:3 approve send"),
    (False, False, "lose_place open pay come_back find_place"),
    (False, False, "open pay cancel wait poll send"),
    (False, False, "open change open pay notify"),
    (True, False, "open refuse pay wait:5 expire"),
    (True, False, "lose_place open pay notify pay_by_hand"),
    (True, True, "take_cash take_cash_back take_cash"),
    (True, True, "give_mandate make_batch take_file send_batch collect return_debit open pay notify"),
    (True, True, "give_mandate make_batch take_file cancel send_batch:1 collect pay_by_hand"),
    (False, False, "open pay notify ask_refund:3 approve send wait:2 ask_again bounce retry send"),
    (False, False, "open pay notify dispute tell_disputes decide_dispute tell_disputes open pay notify"),
    (True, False, "open pay notify bank_took read_papers open pay notify:1"),
    (False, True, "take_cash ask_by_hand:1 pay_by_hand write_bill:2 take_cash ask_by_hand:11 pay_by_hand ask_payout:1"),
    (False, True, "open pay_other:1 notify write_bill:1 write_bill:2 take_cash turn:1 cancel ask_payout send"),
    (False, True, "write_bill:4 open pay notify turn:1 take_back_plan"),
    (False, True, "give_mandate make_batch drop_batch make_batch take_file send_batch reject_debit take_cash"),
)
CUTS = [(life, step) for life in LIVES for step in range(len(life[2].split()))]


@pytest.fixture(autouse=True)
def watched(database):
    with PROCESS.watched():
        yield
    purposes.use({})


@pytest.mark.parametrize("seed", seeds(SEEDS))
async def test_in_every_order_there_is_the_place_or_the_money(seed):
    all_of_them = [(public, order) for public in (False, True) for order in orders()][seed::SEEDS]
    tried = all_of_them if SOAK else random.Random(seed).sample(all_of_them, 2 * FEW)
    for number, (public, order) in enumerate(tried):
        try:
            await live(public, order, number)
        except AssertionError as wrong:
            raise AssertionError(f"public={public}: {order} (number {number})") from wrong


async def live(public: bool, order: Order, number: int) -> None:
    world = await a_world(public=public, bill=False)
    for n, step in enumerate(order.steps):
        await act(world, step, order.how if n == order.where else "", number)
    if order.how == "repeated":
        await act(world, order.steps[order.where], "", number)
    await truths.always(world)
    await rest.at_rest(world)


async def act(world: World, step: str, how: str, number: int) -> None:
    walk = WALKS.get(step, step)
    if how == "late":
        clock.move(25 * MINUTE)
    if how == "crashed":
        world.fated = 1 + number % 30
    if how == "unheard":
        async with world.unheard():
            await world.walk(walk)
    else:
        await world.walk(walk)
    if how:
        await truths.always(world)
    if how == "repeated":
        await world.walk(walk)


@pytest.mark.parametrize("seed", seeds(SEEDS))
async def test_wherever_a_process_dies_it_ends_as_if_it_had_not(seed):
    for life, step in CUTS[seed::SEEDS] or CUTS[:1]:
        whole, _ = await cut_short(life, step, 0)
        for cut in range(1, 1000) if SOAK else [random.Random(seed).randint(1, 20)]:
            end, died = await cut_short(life, step, cut)
            assert end == whole, f"{life}, step {step} cut short at {cut}"
            if not died:
                break


async def cut_short(life: tuple[bool, bool, str], step: int, cut: int) -> tuple[object, bool]:
    """How it ends with one step cut short before its so-manieth, then taken again; whether it was cut at all."""
    public, bill, steps = life
    words = steps.split()
    world = await a_world(public=public, bill=bill)
    await world.strictly(" ".join(words[:step]))
    world.fated = cut
    done = await world.walk(words[step])
    assert cut or done == [True], f"{words[step]} is not possible in {steps}"
    died = world.crashed
    await truths.always(world)
    clock.move(3 * MINUTE)
    if died:
        await world.walk(words[step])
    await world.walk(" ".join(words[step + 1 :]))
    await rest.at_rest(world)
    return await rest.outcome(world), died
