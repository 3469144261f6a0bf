"""A statement brought in as a file: looked at line by line, compared like a provider's own, once however often."""

import re
from dataclasses import replace

import pytest

from parvis import plugins
from parvis.contract.values import PaymentProvider
from parvis.db import connection
from parvis.errors import Text
from parvis.payments.books import ledger
from parvis.payments.statements import reconciling, statement_files
from parvis.territory.actions import enable_plugin
from parvis.testing.payments import a_shop
from parvis.testing.plugins import a_plugin
from parvis.testing.sandbox_provider import Sandbox


class Silent(Sandbox):
    """It collects, and has no statement to ask for."""

    def caps(self, account):
        return replace(super().caps(account), rows=False)


async def opened(office, provider):
    brought = PaymentProvider(key="pay.card", name=Text("Card"), provider=provider)
    plugins.use(a_plugin(key="pay", providers=(brought,)))
    await enable_plugin(office.calendar.emitter, "pay")
    return await a_shop(provider, "pay.card", emitter=office.calendar.emitter)


@pytest.fixture
def kept_plugins():
    before = plugins.current()
    yield
    plugins.use(before)


@pytest.fixture
async def shop(office, kept_plugins):
    return await opened(office, Silent())


async def statement(shop) -> str:
    """The file of a day of two payments, as the provider would write it."""
    for cents in (1000, 2500):
        await shop.paid(cents)
    day = ledger.today()
    return statement_files.write({day: tuple(await shop.provider.rows(shop.account, day))})


async def looked_at(agent, shop, sheet, account=None):
    files = {"file": ("s.csv", sheet.encode() if isinstance(sheet, str) else sheet, "text/csv")}
    agent.page = await agent.http.post(
        agent.url(f"tills/{shop.till}/statement/rehearsal"),
        files=files,
        data={"account": shop.account if account is None else account},
    )
    return agent


async def brought(agent, shop, sheet):
    await agent.post(f"tills/{shop.till}/statement", account=shop.account, sheet=sheet)
    return agent


async def kept() -> list[tuple]:
    async with connection() as c:
        rows = await c.fetch(
            "SELECT day, kind, provider_ref, cents FROM parvis.statement_line JOIN parvis.statement s "
            "ON s.id = statement ORDER BY provider_ref"
        )
    return [tuple(row) for row in rows]


async def test_a_file_is_looked_at_line_by_line_and_then_compared(office, shop):
    sheet = (await statement(shop)).replace(";25,00;", ";25,01;")
    accountant = await office.agent("accountant")
    await looked_at(accountant, shop, sheet + f"\nstray;7,00;capture;{ledger.today():%d/%m/%Y}")
    for said in ("agrees", "another amount", "only in the statement", "2 differences wait"):
        assert said in accountant.text
    assert await kept() == []
    [again] = re.findall(r'name="sheet" value="([^"]+)"', accountant.text)
    await brought(accountant, shop, again)
    assert "The statement is compared with the books." in accountant.text
    found = await reconciling.open_differences(shop.till)
    assert sorted((one.sort, one.ours, one.theirs) for one in found) == [
        ("amount", 2500, 2501),
        ("missing-here", None, 700),
    ]


async def test_the_same_file_twice_is_once_and_what_is_closed_stays_closed(office, shop):
    sheet = (await statement(shop)).replace(";25,00;", ";25,01;")
    accountant = await office.agent("accountant")
    await brought(accountant, shop, sheet)
    lines, [one] = await kept(), await reconciling.open_differences(shop.till)
    await brought(accountant, shop, sheet)
    assert (await kept(), await reconciling.open_differences(shop.till)) == (lines, [replace(one, found_again=True)])
    await reconciling.close(one.id, accountant.person, "The provider's typing error")
    await brought(accountant, shop, sheet)
    assert await reconciling.open_differences(shop.till) == []


async def test_a_file_that_agrees_says_so(office, shop):
    sheet, accountant = await statement(shop), await office.agent("accountant")
    assert "Every line agrees with the books." in (await looked_at(accountant, shop, sheet)).text
    await brought(accountant, shop, sheet)
    assert await reconciling.open_differences(shop.till) == []


@pytest.mark.parametrize(
    "content", [b"", b"PK\x00", b"a" * 130_000, b"a;b", "é".encode("cp1252"), b'"' + b"x" * 140_000]
)
async def test_what_is_no_statement_is_told_and_nothing_is_kept(office, shop, content):
    accountant = await office.agent("accountant")
    await looked_at(accountant, shop, content)
    assert accountant.status == 422
    assert f'value="{shop.account}" selected' in accountant.text
    assert (await brought(accountant, shop, "reference;amount;kind;date\na;x;capture;y")).status == 422
    assert "The file has 1 fault: nothing was brought in" in accountant.text
    assert await kept() == []


async def test_only_accounts_that_have_none_to_ask_for_are_brought_files(office, kept_plugins):
    shop, accountant = await opened(office, Sandbox()), await office.agent("accountant")
    await accountant.get(f"tills/{shop.till}/statement")
    assert "No account needs a file" in accountant.text
    assert (await looked_at(accountant, shop, await statement(shop))).status == 422
    assert (await brought(accountant, shop, await statement(shop))).status == 422
    assert await kept() == []


async def test_another_tills_account_is_not_brought_in_here(office, shop):
    other, accountant = await a_shop(shop.provider, "pay.card"), await office.agent("accountant")
    assert (await looked_at(accountant, shop, await statement(other), other.account)).status == 422
    assert (await accountant.get(f"tills/{other.till}/statement")).status == 404


async def test_who_manages_brings_no_statement(office, shop):
    manager = await office.agent("manager")
    assert (await manager.get(f"tills/{shop.till}/statement")).status == 403
    assert (await brought(manager, shop, "")).status == 403
