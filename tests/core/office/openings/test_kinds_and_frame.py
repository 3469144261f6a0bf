"""Kinds with their minutes and texts, when hours open, public holidays."""

import re
from datetime import date, time

import pytest
from tests.core.office.openings.working import filled


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"minutes_first": "0"}, "minutes_first"),
        ({"minutes_first": "-5"}, "minutes_first"),
        ({"minutes_first": "long"}, "minutes_first"),
        ({"minutes_further": "-1"}, "minutes_further"),
        ({"people_max": "0"}, "people_max"),
        ({"desks": []}, "desks"),
    ],
)
async def test_a_kind_with_0_minutes_is_refused(office, changed, field):
    answer = await office.change("/kinds/deposit", **changed)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text


async def test_a_kind_is_offered_with_its_minutes_desks_and_texts(office):
    one, two = office.calendar.desks
    await office.change(
        "/kinds/certification",
        offered="yes",
        minutes_first="12",
        desks=[two.hex],
        bring_fr="Votre téléphone",
        number="yes",
    )
    timetable = (await office.kept).timetable
    kind = timetable.kinds["certification"]
    assert (kind.minutes_first, kind.step_minutes, kind.online, kind.number) == (12, 15, False, True)
    assert kind.bring == {"fr": "Votre téléphone"}
    assert timetable.desks[one].kinds == ("deposit", "collection")
    assert timetable.desks[two].kinds == ()


async def test_a_desk_cannot_be_left_with_nothing_to_serve(office):
    await office.change("/kinds/collection", offered=[])
    one, two = office.calendar.desks
    answer = await office.change("/kinds/deposit", desks=[two.hex])
    assert answer.status_code == 422
    assert "would serve nothing" in answer.text
    assert (await office.kept).timetable.desks[one].kinds == ()


async def test_when_hours_open_is_set_and_said(office):
    answer = await office.change(
        "/ahead", mode="weekly", horizon_days="10", opens_weekday="4", opens_at="17h30", counter_percent="15"
    )
    assert answer.status_code == 303
    frame = (await office.kept).timetable.frame
    assert (frame.horizon_days, frame.opens_weekday, frame.opens_at, frame.counter_percent) == (10, 4, time(17, 30), 15)
    page = await office.get()
    assert "Thursday" in page.text
    assert "15 percent of each day is kept for the counter" in page.text


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"horizon_days": "401"}, "horizon_days"),
        ({"counter_percent": "101"}, "counter_percent"),
        ({"counter_days": "-1"}, "counter_days"),
        ({"opens_at": "25:00"}, "opens_at"),
        ({"mode": "until", "open_until": ""}, "open_until"),
        ({"first_day": "2027-03-01", "last_day": "2027-02-01"}, "last_day"),
    ],
)
async def test_an_impossible_frame_is_told_at_its_field(office, changed, field):
    answer = await office.change("/ahead", **changed)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text


async def test_public_holidays_are_proposed_and_one_can_be_opened(office):
    await office.change("/ahead", public_holidays="Alsace-Moselle")
    page = await office.get("/ahead")
    day = date.fromisoformat(re.search(r"what=extra&amp;day=([\d-]+)", page.text)[1])
    asked = await office.get("/closures/new", what="extra", day=day.isoformat())
    assert filled(asked.text)["first_day"] == [day.isoformat()]
    answer = await office.post("/closures/new", asked, step="save", opens="9", closes="11")
    assert answer.status_code == 303
    [special] = (await office.kept).timetable.specials.values()
    assert (special.rule.sort, special.rule.first_day) == ("extra", day)
