"""How a visit stands and what may follow, by example and for every sequence."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis.attendance import rules
from parvis.attendance.rules import Done, Hour, Standing, Step
from parvis.errors import Refusal

PARIS = ZoneInfo("Europe/Paris")
NINE = datetime(2027, 1, 4, 8, tzinfo=UTC)
HOUR = Hour(NINE, NINE + timedelta(minutes=20), PARIS)
BEFORE, DURING, AFTER = (NINE + timedelta(minutes=n) for n in (-10, 5, 30))


def done(*steps: Step) -> list[Done]:
    return [Done(uuid4(), step, NINE + timedelta(minutes=n), "staff") for n, step in enumerate(steps)]


def code(found: Refusal | None) -> str | None:
    return found and found.code


@pytest.mark.parametrize(
    ("steps", "now", "expected"),
    [
        ([], BEFORE, Standing.EXPECTED),
        ([], NINE, Standing.EXPECTED),
        ([], DURING, Standing.LATE),
        ([Step.ARRIVED], DURING, Standing.ARRIVED),
        ([Step.ARRIVED, Step.SERVED], AFTER, Standing.SERVED),
        ([Step.RELEASED], DURING, Standing.RELEASED),
        ([Step.RELEASED, Step.ABSENT], DURING, Standing.ABSENT),
        ([Step.ABSENT, Step.ARRIVED], DURING, Standing.ARRIVED),
    ],
)
def test_the_last_step_says_how_a_visit_stands(steps, now, expected):
    assert rules.standing(done(*steps), HOUR, now) is expected


def test_a_cancelled_visit_stands_cancelled_whatever_happened():
    cancelled = Hour(HOUR.start, HOUR.end, PARIS, cancelled=True)
    assert rules.standing(done(Step.ARRIVED), cancelled, DURING) is Standing.CANCELLED


@pytest.mark.parametrize(
    ("found", "step", "now", "expected"),
    [
        (Standing.EXPECTED, Step.ARRIVED, BEFORE, None),
        (Standing.EXPECTED, Step.SERVED, BEFORE, None),
        (Standing.EXPECTED, Step.ABSENT, BEFORE, "visit-not-begun"),
        (Standing.EXPECTED, Step.RELEASED, BEFORE, "visit-not-late"),
        (Standing.EXPECTED, Step.ARRIVED, NINE - timedelta(days=1), "another-day"),
        (Standing.EXPECTED, Step.SERVED, NINE - timedelta(days=1), "another-day"),
        (Standing.LATE, Step.ARRIVED, DURING, None),
        (Standing.LATE, Step.ABSENT, DURING, None),
        (Standing.LATE, Step.RELEASED, DURING, None),
        (Standing.LATE, Step.ARRIVED, NINE + timedelta(days=1), "another-day"),
        (Standing.LATE, Step.ABSENT, NINE + timedelta(days=1), None),
        (Standing.LATE, Step.SERVED, NINE + timedelta(days=1), None),
        (Standing.ABSENT, Step.ARRIVED, DURING, None),
        (Standing.SERVED, Step.ABSENT, DURING, "visit-served"),
        (Standing.CANCELLED, Step.ARRIVED, DURING, "visit-cancelled"),
    ],
)
def test_what_may_follow(found, step, now, expected):
    assert code(rules.refusal(found, step, HOUR, now)) == expected


@given(
    steps=st.lists(st.sampled_from(Step), max_size=5),
    minutes=st.integers(-3 * 24 * 60, 3 * 24 * 60),
    cancelled=st.booleans(),
)
def test_what_is_offered_is_never_refused(steps, minutes, cancelled):
    now, hour = NINE + timedelta(minutes=minutes), Hour(HOUR.start, HOUR.end, PARIS, cancelled)
    found = rules.standing(done(*steps), hour, now)
    for step in rules.offered(found, hour, now):
        assert rules.refusal(found, step, hour, now) is None
        assert Standing(step.value) is not found


@given(
    steps=st.lists(st.sampled_from([Step.ARRIVED, Step.SERVED, Step.ABSENT, Step.RELEASED]), max_size=4),
    minutes=st.integers(-600, 600),
)
def test_a_visit_that_is_over_has_an_outcome_or_waits_for_one(steps, minutes):
    now = NINE + timedelta(minutes=minutes)
    found = rules.standing(done(*steps), HOUR, now)
    settled = found in {Standing.SERVED, Standing.ABSENT}
    assert rules.has_no_outcome(found, HOUR.end, now) == (HOUR.end <= now and not settled)


def test_a_standing_that_changes_by_itself_says_when():
    assert rules.turns_late([], HOUR, BEFORE) == NINE
    assert rules.turns_late([], HOUR, DURING) is None
    assert rules.turns_late(done(Step.ARRIVED), HOUR, BEFORE) is None


@pytest.mark.parametrize(
    ("found", "minutes", "expected"),
    [
        (Standing.EXPECTED, -61, "too-early"),
        (Standing.EXPECTED, -60, None),
        (Standing.LATE, 19, None),
        (Standing.RELEASED, 12, None),
        (Standing.LATE, 20, "visit-over"),
        (Standing.CANCELLED, -10, "visit-over"),
        (Standing.ABSENT, 10, "visit-over"),
        (Standing.SERVED, 10, "visit-over"),
    ],
)
def test_from_when_to_when_a_resident_can_say_that_they_are_there(found, minutes, expected):
    assert code(rules.resident_refusal(found, HOUR, NINE + timedelta(minutes=minutes))) == expected


@given(st.text(max_size=400))
def test_a_note_is_one_short_line_or_refused(typed):
    found = rules.noted(typed)
    if isinstance(found, str):
        assert len(found) <= rules.NOTE_SIGNS
        assert found == rules.noted(found)
        assert "\n" not in found
    else:
        assert found.code == "note-too-long"


def test_what_was_done_in_one_go_is_undone_in_one_go():
    first, second, third = done(Step.RELEASED, Step.ABSENT, Step.ARRIVED)
    same = Done(uuid4(), Step.ABSENT, first.at, "staff")
    assert rules.together([first, same]) == [same, first]
    assert rules.together([first, second]) == [second]
    assert rules.together([first, same, third]) == [third]
    assert rules.together([]) == []
