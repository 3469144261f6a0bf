"""Tariffs kept, and brought in and out as sheets that accountants edit."""

from datetime import date

import msgspec
import pytest
from hypothesis import given
from tests.core.payments.tariff_examples import AGE, QUOTIENT, ZONE, asks, nursery, swimming

from parvis.db import connection, new_id
from parvis.errors import Conflict, NotFound, Refused
from parvis.payments.tariffs import catalogue, sheet_reading, sheets
from parvis.payments.tariffs.pricing import pricer
from parvis.testing.calendars import a_place

AXES = (ZONE, AGE, QUOTIENT)
SHEET = sheets.write([swimming(cap=2000, vat_bp=550, step=5)], AXES)


@pytest.fixture
async def emitter(database):
    _, emitter = await a_place()
    return emitter


def told(sheet: str, axes=AXES) -> list[str]:
    with pytest.raises(Refused) as caught:
        sheet_reading.read(sheet, axes)
    return [str(refusal.text) for refusal in caught.value.refusals]


def changed(old: str, new: str) -> str:
    assert old in SHEET
    return SHEET.replace(old, new, 1)


@given(asks())
def test_a_sheet_read_back_gives_the_same_prices(ask):
    written = [swimming(valid_until=date(2027, 9, 1)), swimming(valid_from=date(2027, 9, 1), cap=1000, vat_bp=2000)]
    read = sheet_reading.read(sheets.write(written, AXES), AXES)
    assert [pricer(grid).price(ask) for grid in read] == [pricer(grid).price(ask) for grid in written]


def test_a_rate_survives_the_way_out_and_in():
    grid = nursery()
    assert sheet_reading.read(sheets.write([grid], grid.axes), grid.axes) == (grid,)


def test_what_a_spreadsheet_does_to_days_and_amounts_is_understood():
    sheet = changed("01/09/2026;;price;town;..6;..300;;;5,00;", "2026-09-01;;price;town; .. 6 ;..300;;;5 €;")
    assert sheet_reading.read(sheet, AXES) == sheet_reading.read(SHEET, AXES)


@pytest.mark.parametrize(
    ("sheet", "said"),
    [
        ("", "The first line must be: from;until;sort;zone;age;quotient;rank;label;amount;of;least;most"),
        (changed("5,00", "5;00"), "Line 2 has 13 cells instead of 12: a semicolon too many or too few."),
        (changed("5,00", "five"), "Line 2, amount: “five” is not an amount: write euros and cents, such as 12,50."),
        (changed("5,00", "-5"), "Line 2, amount: “-5” is not an amount: write euros and cents, such as 12,50."),
        (changed("01/09/2026", ""), "Line 2, from: Every line of a tariff says from which day it holds."),
        (changed("01/09/2026", "31/02/2026"), "Line 2, from: “31/02/2026” is not a day such as 31/12/2026"),
        (changed("01/09/2026", "0001-01-01"), "Line 2, from: “0001-01-01” is not a day such as 31/12/2026"),
        (changed("town", "moon"), "Line 2, zone: “moon” is none of town, near, else"),
        (changed("..6", "6 juin"), "Line 2, age: “6 juin” is not a band such as 3..6"),
        (changed(";price;", ";prix;"), "Line 2, sort: “prix” is none of price, rate, rebate, cap, step, vat"),
        (changed("20,00 %", "a fifth"), "Line 47, amount: “a fifth” is not a percentage such as 12,5 %"),
        (SHEET + "01/09/2026;;cap;;;;;;3,00;;;\r\n", "Line 52, sort: is said twice for the same days"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(sheet, said):
    assert told(sheet) == [said]


def test_every_faulty_line_is_told_at_once():
    assert len(told(SHEET.replace("price;town", "price;moon"))) == 15


async def test_a_dry_run_and_a_faulty_sheet_write_nothing(emitter):
    await catalogue.save(emitter, "swimming", [swimming()])
    before = await catalogue.tariff_of(emitter, "swimming")
    tried = await catalogue.import_sheet(emitter, "swimming", SHEET, dry_run=True)
    assert tried.changed
    for faulty in (changed("5,00", "5;00"), changed("01/09/2026;;price;town;..6;..300;;;5,00;;;\r\n", "")):
        with pytest.raises(Refused):
            await catalogue.import_sheet(emitter, "swimming", faulty)
    assert await catalogue.tariff_of(emitter, "swimming") == before


async def test_a_sheet_replaces_a_tariff_and_the_former_one_is_remembered(emitter):
    by = new_id()
    await catalogue.save(emitter, "swimming", [swimming()])
    await catalogue.import_sheet(emitter, "swimming", SHEET, by=by)
    tariff = await catalogue.tariff_of(emitter, "swimming")
    assert (tariff.version, tariff.grids[0].cap) == (2, 2000)
    latest, first = await catalogue.history(tariff.id)
    assert (latest.person, latest.before, latest.after) == (by, first.after, tariff.grids)
    assert first.before == ()
    assert await catalogue.export_sheet(emitter, "swimming") == SHEET


async def test_a_first_sheet_says_its_axes(emitter):
    with pytest.raises(NotFound):
        await catalogue.import_sheet(emitter, "swimming", SHEET)
    await catalogue.import_sheet(emitter, "swimming", SHEET, axes=AXES)
    assert [tariff.activity for tariff in await catalogue.tariffs_of(emitter)] == ["swimming"]


async def test_a_tariff_saved_unchanged_is_no_new_version_and_a_stale_one_is_refused(emitter):
    assert [await catalogue.save(emitter, "a", [grid]) for grid in (swimming(), swimming(), swimming(cap=5))] == [
        1,
        1,
        2,
    ]
    with pytest.raises(Conflict):
        await catalogue.save(emitter, "a", [swimming()], base=1)
    with pytest.raises(Conflict):
        await catalogue.save(emitter, "b", [swimming()], base=1)


@pytest.mark.parametrize(
    ("grids", "said"),
    [
        ([], "A tariff has at least one line."),
        ([swimming(valid_from=None)], "Every line of a tariff says from which day it holds."),
        ([swimming(valid_until=date(2026, 9, 1))], "A tariff from 2026-09-01 cannot end on 2026-09-01."),
        (
            [swimming(), swimming(valid_from=date(2027, 1, 1))],
            "Two tariffs hold on 2027-01-01: let the former one end on that day.",
        ),
        (
            [swimming(valid_until=date(2026, 12, 1)), swimming(valid_from=date(2027, 1, 1))],
            "No tariff holds from 2026-12-01 until 2027-01-01.",
        ),
    ],
)
async def test_days_without_a_tariff_or_with_two_are_refused(emitter, grids, said):
    with pytest.raises(Refused) as caught:
        await catalogue.save(emitter, "swimming", grids)
    assert said in [str(refusal.text) for refusal in caught.value.refusals]


async def test_a_change_of_a_tariff_cannot_be_rewritten(emitter):
    await catalogue.save(emitter, "swimming", [swimming()])
    async with connection() as c:
        rights = await c.fetchval("SELECT has_table_privilege('parvis.tariff_change', 'UPDATE')")
    assert rights is False


def test_a_grid_is_kept_as_json_without_loss():
    grid = swimming(cap=2000, vat_bp=550, step=5)
    assert msgspec.json.decode(msgspec.json.encode(grid), type=type(grid)) == grid
