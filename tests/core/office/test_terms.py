"""A manager says how much is given back until when: shown first, kept from a day on, taken back while it is to come."""

import re
from datetime import timedelta

import pytest

from parvis.db import connection
from parvis.payments.books import ledger
from parvis.payments.terms import dated
from parvis.payments.terms.rules import Step, Terms
from parvis.testing.payments import a_shop

SOFT = Terms((Step(7, "days", 10_000), Step(24, "hours", 5000)), fee=250)


@pytest.fixture
async def shop(office):
    return await a_shop(emitter=office.calendar.emitter)


def typed(base="", **changed):
    """What is typed for `SOFT`."""
    known = {"sort": "steps", "since": ledger.today().isoformat(), "base": base or "", "act": "keep", "fee": "2,50"}
    for n, (before, unit, share) in enumerate([("7", "days", "100"), ("24", "hours", "50 %"), ("", "days", "")]):
        known |= {f"steps-{n}-before": before, f"steps-{n}-unit": unit, f"steps-{n}-share": share}
    return known | {name.replace("_", "-"): value for name, value in changed.items()}


async def in_force(shop):
    found = await dated.in_force(shop.till)
    return found.terms if found else None


async def test_what_payers_will_read_is_shown_before_it_is_kept(office, shop):
    manager, page = await office.agent("manager"), f"tills/{shop.till}/terms"
    await manager.get(page)
    assert "people decide each time" in manager.text
    await manager.post(page, **typed(act="look"))
    assert manager.status == 200
    assert "Cancelled up to 7 days before the beginning: 100 % given back." in manager.text
    assert "€27.50, €12.50, then nothing" in manager.text
    assert 'value="2,50"' in manager.text
    assert await in_force(shop) is None
    await manager.post(page, **typed())
    assert "Kept." in manager.text
    assert await in_force(shop) == SOFT
    async with connection() as c:
        sql = "SELECT person, details FROM parvis.audit_trace WHERE action = 'say-terms'"
        [trace] = await c.fetch(sql)
    assert (trace["person"], trace["details"]["since"]) == (manager.person, ledger.today().isoformat())


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"sort": ""}, "Choose what is given back"),
        ({"since": ""}, "from which they hold"),
        ({"since": "2020-01-01"}, "from today on"),
        ({"steps-0-before": "soon"}, "Write a whole number"),
        ({"steps-0-share": ""}, "Write a percentage"),
        ({"steps-0-share": "120"}, "up to 100"),
        ({"steps-0-before": "", "steps-0-share": ""}, "without a gap"),
        ({"steps-1-before": "200"}, "nearer to the beginning"),
        ({"steps-0-share": "40"}, "no more is given back"),
        ({"fee": "much"}, "is not an amount"),
        ({"steps-0-unit": "weeks"}, "choose one of the answers"),
    ],
)
@pytest.mark.parametrize("act", ["look", "keep"])
async def test_what_is_wrong_is_said_and_nothing_of_what_was_typed_is_lost(office, shop, changed, said, act):
    manager = await office.agent("manager")
    await manager.post(f"tills/{shop.till}/terms", **typed(act=act) | changed)
    assert (manager.status, said in manager.text) == (422, True)
    assert 'value="50 %"' in manager.text
    assert "What payers will read</" not in manager.text
    assert await in_force(shop) is None


async def test_the_same_fault_in_two_lines_is_said_with_each_ones_number(office, shop):
    manager = await office.agent("manager")
    await manager.post(f"tills/{shop.till}/terms", **typed(steps_0_share="", steps_1_share="half"))
    found = re.findall(r'<a href="#(steps-\d-share)">(Line \d): Write a percentage', manager.text)
    assert found == [("steps-0-share", "Line 1"), ("steps-1-share", "Line 2")]


async def test_an_empty_table_is_no_rule(office, shop):
    manager = await office.agent("manager")
    rows = {f"steps-{n}-{name}": "" for n in range(2) for name in ("before", "share")}
    await manager.post(f"tills/{shop.till}/terms", **typed() | rows)
    assert (manager.status, "choose that nothing is given back" in manager.text) == (422, True)


async def test_terms_to_come_are_taken_back_and_those_that_hold_are_replaced(office, shop):
    manager, page = await office.agent("manager"), f"tills/{shop.till}/terms"
    await manager.post(page, **typed())
    later = (ledger.today() + timedelta(days=30)).isoformat()
    await manager.post(page, **typed(await dated.last_said(shop.till), sort="nothing", since=later))
    assert "nothing is given back to who cancels" in manager.text
    assert manager.text.count("Take it back") == 1
    base = str(await dated.last_said(shop.till))
    today = ledger.today().isoformat()
    await manager.post(f"{page}/withdraw", since=today, base=base)
    assert (manager.status, "hold already" in manager.text) == (409, True)
    await manager.post(f"{page}/withdraw", since=later, base=base)
    assert "what held before it holds on" in manager.text
    assert "Take it back" not in manager.text
    assert (await manager.post(f"{page}/withdraw", since=later, base=await dated.last_said(shop.till))).status == 404
    await manager.post(page, **typed(await dated.last_said(shop.till), sort="people"))
    assert await in_force(shop) is None


async def test_who_looked_before_somebody_else_changed_it_is_told(office, shop):
    manager, page = await office.agent("manager", lang="fr"), f"tills/{shop.till}/terms"
    await manager.post(page, **typed())
    await manager.post(page, **typed(sort="nothing"))
    assert (manager.status, "a changé ces conditions entre-temps" in manager.text) == (409, True)
    assert await in_force(shop) == SOFT


async def test_a_second_click_says_what_the_first_one_did(office, shop):
    manager, page = await office.agent("manager"), f"tills/{shop.till}/terms"
    later = (ledger.today() + timedelta(days=30)).isoformat()
    for _ in range(2):
        await manager.post(page, **typed(since=later))
        assert (manager.status, "Kept." in manager.text) == (200, True)
    assert len(await dated.standing(shop.till)) == 1
    base = str(await dated.last_said(shop.till))
    for _ in range(2):
        await manager.post(f"{page}/withdraw", since=later, base=base)
        assert (manager.status, "what held before it holds on" in manager.text) == (200, True)
    other = await office.agent("manager")
    await other.post(f"{page}/withdraw", since=later, base=base)
    assert other.status == 404
    await manager.post(page, **typed(await dated.last_said(shop.till)))
    await other.post(page, **typed())
    assert (other.status, "meanwhile" in other.text) == (409, True)
    async with connection() as c:
        traced = await c.fetchval("SELECT count(*) FROM parvis.audit_trace WHERE action ~ '-terms$'")
    assert traced == 3


async def test_only_a_manager_of_the_emitter_says_it(office, shop):
    for role in ("agent", "accountant", "reader"):
        other = await office.agent(role)
        assert (await other.get(f"tills/{shop.till}/terms")).status == 403
        assert (await other.post(f"tills/{shop.till}/terms", **typed())).status == 403
    manager, foreign = await office.agent("manager"), await a_shop()
    assert (await manager.get(f"tills/{foreign.till}/terms")).status == 404
    assert (await manager.post(f"tills/{foreign.till}/terms", **typed())).status == 404
    gone = await manager.post(f"tills/{foreign.till}/terms/withdraw", since=ledger.today().isoformat(), base="")
    assert gone.status == 404


async def test_the_till_names_the_page_among_its_settings(office, shop):
    manager = await office.agent("manager")
    await manager.get(f"tills/{shop.till}/terms")
    assert f'/tills/{shop.till}/terms" aria-current="page"' in manager.page.text
