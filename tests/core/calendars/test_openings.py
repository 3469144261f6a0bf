"""Opening rules, above all on the days on which the clock changes."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis.calendars.bitmaps import WIDTH, cells_of, marks
from parvis.calendars.openings import Exceptional, Openings, Weekly, cells_between, grid_of, is_school_holiday
from parvis.calendars.rules import cell_of, instant_of, last_open_day, midnight

PARIS, MARTINIQUE, NOUMEA = (ZoneInfo(n) for n in ("Europe/Paris", "America/Martinique", "Pacific/Noumea"))
ZONES = [PARIS, MARTINIQUE, NOUMEA]
SPRING, AUTUMN, LEAP = date(2026, 3, 29), date(2026, 10, 25), date(2028, 2, 29)
TIMES = st.integers(0, 287).map(lambda n: time(n * 5 // 60, n * 5 % 60))


def weekly(opens: time, closes: time, **rest) -> tuple[Weekly, ...]:
    return tuple(Weekly(day, opens, closes, **rest) for day in range(1, 8))


def starts(openings: Openings, day: date, step: int = 4) -> list[datetime]:
    return [instant_of(day, cell, openings.zone) for cell in cells_of(marks(grid_of(openings, day).grid, step))]


@pytest.mark.parametrize("zone", ZONES, ids=str)
@pytest.mark.parametrize("around", [SPRING, AUTUMN, LEAP], ids=str)
@given(opens=TIMES, closes=TIMES)
def test_the_wall_clock_hour_of_a_weekly_slot_never_moves(zone: ZoneInfo, around: date, opens: time, closes: time):
    openings = Openings(zone, weekly(opens, closes) if opens < closes else ())
    for day in (around + timedelta(days=n) for n in range(-7, 8)):
        wall = [start.astimezone(zone) for start in starts(openings, day, step=1)]
        assert all(at.date() == day and opens <= at.time() < closes for at in wall)
        expected = [
            at for at in _wall_clock() if opens <= at and _end(at) <= _minutes(closes) and _exists(day, at, zone)
        ]
        assert [at.time() for at in wall] == expected


@pytest.mark.parametrize("zone", ZONES, ids=str)
@pytest.mark.parametrize("day", [SPRING, AUTUMN, LEAP], ids=str)
def test_no_slot_appears_twice_or_in_a_gap(zone: ZoneInfo, day: date):
    openings = Openings(zone, weekly(time(0), time(23, 55)))
    found = [start.astimezone(zone) for start in starts(openings, day, step=1)]
    naive = [at.replace(tzinfo=None) for at in found]
    assert naive == sorted(set(naive))
    # A wall-clock time in a gap would come back as another one.
    assert all(at.astimezone(UTC).astimezone(zone) == at and at.fold == 0 for at in found)
    assert len(naive) == (275 if zone is PARIS and day == SPRING else 287)


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (AUTUMN, 25), (date(2026, 6, 1), 24)])
def test_a_day_has_as_many_cells_as_hours_pass(day: date, hours: int):
    assert midnight(day + timedelta(days=1), PARIS) - midnight(day, PARIS) == timedelta(hours=hours)
    assert instant_of(day, hours * 12, PARIS) == midnight(day + timedelta(days=1), PARIS)


@given(st.sampled_from(ZONES), st.sampled_from([SPRING, AUTUMN, LEAP]), st.integers(-300, 600))
def test_instants_and_cells_are_the_same_thing(zone: ZoneInfo, day: date, cell: int):
    instant = midnight(day, zone) + timedelta(minutes=5 * cell)
    found_day, found_cell = cell_of(instant, zone)
    assert instant_of(found_day, found_cell, zone) == instant
    assert 0 <= found_cell < 300


def test_an_appointment_over_the_change_lasts_as_long_as_any():
    openings = Openings(PARIS, weekly(time(1), time(4)))
    assert grid_of(openings, SPRING).grid.bit_count() == 24
    assert grid_of(openings, date(2026, 3, 28)).grid.bit_count() == 36
    assert grid_of(openings, AUTUMN).grid.bit_count() == 36


MONDAY = date(2026, 11, 30)


@pytest.mark.parametrize(
    ("rule", "open_"),
    [
        (Weekly(1, time(9), time(12)), True),
        (Weekly(2, time(9), time(12)), False),
        (Weekly(1, time(9), time(12), valid_from=MONDAY), True),
        (Weekly(1, time(9), time(12), valid_from=MONDAY + timedelta(days=1)), False),
        (Weekly(1, time(9), time(12), valid_until=MONDAY), True),
        (Weekly(1, time(9), time(12), valid_until=MONDAY - timedelta(days=1)), False),
        (Weekly(1, time(9), time(12), season="term"), True),
        (Weekly(1, time(9), time(12), season="holidays"), False),
    ],
)
def test_a_weekly_rule_applies_on_its_days(rule: Weekly, open_: bool):
    assert bool(grid_of(Openings(PARIS, (rule,), school_zone="Zone B"), MONDAY).grid) == open_


def test_other_hours_in_school_holidays():
    rules = (Weekly(3, time(9), time(17), season="term"), Weekly(3, time(9), time(12), season="holidays"))
    openings = Openings(PARIS, rules, school_zone="Zone B")
    in_term, in_holidays = date(2026, 12, 2), date(2026, 12, 23)
    assert (is_school_holiday(in_term, "Zone B"), is_school_holiday(in_holidays, "Zone B")) == (False, True)
    assert grid_of(openings, in_term).grid.bit_count() == 96
    assert grid_of(openings, in_holidays).grid.bit_count() == 36


@pytest.mark.parametrize(
    ("subdivision", "open_"), [("Alsace-Moselle", False), ("France", True), ("Martinique", True), ("", True)]
)
def test_good_friday_is_closed_where_it_is_a_holiday(subdivision: str, open_: bool):
    openings = Openings(PARIS, weekly(time(9), time(12)), public_holidays=subdivision)
    assert bool(grid_of(openings, date(2026, 4, 3)).grid) == open_


def test_exceptions_replace_add_and_close():
    day = date(2026, 12, 25)
    opened = Exceptional("instead", day, day, time(10), time(12))
    extra = Exceptional("extra", day, day, time(14), time(15), counter=True)
    closed = Exceptional("closed", day, day, time(11), time(14, 30))
    openings = Openings(PARIS, weekly(time(8), time(18)), (opened, extra, closed), public_holidays="Alsace-Moselle")
    found = grid_of(openings, day)
    assert [at.astimezone(PARIS).hour for at in starts(openings, day, step=12)] == [10, 14]
    assert found.grid.bit_count() == 18
    assert found.kept.bit_count() == 6
    assert grid_of(Openings(PARIS, weekly(time(8), time(18)), (Exceptional("closed", day, day),)), day).grid == 0


def test_a_share_for_the_counter_is_kept_until_it_goes_to_the_public():
    openings = Openings(PARIS, weekly(time(9), time(12, 20)), counter_percent=20)
    assert grid_of(openings, MONDAY).kept.bit_count() == 8
    assert grid_of(openings, MONDAY, share=False).kept == 0


@pytest.mark.parametrize(
    ("now", "last"),
    [
        (datetime(2026, 11, 26, 17, 29, tzinfo=PARIS), date(2026, 11, 29)),
        (datetime(2026, 11, 26, 17, 30, tzinfo=PARIS), date(2026, 12, 6)),
        (datetime(2026, 12, 3, 17, 0, tzinfo=PARIS), date(2026, 12, 6)),
    ],
)
def test_new_days_open_on_thursday_evening(now: datetime, last: date):
    assert last_open_day(now, 10, 4, time(17, 30)) == last


def test_new_days_open_every_midnight():
    assert last_open_day(datetime(2026, 11, 26, 0, 0, tzinfo=PARIS), 90, None, time()) == date(2027, 2, 24)


def test_cells_beyond_the_day_are_never_open():
    for day in (SPRING, AUTUMN, LEAP):
        for zone in ZONES:
            length = (midnight(day + timedelta(days=1), zone) - midnight(day, zone)) // timedelta(minutes=5)
            assert all(cell < length for cell in cells_of(cells_between(day, time(), time.max, zone)))
            assert length <= WIDTH


def _wall_clock() -> list[time]:
    return [time(n // 12, n % 12 * 5) for n in range(288)]


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


def _end(at: time) -> int:
    return _minutes(at) + 5


def _exists(day: date, at: time, zone: ZoneInfo) -> bool:
    local = datetime.combine(day, at, zone)
    return local.astimezone(UTC).astimezone(zone).time() == at
