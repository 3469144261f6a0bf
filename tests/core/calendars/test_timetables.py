"""Timetables as values: what is wrong with one, what differs, how two changes come together, what a year has."""

from datetime import date, time, timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis.calendars.checks import overlapping, refusals
from parvis.calendars.merging import merge
from parvis.calendars.openings import Exceptional, Weekly
from parvis.calendars.timetables import DeskRules, Frame, KindRules, Special, Timetable
from parvis.calendars.wording import differences
from parvis.calendars.yields import Yield, a_year
from parvis.errors import Text

changed = msgspec.structs.replace
ONE, TWO, THREE = (UUID(int=n) for n in (1, 2, 3))
DAY = date(2027, 1, 4)
MORNING = tuple(Weekly(day, time(9), time(12)) for day in range(1, 6))
TOWN = Timetable(
    zone="Europe/Paris",
    frame=Frame(),
    kinds={"deposit": KindRules(minutes_first=20, minutes_further=10, step_minutes=20, number=True)},
    desks={ONE: DeskRules(name="Station 1", weekly=MORNING), TWO: DeskRules(name="Station 2", weekly=MORNING)},
    specials={},
)
NAMES = {"deposit": Text("Deposit")}


def desk(**parts) -> Timetable:
    return changed(TOWN, desks={**TOWN.desks, ONE: changed(TOWN.desks[ONE], **parts)})


def closing(day: date = DAY, key: UUID = THREE, **rest) -> Timetable:
    rule = Exceptional("closed", day, day)
    return changed(TOWN, specials={key: Special(rule=rule, **rest)})


edits = st.sampled_from(
    [
        TOWN,
        desk(name="Accueil"),
        desk(weekly=MORNING[:3]),
        desk(weekly=(*MORNING, Weekly(6, time(9), time(11)))),
        desk(active=False),
        closing(),
        closing(DAY + timedelta(days=1)),
        closing(key=UUID(int=4)),
        changed(TOWN, frame=Frame(counter_percent=20)),
        changed(TOWN, frame=Frame(horizon_days=30)),
        changed(TOWN, kinds={}),
        changed(TOWN, kinds={"deposit": changed(TOWN.kinds["deposit"], minutes_first=15)}),
        changed(TOWN, desks={ONE: TOWN.desks[ONE]}),
    ]
)


@given(edits, edits, edits)
def test_who_changed_nothing_takes_what_the_other_did(base, one, other):
    assert merge(base, one, base).timetable == one
    assert merge(base, base, other).timetable == other
    assert merge(base, one, one).timetable == one
    assert merge(base, one, one).clashes == ()


@given(edits, edits)
def test_where_nobody_touched_the_same_rule_the_order_does_not_matter(one, other):
    mine, theirs = merge(TOWN, one, other), merge(TOWN, other, one)
    assert bool(mine.clashes) == bool(theirs.clashes)
    if not mine.clashes:
        assert {key: set(found.weekly) for key, found in mine.timetable.desks.items()} == {
            key: set(found.weekly) for key, found in theirs.timetable.desks.items()
        }
        assert mine.timetable.specials == theirs.timetable.specials
        assert mine.timetable.frame == theirs.timetable.frame


def test_two_people_may_each_change_another_desk_and_another_day():
    base = closing()
    mine = changed(base, desks={**base.desks, ONE: changed(base.desks[ONE], name="Accueil")})
    theirs = changed(base, specials={}, frame=Frame(counter_percent=15))
    merged = merge(base, mine, theirs)
    assert merged.clashes == ()
    assert merged.timetable.desks[ONE].name == "Accueil"
    assert (merged.timetable.specials, merged.timetable.frame.counter_percent) == ({}, 15)


def test_openings_that_each_added_are_both_there():
    saturday, sunday = Weekly(6, time(9), time(11)), Weekly(7, time(9), time(11))
    merged = merge(TOWN, desk(weekly=(*MORNING[1:], saturday)), desk(weekly=(*MORNING, sunday)))
    assert set(merged.timetable.desks[ONE].weekly) == {*MORNING[1:], saturday, sunday}
    assert merged.clashes == ()


def test_where_both_changed_the_same_rule_it_is_mine_and_is_said():
    mine, theirs = desk(name="Mine"), desk(name="Theirs")
    merged = merge(TOWN, mine, theirs)
    assert merged.timetable.desks[ONE].name == "Mine"
    assert merged.clashes == (("desks", str(ONE), "name"),)
    assert ("desks", str(ONE), "name") in [found.path for found in differences(TOWN, theirs, NAMES)]


MONDAY = Weekly(1, time(9), time(12))


@pytest.mark.parametrize(
    ("timetable", "code"),
    [
        (desk(weekly=(Weekly(1, time(12), time(9)),)), "line"),
        (desk(weekly=(Weekly(1, time(9), time(9)),)), "line"),
        (desk(weekly=(Weekly(1, time(9, 2), time(12)),)), "line"),
        (desk(weekly=(Weekly(1, time(9), time(12), DAY, DAY - timedelta(days=1)),)), "line"),
        (desk(weekly=(MONDAY, Weekly(1, time(11), time(13)))), "openings-overlap"),
        (desk(weekly=(MONDAY, MONDAY)), "openings-overlap"),
        (desk(first_day=DAY, last_day=DAY - timedelta(days=1)), "days-reversed"),
        (desk(name=" "), "desk-name"),
        (desk(name="STATION 2"), "desk-name-taken"),
        (desk(kinds=("gone",)), "desk-without-kind"),
        (changed(TOWN, kinds={"deposit": KindRules(minutes_first=0, step_minutes=5)}), "minutes-first"),
        (changed(TOWN, kinds={"deposit": KindRules(minutes_first=601, step_minutes=5)}), "minutes-first"),
        (
            changed(TOWN, kinds={"deposit": KindRules(minutes_first=5, minutes_further=-1, step_minutes=5)}),
            "minutes-further",
        ),
        (changed(TOWN, kinds={"deposit": KindRules(minutes_first=5, step_minutes=5, people_max=0)}), "people-max"),
        (changed(TOWN, frame=Frame(horizon_days=401)), "horizon"),
        (changed(TOWN, frame=Frame(counter_percent=101)), "counter-share"),
        (changed(TOWN, frame=Frame(counter_days=-1)), "counter-days"),
        (changed(TOWN, frame=Frame(first_day=DAY, last_day=date(2026, 1, 1))), "days-reversed"),
        (changed(TOWN, specials={ONE: Special(rule=Exceptional("extra", DAY, DAY))}), "hours-missing"),
        (changed(TOWN, specials={ONE: Special(rule=Exceptional("closed", DAY, DAY, time(9)))}), "hours-half"),
        (
            changed(TOWN, specials={ONE: Special(rule=Exceptional("closed", DAY, DAY, time(9), time(8)))}),
            "ends-before-it-begins",
        ),
    ],
)
def test_what_cannot_be_saved_is_said(timetable: Timetable, code: str):
    assert code in [refusal.code for refusal in refusals(timetable)]


@pytest.mark.parametrize(
    "other",
    [
        Weekly(2, time(9), time(12)),
        Weekly(1, time(12), time(13)),
        Weekly(1, time(9), time(12), valid_from=DAY),
    ],
)
def test_openings_that_never_hold_at_once_do_not_overlap(other: Weekly):
    one = Weekly(1, time(9), time(12), valid_until=DAY - timedelta(days=1))
    assert list(overlapping([one, other])) == []


def test_term_and_holidays_are_never_at_once_but_always_is():
    term, holidays = Weekly(1, time(9), time(12), season="term"), Weekly(1, time(9), time(10), season="holidays")
    assert list(overlapping([term, holidays])) == []
    assert list(overlapping([term, Weekly(1, time(11), time(13))])) == [(1, 0)]


def test_a_good_timetable_has_nothing_to_be_said():
    assert refusals(TOWN) == []
    assert refusals(closing(reason="Pont")) == []


@given(edits, edits)
def test_a_difference_is_said_exactly_where_there_is_one(one, other):
    assert bool(differences(one, other, NAMES)) == (one != other) or set(one.desks) - set(other.desks)


def test_differences_are_said_in_words():
    after = changed(
        desk(name="Accueil", weekly=(*MORNING, Weekly(6, time(9), time(11), season="term", counter=True))),
        frame=Frame(counter_percent=20, opens_weekday=4, opens_at=time(17, 30)),
        kinds={"deposit": changed(TOWN.kinds["deposit"], minutes_first=15)},
        specials={THREE: Special(rule=Exceptional("closed", DAY, DAY), desks=(ONE,), reason="Panne")},
    )
    said = [str(found.text) for found in differences(TOWN, after, NAMES)]
    assert said == [
        "Weekday on which new days open: Thursday (before: none)",
        "Hour at which new days open: 17:30:00 (before: 00:00:00)",
        "Share kept for the counter, in percent: 20 (before: 10)",
        "Deposit, minutes for one person: 15 (before: 20)",
        "Station 1 is now called Accueil",
        "Accueil: now open Saturday, 09:00:00 to 11:00:00, outside school holidays, for the counter only",
        "New: closed: 2027-01-04, Accueil, “Panne”",
    ]


def test_a_year_counts_what_is_open_and_what_of_it_is_kept():
    found = a_year(TOWN, date(2027, 1, 1))
    # 261 weekdays, less 11 public holidays on one; two desks, nine starts a morning, one of them kept.
    assert found["deposit"].whole % 18 == 0
    assert found["deposit"] == Yield(found["deposit"].whole, found["deposit"].whole // 9)
    assert a_year(changed(TOWN, frame=Frame(first_day=date(2028, 1, 1))), date(2027, 1, 1))["deposit"] == Yield(0, 0)
    assert a_year(desk(active=False), date(2027, 1, 1))["deposit"].whole == found["deposit"].whole // 2
