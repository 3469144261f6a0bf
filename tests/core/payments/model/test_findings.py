"""What the audit of payments found, and the model since: the shortest walk to each, which holds now.

`!` marks what is refused.
"""

from datetime import timedelta

import pytest
from tests.core.payments.model import rest, truths
from tests.core.payments.model.world import World, a_world

from parvis import clock
from parvis.payments import purposes
from parvis.payments.books import ledger
from parvis.payments.debits import creditors, watching
from parvis.payments.statements import reconciling

SENT = "give_mandate make_batch take_file send_batch"
ON_PAPER = "dispute_unheard bank_took"
IN_PART = "dispute:4 dispute decide_dispute decide_dispute:3"
TOO_LITTLE = "open pay notify ask_refund:1 pay_by_hand bank_took open pay_other notify:1"
NOBODY_SAYS = "open pay notify ask_refund:6 go_down_or_up send go_down_or_up"
# By number of the audit, or what was found since: whether the till is a public one, whether it is a bill, the walk.
IN_VAIN = "open wait:7 wait:7 wait:7 wait:7 poll pass_on pay_late"
WALKS = {
    "A2": (False, False, "open become_illegible change open pay:1 wait poll"),
    "A3": (True, True, "give_mandate make_batch cancel take_file! send_batch! drop_batch"),
    "A3 taken": (True, True, "give_mandate make_batch take_file cancel send_batch! take_file! drop_batch"),
    "A3 revoked": (True, True, "give_mandate make_batch take_file revoke_mandate send_batch! send_batch:1 collect"),
    "A4": (True, True, "give_mandate open refuse wait:3 wait:5 poll make_batch"),
    "A5": (True, True, f"{SENT} collect ask_refund pay_by_hand ask_refund:2 approve return_debit"),
    "A6": (False, False, "lose_place open pay notify withdraw"),
    "A8": (True, False, "open pay wait:3 wait:3 open! come_back"),
    "A9": (False, False, "open pay notify ask_refund:3 approve send bounce retry send"),
    "A11": (True, True, SENT),
    "A11 cancelled": (True, True, "give_mandate make_batch take_file cancel send_batch:1 collect"),
    "A12": (False, False, "open pay notify dispute ask_refund! decide_dispute ask_refund:3!"),
    "A13": (False, False, "open pay notify ask_refund ask_refund:1 send send!"),
    "former version": (False, False, "open pay change notify open pay:1 notify:1 find_place!"),
    "paid too little": (True, True, "open pay notify bank_took open pay_other notify:1 bank_took:1"),
    "told too early": (False, False, "open pay dispute decide_dispute notify open"),
    "read on paper": (False, False, f"open pay notify {ON_PAPER} open pay:1 notify:1 decide_dispute:1 pay_by_hand"),
    "in part": (False, False, f"open pay notify dispute:4 decide_dispute:1 {IN_PART}"),
    "back after all": (True, True, "open pay notify ask_refund:6 pay_by_hand bank_took cancel bounce"),
    "kept for nothing": (True, True, f"{TOO_LITTLE} pay_by_hand bounce ask_refund:11 pay_by_hand"),
    "never left": (False, True, f"{NOBODY_SAYS} dispute decide_dispute cancel wait:2 ask_again"),
    "told again": (False, True, "open pay_other notify send_unheard bounce retry_by_hand:5 pay_by_hand"),
    "own request": (False, True, "open pay notify ask_by_hand:2 approve_own! approve pay_by_hand"),
    "in vain and sold": (False, True, f"{IN_VAIN} send recall take_cash ask_by_hand:7 approve pay_by_hand"),
    "in vain and kept": (False, True, f"{IN_VAIN} recall find_place ask_refund:1"),
    "by mistake": (True, True, "open pay_other:1 notify ask_refund:1 pay_by_hand err undo_error err bounce undo_error"),
    "by mistake and in vain": (True, False, "lose_place open pay notify err undo_error ask_refund:11"),
    "A14": (True, True, "give_mandate make_batch take_file cancel send_batch:1 collect return_debit"),
}


@pytest.mark.parametrize("number", WALKS)
async def test_what_the_audit_found_is_mended(database, number):
    public, bill, steps = WALKS[number]
    world = await a_world(public=public, bill=bill)
    for step in steps.split():
        await world.strictly(step)
        await truths.always(world)
    if number in ALSO:
        await ALSO[number](world)
    await rest.at_rest(world)
    purposes.use({})


async def came_in(world: World) -> None:
    assert [one["taken_as"] for one in await truths.captures(world)] == ["paid"]


async def nothing_came(world: World) -> None:
    assert await truths.captures(world) == [], "debited though it was taken back"


async def nothing_differs(world: World) -> None:
    assert await reconciling.reconcile_day(world.provider, world.shop.account, ledger.today()) == []


async def somebody_is_told(world: World) -> None:
    clock.move(timedelta(days=30))
    await watching.note_waiting()
    told = await reconciling.open_differences(world.shop.till)
    assert [one for one in told if one.account == creditors.key(world.shop.till)], "it waits, and nobody is told"


ALSO = {
    "A2": came_in,
    "A3": nothing_came,
    "A3 taken": nothing_came,
    "A3 revoked": came_in,
    "A8": came_in,
    "A9": nothing_differs,
    "A11": somebody_is_told,
    "A11 cancelled": somebody_is_told,
}
