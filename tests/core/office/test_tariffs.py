"""Tariffs in the back office: typed, kept, published, taken back, brought in, tried; and bills priced by them."""

import html
import re
from datetime import date, timedelta

import pytest
from tests.core.payments.tariff_examples import swimming

from parvis.db import connection
from parvis.payments import dues
from parvis.payments.books import ledger
from parvis.payments.invoices import bills
from parvis.payments.tariffs import catalogue, drafts, explaining, quotes, sheets, typed_grids
from parvis.payments.tariffs.pricing import Ask
from parvis.testing.payments import a_shop

AXES = {
    "axes-0-name": "zone",
    "axes-0-kind": "enum",
    "axes-0-parts": "town\nelse",
    "axes-0-missing": "else",
    "axes-1-name": "age",
    "axes-1-kind": "int",
    "axes-1-parts": "..18\n18..",
}
AGES = ("..18", "18..")


@pytest.fixture
def emitter(office):
    return office.calendar.emitter


@pytest.fixture
async def manager(office):
    return await office.agent("manager")


def hidden(agent, name: str) -> str:
    return html.unescape(re.search(rf'name="{name}" value="([^"]*)"', agent.page.text)[1])


async def typed(agent, **fields):
    """Send the editor's form with these fields, as it stands on the page."""
    both = {name: hidden(agent, name) for name in ("version", "shown")}
    return await agent.post("tariffs/pool/draft", **both, **{"name": "Pool", "step": "0,01", **fields})


async def published(emitter, *grids, name="Lessons"):
    await catalogue.save(emitter, "lessons", grids or [swimming()], name=name)
    return await catalogue.tariff_of(emitter, "lessons")


async def traces(action):
    async with connection() as c:
        return await c.fetchval("SELECT count(*) FROM parvis.audit_trace WHERE action = $1", action)


async def test_a_manager_types_a_tariff_and_publishes_it(emitter, manager):
    await manager.post("tariffs/new", name="Pool")
    assert "A draft" in manager.text
    await typed(manager, valid_from="2026-09-01", **AXES)
    assert "The draft is kept." in manager.text
    assert "4 things are left to do" in manager.text
    assert "zone town, age ..18: There is no price here." in manager.text
    prices = {"cell-0": "3", "cell-1": "douze", "cell-2": "4,50", "cell-3": "7,00"}
    await typed(manager, valid_from="2026-09-01", **AXES, **prices)
    assert "“douze” is not an amount" in manager.text
    assert 'value="douze"' in manager.text
    prices["cell-1"] = "6,00"
    await typed(manager, valid_from="2026-09-01", **AXES, **prices, act="check")
    assert "hold" in manager.text
    await manager.post("tariffs/pool/draft/check", version=hidden(manager, "version"))
    assert "It is published." in manager.text
    [grid] = (await catalogue.tariff_of(emitter, "pool")).grids
    assert [line.cents for line in grid.lines] == [300, 600, 450, 700]
    assert [await traces(action) for action in ("begin-tariff", "keep-tariff-draft", "publish-tariff")] == [1, 3, 1]


async def test_a_draft_with_a_gap_is_not_published_and_the_gap_is_in_the_table(emitter, manager):
    await manager.post("tariffs/new", name="Pool")
    axes = AXES | {"axes-1-parts": "..6\n8..18\n16.."}
    await typed(manager, valid_from="2026-09-01", **axes)
    assert "“age”: no line has 6..8." in manager.text
    assert "“age”: 8..18 and 16.. overlap." in manager.text
    assert manager.text.count("No line holds here.") == 2
    assert "Two lines hold here." in manager.text or "There is no price here." in manager.text
    for version in (hidden(manager, "version"), "7", "x"):
        await manager.post("tariffs/pool/draft/check", version=version)
        assert (manager.status, "cannot be published yet" in manager.text) == (409, True)
    assert await catalogue.tariffs_of(emitter) == []


async def test_a_band_that_is_divided_keeps_its_prices(manager):
    await manager.post("tariffs/new", name="Pool")
    await typed(manager, valid_from="2026-09-01", **AXES)
    await typed(manager, valid_from="2026-09-01", **AXES, **{f"cell-{n}": f"{n + 1},00" for n in range(4)})
    # Prices and bands change in the same go: the prices are those of the bands that were shown.
    axes = AXES | {"axes-1-parts": "..6\n6..18\n18.."}
    await typed(manager, valid_from="2026-09-01", **axes, **{f"cell-{n}": f"{n + 5},00" for n in range(4)})
    assert re.findall(r'id="cell-\d+" name="cell-\d+" value="([^"]*)"', manager.text) == [
        "5,00", "5,00", "6,00", "7,00", "7,00", "8,00",
    ]  # fmt: skip


async def test_two_who_type_are_told_of_one_another(office, manager):
    other = await office.agent("manager")
    await manager.post("tariffs/new", name="Pool")
    await other.get("tariffs/pool/draft")
    await typed(manager, valid_from="2026-09-01", **AXES)
    await typed(other, valid_from="2027-01-01", **AXES)
    assert (other.status, "Somebody else has kept something else" in other.text) == (409, True)
    assert 'value="2027-01-01"' in other.text
    await typed(other, valid_from="2027-01-01", **AXES)
    assert (other.status, "The draft is kept." in other.text) == (200, True)


@pytest.mark.parametrize("wrong", [{"version": "x"}, {"shown": "{"}, {"axes-0-kind": "colour"}, {"valid_from": "soon"}])
async def test_a_form_that_is_none_breaks_nothing(manager, wrong):
    await manager.post("tariffs/new", name="Pool")
    await manager.post("tariffs/pool/draft", **{"version": "1", "shown": "[]", "name": "Pool", **AXES, **wrong})
    assert manager.status in {200, 409, 422}
    await manager.get("tariffs/pool/draft")
    assert manager.status == 200


async def test_a_name_is_asked_for_and_taken_once(emitter, manager):
    await manager.post("tariffs/new", name=" ")
    assert (manager.status, "what the tariff is called" in manager.text) == (422, True)
    await published(emitter)
    await manager.post("tariffs/new", name="LESSONS")
    assert (manager.status, "a tariff of this name already" in manager.text) == (422, True)


async def test_the_next_prices_begin_from_those_in_force_and_are_taken_back(emitter, manager):
    await published(emitter)
    await manager.post("tariffs/lessons/drafts", grid="2026-09-01")
    first = (ledger.today() + timedelta(days=1)).isoformat()
    assert f'value="{first}"' in manager.text
    await manager.post("tariffs/lessons/drafts", grid="2026-09-01")
    assert (manager.status, "There is a draft already" in manager.text) == (409, True)
    await manager.get("tariffs/lessons/draft/check")
    await manager.post("tariffs/lessons/draft/check", version=hidden(manager, "version"))
    assert len((await catalogue.tariff_of(emitter, "lessons")).grids) == 2
    await manager.post("tariffs/lessons/draft/check", version="1")
    assert (manager.status, "In force" in manager.text) == (200, True)
    await manager.post("tariffs/lessons/withdraw", grid=first)
    assert "It is taken back." in manager.text
    assert (await catalogue.tariff_of(emitter, "lessons")).grids == (swimming(),)
    assert (await drafts.draft_of(emitter, "lessons")).typed.valid_from == first
    for grid in ("2026-09-01", "2031-01-01", "soon"):
        await manager.post("tariffs/lessons/withdraw", grid=grid)
        assert manager.status in {404, 409}
    await manager.post("tariffs/lessons/draft/drop")
    assert "thrown away" in manager.text


async def test_the_only_grid_is_taken_back_and_nothing_is_left_but_its_draft(emitter, manager):
    later = ledger.today() + timedelta(days=9)
    await published(emitter, swimming(valid_from=later))
    await manager.post("tariffs/lessons/withdraw", grid=later.isoformat())
    assert (manager.status, "Nothing is in force today." in manager.text) == (200, True)
    for path in ("tariffs", "tariffs/lessons/try", "tariffs/lessons/draft", "tariffs/lessons/draft/check", "bills/new"):
        assert (await manager.get(path)).status == 200
    await manager.get("tariffs/lessons/draft/check")
    await manager.post("tariffs/lessons/draft/check", version=hidden(manager, "version"))
    assert (await catalogue.tariff_of(emitter, "lessons")).grids == (swimming(valid_from=later),)


async def test_a_grid_to_come_is_changed_in_its_place(emitter, manager):
    later = ledger.today() + timedelta(days=60)
    await published(emitter, swimming(valid_until=later), swimming(valid_from=later, cap=900))
    await manager.post("tariffs/lessons/drafts", grid=later.isoformat(), replace="yes")
    await manager.get("tariffs/lessons/draft/check")
    await manager.post("tariffs/lessons/draft/check", version=hidden(manager, "version"))
    assert [grid.valid_from for grid in (await catalogue.tariff_of(emitter, "lessons")).grids] == [
        date(2026, 9, 1),
        later,
    ]
    await manager.post("tariffs/lessons/drafts", grid="2026-09-01", replace="yes")
    assert (manager.status, "holds already" in manager.text) == (409, True)


async def test_what_was_asked_in_a_year_tries_a_draft(emitter, manager):
    tariff = await published(emitter)
    async with connection() as c:
        month = ledger.today().replace(day=1)
        asked = [Ask({"zone": "town", "age": 7, "quotient": 400}), Ask({"zone": "else", "age": 40}), Ask({"zone": "x"})]
        await quotes.keep_asks(c, [(tariff.id, ask, month) for ask in asked])
    capped = typed_grids.of_grid(swimming(valid_from=ledger.today() + timedelta(days=9), cap=1000), "Lessons")
    await drafts.begin(emitter, "lessons", capped, None)
    await manager.get("tariffs/lessons/draft/check")
    assert "Tried on the requests of the last twelve months" in manager.text
    assert "cannot be priced by both grids" in manager.text
    sheet = (await manager.get("tariffs/lessons/draft/trial.csv")).page.text.splitlines()
    assert sheet[1] == ";;2;37,50;20,00;-17,50;0;2"
    assert "age;18..;1;27,00;10,00;-17,00;0;1" in sheet


async def test_a_sheet_is_looked_at_price_by_price_and_then_brought_in(emitter, manager):
    await published(emitter)
    sheet = (await manager.get("tariffs/lessons/sheet.csv")).page.text
    await brought(manager, "lessons", sheet.replace(";5,00;", ";5,50;", 1))
    assert "5,50" in manager.text
    mark, text = hidden(manager, "mark"), hidden(manager, "sheet")
    assert (await catalogue.tariff_of(emitter, "lessons")).version == 1
    await manager.post("tariffs/lessons/import", mark="other", sheet=text)
    assert manager.status == 422
    await manager.post("tariffs/lessons/import", mark=mark, sheet=text)
    assert "The sheet is brought in." in manager.text
    assert (await catalogue.tariff_of(emitter, "lessons")).grids[0].lines[0].cents == 550
    await brought(manager, "lessons", text)
    assert "Everything is as the sheet says." in manager.text


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (";5,00;", ";5;00;", "Line 2 has 13 cells instead of 12: a semicolon too many or too few."),
        (";5,00;", ";five euros;", "Line 2, amount: “five euros” is not an amount"),
        (
            "01/09/2026;;price;town;..6;..300;;;5,00;;;\r\n",
            "",
            "No line holds at: zone town, age 0..6, quotient 0..300.",
        ),
        ("from;", "von;", "The first line must be"),
    ],
)
async def test_a_faulty_sheet_is_told_and_nothing_is_written(emitter, manager, old, new, said):
    before = await published(emitter)
    sheet = sheets.write([swimming()], swimming().axes)
    assert old in sheet
    await brought(manager, "lessons", sheet.replace(old, new, 1))
    assert manager.status == 422
    assert said in manager.text
    assert await catalogue.tariff_of(emitter, "lessons") == before


@pytest.mark.parametrize("content", [b"", b"\x00\x01", "é;è".encode("cp1252"), b"a" * 130_000, b'"' + b"x" * 140_000])
async def test_what_is_no_sheet_is_told(emitter, manager, content):
    await published(emitter)
    await brought(manager, "lessons", content)
    assert manager.status == 422


async def test_a_first_tariff_comes_as_a_sheet_too(emitter, manager):
    await manager.post("tariffs/new", name="Piscine d’été & co", how="sheet")
    assert "Piscine d’été & co" in manager.text
    lines = ("from;until;sort;âge;rank;label;amount;of;least;most", *(f"01/09/2026;;price;{a};;;4;;;" for a in AGES))
    sheet = "\n".join(lines)
    await brought(manager, "piscine-d-ete-co", sheet)
    fields = {name: hidden(manager, name) for name in ("mark", "sheet")}
    await manager.post("tariffs/piscine-d-ete-co/import", **fields)
    assert (await catalogue.tariff_of(emitter, "piscine-d-ete-co")).title == "Piscine d’été & co"
    assert await drafts.drafts_of(emitter) == []


async def brought(agent, activity, sheet):
    content = sheet.encode() if isinstance(sheet, str) else sheet
    files = {"file": ("t.csv", content, "text/csv")}
    address = agent.url(f"tariffs/{activity}/rehearsal")
    agent.page = await agent.http.post(address, files=files, follow_redirects=True)
    return agent


async def test_an_agent_tries_what_it_costs_and_changes_nothing(office, emitter):
    await published(emitter)
    agent = await office.agent()
    for path in ("tariffs", "tariffs/lessons", "tariffs/lessons/try"):
        assert (await agent.get(path)).status == 200
    assert "Prepare the next prices" not in agent.text
    values = {"value-0": "town", "value-1": "7", "value-2": "400", "rank": "2", "remaining": "20", "total": "30"}
    await agent.post("tariffs/lessons/try", **values)
    assert "It costs €5.60" in agent.text
    assert "2nd child" in agent.text
    assert "Age: 6 to 17." in agent.text
    for path in ("tariffs/new", "tariffs/lessons/draft", "tariffs/lessons/import"):
        assert (await agent.get(path)).status == 403


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"value-0": "moon", "value-1": "7"}, "Please choose one of the answers."),
        ({"value-0": "town"}, "The price depends on “age”: please give it."),
        ({"value-0": "town", "value-1": "sept"}, "“sept” is not a whole number"),
        ({"value-0": "town", "value-1": "7", "remaining": "9"}, "What remains of a period is a part of it."),
        ({"value-0": "town", "value-1": "7", "remaining": "9", "total": "4"}, "What remains of a period"),
        ({"value-0": "town", "value-1": "9" * 40}, "is not a whole number"),
    ],
)
async def test_values_that_cannot_be_read_are_told_at_their_field(emitter, manager, values, said):
    await published(emitter)
    await manager.post("tariffs/lessons/try", **values)
    assert (manager.status, said in manager.text) == (422, True)


async def test_a_bill_is_priced_by_a_tariff_and_says_how(office, emitter):
    await published(emitter)
    shop = await a_shop(emitter=emitter)
    agent = await (await office.agent()).get("bills/new", tariff="lessons")
    assert "Priced by “Lessons”" in agent.text
    assert 'name="cents"' not in agent.text
    last = (ledger.today() + timedelta(days=10)).isoformat()
    bill = {
        "tariff": "lessons", "for_day": "2026-11-10", "value-0": "town", "value-1": "7", "value-2": "400", "rank": "2",
        "till": str(shop.till), "label": "Lessons of November", "last_day": last, "mail": "lea@example.org",
    }  # fmt: skip
    await agent.post("bills/new", **bill)
    assert (agent.status, "Look at the price" in agent.text) == (422, True)
    await agent.post("bills/new", **bill, step="price")
    assert "It costs €8.40" in agent.text
    assert 'value="Lessons of November"' in agent.text
    await agent.post("bills/new", **bill | {"value-1": "19"}, seen=hidden(agent, "seen"))
    assert (agent.status, "Look at the price" in agent.text) == (422, True)
    await agent.post("bills/new", **bill, seen="840")
    assert "The bill is written" in agent.text
    [due] = await dues.dues_at(shop.till, bills.PURPOSE)
    [told] = await explaining.explained_of(due.intent)
    assert (due.cents, told.cents, len(told.steps)) == (840, 840, 2)


async def test_a_bill_by_a_tariff_of_a_day_without_one_is_told(office, emitter):
    await published(emitter)
    await a_shop(emitter=emitter)
    agent = await office.agent()
    await agent.post("bills/new", tariff="lessons", for_day="2020-01-01", step="price", **{"value-1": "7"})
    assert (agent.status, "There is no tariff for Wednesday" in agent.text) == (422, True)


async def test_another_emitters_tariff_is_nobodys_business(office, emitter, manager):
    from parvis.testing.calendars import a_place

    _, other = await a_place()
    await catalogue.save(other, "lessons", [swimming()])
    for path in ("tariffs/lessons", "tariffs/lessons/try", "tariffs/lessons/draft", "tariffs/lessons/sheet.csv"):
        assert (await manager.get(path)).status == 404
    for path in ("tariffs/lessons/drafts", "tariffs/lessons/withdraw"):
        assert (await manager.post(path, grid="2026-09-01")).status == 404
