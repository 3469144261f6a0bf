"""What is to be done at the coordination service: pure decisions."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis_idcard.ants.coordination import rules
from parvis_idcard.ants.coordination.rules import Declared, Registered, Standing, Status, Steps

PARIS, OWN = ZoneInfo("Europe/Paris"), "https://us.example/1"
HERE = Declared(place_id="1", place="Mairie", at="2027-01-04T08:45:00", url="https://us.example/1")
LATER = Declared(place_id="1", place="Mairie", at="2027-01-05T08:45:00", url="https://us.example/1")
OTHER = Registered(management_url="https://them.example/9", meeting_point="Là-bas", appointment_date="2027-01-09 10:00")


def there(declared):
    return Registered(meeting_point=declared.place, appointment_date=declared.at, management_url=declared.url)


def standing(*appointments, status=Status.VALIDATED):
    return Standing(status=status, appointments=appointments)


@pytest.mark.parametrize(
    ("wanted", "told", "now", "expected"),
    [
        (HERE, None, standing(), Steps(declare=True)),
        (HERE, None, standing(there(HERE)), Steps()),
        (HERE, HERE, standing(OTHER), Steps(declare=True)),
        (LATER, HERE, standing(there(HERE), OTHER), Steps(withdraw=(there(HERE),), declare=True)),
        (LATER, HERE, standing(there(HERE), there(LATER)), Steps(withdraw=(there(HERE),))),
        (None, HERE, standing(there(HERE), OTHER), Steps(withdraw=(there(HERE),))),
        (None, None, standing(there(HERE), OTHER), Steps(withdraw=(there(HERE),))),
        (None, None, standing(OTHER), Steps()),
        (LATER, HERE, standing(there(HERE), status=Status.EXPIRED), Steps(refused=True)),
        (LATER, HERE, standing(there(LATER), status=Status.CONSUMED), Steps()),
        (None, HERE, standing(there(HERE), status=Status.CONSUMED), Steps(withdraw=(there(HERE),))),
    ],
)
def test_steps(wanted, told, now, expected):
    assert rules.steps(wanted, told, now, OWN) == expected


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.VALIDATED])
def test_an_agent_may_override_but_never_what_is_consumed(status):
    assert rules.steps(HERE, None, standing(status=status), OWN).refused
    overridden = rules.steps(HERE, None, standing(status=status), OWN, overridden=True)
    assert overridden == (Steps(refused=True) if status is Status.CONSUMED else Steps(declare=True))


def test_what_was_declared_under_an_older_address_is_ours_still():
    old = Declared(place_id="1", place="Mairie", at=HERE.at, url="https://old.example/1")
    assert rules.steps(HERE, old, standing(there(old)), OWN) == Steps(withdraw=(there(old),), declare=True)
    moved = Registered(meeting_point="Mairie", appointment_date="2027-01-04 08:45:00", management_url="https://older/1")
    assert rules.steps(None, old, standing(moved), OWN) == Steps(withdraw=(moved,))


registered = st.sampled_from([there(HERE), there(LATER), OTHER])


@given(
    wanted=st.sampled_from([None, HERE, LATER]),
    told=st.sampled_from([None, HERE, LATER]),
    appointments=st.lists(registered, max_size=3, unique=True),
    status=st.sampled_from(Status),
)
def test_carrying_the_steps_out_leads_to_what_is_wanted_and_leaves_others_alone(wanted, told, appointments, status):
    do = rules.steps(wanted, told, standing(*appointments, status=status), OWN)
    after = [one for one in appointments if one not in do.withdraw] + ([there(wanted)] if do.declare else [])
    assert (OTHER in after) == (OTHER in appointments)
    if not do.refused:
        ours = [one for one in after if one != OTHER]
        assert ours == ([there(wanted)] if wanted else [])
        assert rules.steps(wanted, wanted, standing(*after, status=status), OWN) == Steps()
    else:
        assert after == list(appointments)
        assert status is not Status.VALIDATED


def test_an_hour_is_compared_however_it_is_written():
    for typed in ("2027-01-04T08:45:00", "2027-01-04 08:45:00", "2027-01-04T08:45"):
        assert HERE.is_(Registered(meeting_point="Mairie", appointment_date=typed, management_url=HERE.url))
    assert not HERE.is_(
        Registered(meeting_point="Mairie", appointment_date="2027-01-04T09:45", management_url=HERE.url)
    )


def test_each_status_says_what_to_do():
    texts = [rules.refusal(standing(status=status), (), False, "number", PARIS) for status in Status]
    assert [refusal.code if refusal else None for refusal in texts] == [
        None,
        "number-consumed",
        "number-declared",
        "number-unknown",
        "number-expired",
    ]
    assert len({str(refusal.text) for refusal in texts if refusal}) == 4


def test_another_appointment_is_shown_until_it_is_said_to_be_cancelled():
    others = rules.elsewhere(standing(OTHER, there(HERE)), "https://us.example/")
    assert others == (OTHER,)
    refused = rules.refusal(standing(OTHER), others, False, "number", PARIS)
    for told in ("Là-bas", "https://them.example/9", "2027-01-09"):
        assert told in str(refused.text)
    assert rules.other_address(refused.text) == "https://them.example/9"
    assert rules.refusal(standing(OTHER), others, True, "number", PARIS) is None


@pytest.mark.parametrize("url", ["javascript:alert(1)", "", "data:text/html,x"])
def test_only_an_address_of_the_web_becomes_a_link(url):
    refused = rules.refusal(standing(), [Registered(management_url=url)], False, "number", PARIS)
    assert rules.other_address(refused.text) == ""
    assert rules.other_address(None) is None


def test_a_strange_date_is_shown_as_it_stands():
    assert rules.said_time("next week", PARIS) == "next week"


START = datetime(2027, 1, 20, 9, tzinfo=UTC)


@given(asked=st.integers(0, 24 * 60), now=st.integers(0, 30 * 24 * 60))
def test_an_hour_is_freed_only_after_some_days_and_a_day_before(asked, now):
    asked, now = (START - timedelta(days=20) + timedelta(minutes=minutes) for minutes in (asked * 20, now))
    until = rules.answer_by(START, asked)
    if rules.frees(Status.CONSUMED, asked, until, START, now):
        assert now - asked >= min(timedelta(days=3), START - timedelta(days=1) - asked) > timedelta()
        assert now < START
    assert not rules.frees(Status.UNKNOWN, asked, until, START, now)
    assert not rules.frees(Status.DECLARED, asked, until, START, now)
    assert not rules.frees(Status.CONSUMED, None, None, START, now)


@given(st.integers(0, 20 * 24 * 60), st.integers(0, 20 * 24 * 60))
def test_a_number_is_asked_about_twice_and_not_more(first, second):
    """Whenever the check runs, it is due once from 7 days before on, once more from 2 days before on."""
    checked, due = None, 0
    for minutes in sorted({first, second, 0, 14 * 24 * 60, 19 * 24 * 60 - 1}):
        now = START - timedelta(days=20) + timedelta(minutes=minutes)
        if rules.check_due(START, checked, now):
            assert now >= START - timedelta(days=7)
            checked, due = now, due + 1
    assert due <= 2
