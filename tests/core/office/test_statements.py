"""A statement brought in as a file: looked at line by line, compared like a provider's own, once however often."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from parvis import clock, plugins
from parvis.contract.values import PaymentProvider
from parvis.db import connection, new_id
from parvis.errors import Text
from parvis.office.tills import stating
from parvis.payments.books import ledger, transfers
from parvis.payments.statements import drafts, keeping, reconciling, statement_files
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
    """Look at a file, and bring it in if it can be read."""
    await looked_at(agent, shop, sheet)
    if found := re.findall(r'name="draft" value="([^"]+)"', agent.text):
        await agent.post(f"tills/{shop.till}/statement", draft=found[0])
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
    [draft] = re.findall(r'name="draft" value="([^"]+)"', accountant.text)
    for other in (await office.agent("accountant"), accountant, accountant):
        await other.post(f"tills/{shop.till}/statement", draft=draft)
        assert ("is compared with the books." in other.text) == (other is accountant and other.status == 200)
    assert (accountant.status, "choose it again" in accountant.text) == (422, True)
    await accountant.get(f"tills/{shop.till}/differences?told=stated")
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


@pytest.mark.parametrize("content", [b"", b"PK\x00", b"a" * 20_000, b"a;b", "é".encode("cp1252"), b'"' + b"x" * 9_000])
async def test_what_is_no_statement_is_told_and_nothing_is_kept(office, shop, monkeypatch, content):
    monkeypatch.setattr(stating, "_BYTES", 10_000)
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


async def test_a_file_says_what_the_bank_has_and_each_is_entered_once(office, shop):
    head, *lines = (await statement(shop)).splitlines()
    today = f"{ledger.today():%d/%m/%Y}"
    sheet = "\n".join([f"{head};fees", *(f"{line};" for line in lines), f"VIR 118;34,80;versement;{today};0,20"])
    accountant = await office.agent("accountant")
    assert "Paid into the bank" in (await looked_at(accountant, shop, sheet)).text
    assert await transfers.transfers(shop.till, "payout") == []
    for _ in range(2):
        await brought(accountant, shop, sheet)
    [one] = await transfers.transfers(shop.till, "payout")
    assert (one.ref, one.cents, one.fees, one.person) == ("VIR 118", 3480, 20, accountant.person)
    assert {found.account: found.cents for found in await ledger.balances(shop.till) if found.cents} == {
        "bank": 3480,
        "fees": 20,
        "revenue:pools": -3500,
    }
    assert await reconciling.open_differences(shop.till) == []


@pytest.mark.parametrize(
    ("line", "differs"),
    [
        ("VIR 118;30,00;versement;{day};0,20", ("amount", 3480, 3000)),
        ("VIR 118;34,80;versement;{day};0,30", ("amount", 3500, 3510)),
        ("VIR 118;34,80;versement;{day};0,20\nVIR 118;34,80;versement;{day};0,20", ("twice", 3480, 6960)),
        ("VIR 118;34,80;versement;{day};0,20", None),
    ],
)
async def test_a_payout_that_the_books_have_otherwise_is_a_difference_somebody_closes(office, shop, line, differs):
    await statement(shop)
    await transfers.arrive(shop.account, transfers.Moved("VIR 118", ledger.today(), 3480, 20), new_id())
    before = await ledger.balances(shop.till)
    # A day on which nothing but that is said.
    clock.move(timedelta(days=2))
    sheet = "reference;amount;kind;date;fees\n" + line.format(day=f"{ledger.today():%d/%m/%Y}")
    accountant = await office.agent("accountant")
    said = "1 difference waits for a reason" if differs else "Every line agrees with the books"
    assert said in (await looked_at(accountant, shop, sheet)).text
    for _ in range(2):
        await brought(accountant, shop, sheet)
    found = await reconciling.open_differences(shop.till)
    told = [(one.kind, one.provider_ref, one.sort, one.ours, one.theirs) for one in found]
    assert told == ([("payout", "VIR 118", *differs)] if differs else [])
    assert await ledger.balances(shop.till) == before
    if differs:
        assert "Paid into the bank: " in (await accountant.get(f"tills/{shop.till}/differences")).text
        await accountant.post(f"tills/{shop.till}/differences/{found[0].id}", reason="Typed wrongly: corrected")
        await brought(accountant, shop, sheet)
        assert await reconciling.open_differences(shop.till) == []


async def test_a_month_of_a_large_till_is_compared_a_day_at_a_time(office, shop, monkeypatch):
    monkeypatch.setattr(drafts, "_PIECE", 300)
    day = ledger.today()
    lines = [f"ref{number:06};5,00;capture;{day - timedelta(days=number % 60):%d/%m/%Y}" for number in range(1_000)]
    accountant = await office.agent("accountant")
    await brought(accountant, shop, "\n".join(["reference;amount;kind;date", *lines]))
    assert "The statement is compared with the books." in accountant.text
    async with connection() as c:
        found = await c.fetchrow("SELECT count(*), count(DISTINCT day) FROM parvis.difference")
        assert tuple(found) == (1_000, 60)
        assert await c.fetchval("SELECT count(*) FROM parvis.statement_draft_line") == 0


async def test_raw_lines_are_forgotten_after_fifteen_months_and_what_differed_stays(office, shop):
    accountant = await office.agent("accountant")
    await brought(accountant, shop, f"reference;amount;kind;date\na;1;capture;{ledger.today():%d/%m/%Y}")
    await looked_at(accountant, shop, f"reference;amount;kind;date\nb;1;capture;{ledger.today():%d/%m/%Y}")
    assert await keeping.forget_old() == 0
    clock.move(timedelta(days=455))
    assert (await keeping.forget_old(), len(await kept())) == (0, 1)
    clock.move(timedelta(days=3))
    assert (await keeping.forget_old(), await kept()) == (1, [])
    async with connection() as c:
        counts = "SELECT (SELECT count(*) FROM parvis.statement), (SELECT count(*) FROM parvis.statement_draft)"
        assert tuple(await c.fetchrow(counts)) == (1, 0)
    assert len(await reconciling.open_differences(shop.till)) == 1
