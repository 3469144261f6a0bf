"""The shortest walks to what the audit found: each fails until it is mended, and must hold from then on."""

from datetime import timedelta

import pytest
from tests.core.payments.model import known, rest, truths
from tests.core.payments.model.providers import provider_of
from tests.core.payments.model.world import World, a_world

from parvis import clock
from parvis.payments import jobs, providers, purposes
from parvis.payments.debits import creditors
from parvis.payments.statements import reconciling

DEBITED = "give_mandate make_batch send_batch collect"
# By number of the audit: whether the till is a public one, whether it is a bill, and the walk.
WALKS = {
    "A2": (False, False, "open become_illegible change open pay wait poll"),
    "A3": (True, True, "give_mandate make_batch cancel send_batch collect"),
    "A4": (True, True, "give_mandate open refuse wait:3 wait:5 poll"),
    "A5": (True, True, f"{DEBITED} ask_refund pay_by_hand ask_refund:2 approve return_debit"),
    "A6": (False, False, "lose_place open pay notify withdraw"),
    "A8": (True, False, "open pay wait:3 wait:3 open pay come_back"),
    "A9": (False, False, "open pay notify ask_refund:3 approve send bounce"),
    "A11": (True, True, "give_mandate make_batch send_batch"),
    "A11 too": (True, True, "give_mandate make_batch send_batch cancel collect"),
    "A12": (False, False, "open pay notify dispute decide_dispute ask_refund:3 approve send"),
    "A13": (False, False, "open pay notify ask_refund ask_refund:1"),
    "A14": (True, True, "give_mandate make_batch send_batch cancel collect return_debit"),
}


def walks():
    for number in WALKS:
        finding = number.split()[0]
        waits = pytest.mark.xfail(strict=True, reason=f"{finding} of the audit")
        yield pytest.param(number, marks=[waits] if finding in known.KNOWN else [], id=number)


@pytest.mark.parametrize("number", list(walks()))
async def test_what_the_audit_found_is_mended(database, monkeypatch, number):
    monkeypatch.setattr(known, "KNOWN", known.KNOWN - {number.split()[0]})
    monkeypatch.setattr(providers, "every", every)
    public, bill, steps = WALKS[number]
    world = await a_world(public=public, bill=bill)
    for step in steps.split():
        await world.walk(step)
        await truths.always(world)
    await ALSO.get(number, rest.at_rest)(world)
    purposes.use({})


async def every():
    return provider_of


async def nothing_came(world: World) -> None:
    assert await truths.captures(world) == [], "debited though it was taken back"


async def may_be_debited(world: World) -> None:
    assert await world.do("make_batch"), "a card that was refused bars the debit"


async def somebody_is_told(world: World) -> None:
    clock.move(timedelta(days=200))
    await jobs.reconcile()
    told = await reconciling.open_differences(world.shop.till)
    assert [one for one in told if one.account == creditors.key(world.shop.till)], "it waits, and nobody is told"


ALSO = {"A3": nothing_came, "A4": may_be_debited, "A11": somebody_is_told, "A11 too": somebody_is_told}
