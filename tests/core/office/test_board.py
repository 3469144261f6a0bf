"""What changed on a day, and nothing else: applied to the page before, it gives the page after."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from parvis.attendance.queries import DeskDay, Visit
from parvis.attendance.rules import Done, Hour, Standing, Step
from parvis.calendars.bitmaps import run
from parvis.office.day.board import Change, Filter, Gap, Line, changes, snapshot

DAY = date(2027, 1, 4)
PARIS = ZoneInfo("Europe/Paris")
MIDNIGHT = datetime(2027, 1, 3, 23, tzinfo=UTC)
NINE = MIDNIGHT + timedelta(hours=9)
KINDS = {("idcard", "deposit"): "Apply"}
DESKS = [UUID(int=n) for n in (1, 2)]


def a_visit(number: int, **rest) -> Visit:
    start = rest.pop("start", NINE)
    minutes, cancelled = rest.pop("minutes", 20), rest.pop("cancelled", False)
    fields = {
        "id": UUID(int=100 + number),
        "hour": Hour(start, start + timedelta(minutes=minutes), PARIS, cancelled),
        "desk": DESKS[0],
        "desk_name": "Desk 1",
        "calendar": UUID(int=9),
        "place": "Town hall",
        "service": "idcard",
        "kind": "deposit",
        "people": 1,
        "dossier": UUID(int=200 + number),
        "reference": f"REF{number}",
        "names": (f"Name {number}",),
        "done": (),
        "cancelled_by": "resident" if cancelled else None,
        "noted": False,
        "ticked": 0,
    }
    return Visit(**fields | rest)


def a_desk(number: int, free: int) -> DeskDay:
    return DeskDay(
        desk=DESKS[number],
        name=f"Desk {number + 1}",
        place="Town hall",
        calendar=UUID(int=9),
        zone=PARIS,
        grid=run(9 * 12, 36),
        free=free & run(9 * 12, 36),
        kept=run(10 * 12, 4),
    )


@st.composite
def days(draw):
    numbers = draw(st.sets(st.integers(0, 5), max_size=6))
    visits = []
    for number in sorted(numbers):
        steps = draw(st.lists(st.sampled_from(Step), max_size=2))
        visits.append(
            a_visit(
                number,
                start=NINE + timedelta(minutes=20 * draw(st.integers(0, 3))),
                desk=DESKS[draw(st.integers(0, 1))],
                desk_name=f"Desk {draw(st.integers(1, 2))}",
                cancelled=draw(st.booleans()),
                noted=draw(st.booleans()),
                done=tuple(Done(UUID(int=n), step, NINE, "staff") for n, step in enumerate(steps)),
            )
        )
    desks = [a_desk(n, draw(st.integers(0, 15)) << 180) for n in range(draw(st.integers(0, 2)))]
    now = NINE + timedelta(minutes=draw(st.integers(-10, 90)))
    return snapshot(visits, desks, KINDS, DAY, now)


FILTERS = st.builds(
    Filter,
    view=st.sampled_from(["list", "desks"]),
    show=st.sampled_from(["all", "open", "over"]),
    desk=st.sampled_from(["", "Desk 1", "nowhere"]),
)


def applied(shown: dict, found: list[Change]) -> dict:
    """A page after changes: what a browser does with them, part by part."""
    figures, order = shown["figures"], [(key, part) for key, part in shown.items() if key != "figures"]
    for change in found:
        at = next((n for n, (key, _) in enumerate(order) if key == change.key), None)
        match change.act:
            case "drop":
                del order[at]
            case "put" if change.key == "figures":
                figures = change.part
            case "put":
                order[at] = (change.key, change.part)
            case "add":
                keys = [key for key, _ in order]
                order.insert(keys.index(change.after) + 1 if change.after else 0, (change.key, change.part))
    return {"figures": figures} | dict(order)


@settings(max_examples=300)
@given(before=days(), now=days(), wanted=FILTERS)
def test_what_changed_turns_one_page_into_the_other(before, now, wanted):
    after = applied(before.shown(wanted), changes(before, now, wanted))
    assert list(after.items()) == list(now.shown(wanted).items())


@given(day=days(), wanted=FILTERS)
def test_nothing_is_sent_when_nothing_changed(day, wanted):
    assert changes(day, day, wanted) == []
    assert replace(day).digest == day.digest


@given(before=days(), now=days())
def test_pages_that_differ_have_other_digests(before, now):
    assert (before == now) == (before.digest == now.digest)


def test_a_step_changes_one_line_and_the_figures():
    visits = [a_visit(n, start=NINE + timedelta(minutes=20 * n)) for n in range(50)]
    before = snapshot(visits, [], KINDS, DAY, NINE)
    visits[7] = replace(visits[7], done=(Done(UUID(int=1), Step.ARRIVED, NINE, "staff"),))
    found = changes(before, snapshot(visits, [], KINDS, DAY, NINE), Filter())
    assert [(change.act, change.key) for change in found] == [("put", "figures"), ("put", f"v{visits[7].id.hex}")]


def test_the_list_goes_by_hour_with_free_time_in_it_and_says_when_it_will_change():
    first, last = a_visit(1), a_visit(2, start=NINE + timedelta(minutes=40))
    desk = a_desk(0, run(9 * 12 + 4, 4) | run(10 * 12, 6))
    shown = snapshot([first, last], [desk], KINDS, DAY, NINE - timedelta(minutes=1))
    told = [(type(item), item.start) for item in shown.items]
    assert told[:3] == [(Line, NINE), (Gap, NINE + timedelta(minutes=20)), (Line, NINE + timedelta(minutes=40))]
    # The counter's share is told apart.
    assert [gap.counter for gap in shown.items if isinstance(gap, Gap)] == [False, True, False]
    assert shown.turns == NINE
    assert shown.figures.free_minutes == 50


def test_what_is_over_and_has_no_outcome_is_counted():
    visits = [a_visit(1), a_visit(2, done=(Done(UUID(int=1), Step.SERVED, NINE, "staff"),)), a_visit(3, cancelled=True)]
    shown = snapshot(visits, [], KINDS, DAY, NINE + timedelta(hours=1))
    assert shown.figures.overdue == 1
    assert dict(shown.figures.counts)[Standing.LATE] == 1
    assert shown.turns is None


def test_lanes_show_the_same_hours_side_by_side():
    early = a_visit(1, start=NINE - timedelta(minutes=90), desk=DESKS[1])
    shown = snapshot([early], [a_desk(0, 0), a_desk(1, 0)], KINDS, DAY, NINE)
    assert {(lane.begins, lane.ends) for lane in shown.lanes} == {(7 * 60, 12 * 60)}
    assert [[block.label for block in lane.blocks] for lane in shown.lanes] == [[], ["Name 1"]]


def test_on_the_night_the_clock_changes_minutes_are_those_that_pass():
    """The time-line counts what passes since midnight; the hours it names are the wall's."""
    spring = date(2027, 3, 28)
    nine = datetime(2027, 3, 28, 7, tzinfo=UTC)
    [visit] = [a_visit(1, start=nine)]
    shown = snapshot([visit], [replace(a_desk(0, 0), grid=run(96, 12))], KINDS, spring, nine)
    [lane] = shown.lanes
    assert [block.begins for block in lane.blocks] == [8 * 60]
