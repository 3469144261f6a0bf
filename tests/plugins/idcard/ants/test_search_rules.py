"""What the national search may ask: read strictly, refused by name."""

import json
from datetime import date, timedelta
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis_idcard.ants import rules
from parvis_idcard.ants.rules import BadParameter, SlotsAsked
from parvis_idcard.rules import Paper

ASKED = [
    ("meeting_point_ids", "mairie-mulhouse"),
    ("meeting_point_ids", "mairie-illzach"),
    ("start_date", "2027-01-04"),
    ("end_date", "2027-06-03"),
    ("reason", "CNI-PASSPORT"),
    ("documents_number", "2"),
]


def without(name):
    return [pair for pair in ASKED if pair[0] != name]


def read(pairs):
    return rules.read_slots_asked(rules.read_pairs(urlencode(pairs).encode()))


def test_a_question_is_read():
    places = ("mairie-mulhouse", "mairie-illzach")
    assert read(ASKED) == SlotsAsked(places, date(2027, 1, 4), date(2027, 6, 3), Paper.BOTH, 2)
    assert read(without("documents_number")).documents == 1
    assert read([*ASKED, ASKED[0]]).places == places


@pytest.mark.parametrize("name", ["meeting_point_ids", "start_date", "end_date", "reason"])
def test_what_is_missing_is_named(name):
    with pytest.raises(BadParameter, match=f"Invalid {name} param"):
        read(without(name))


@pytest.mark.parametrize("name", ["start_date", "end_date", "reason", "documents_number"])
def test_what_is_given_twice_is_named(name):
    with pytest.raises(BadParameter, match=f"Invalid {name} param"):
        read([*ASKED, (name, "2027-01-04")])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("reason", "cni"),
        ("reason", ""),
        ("reason", "DRIVING"),
        ("start_date", "tomorrow"),
        ("start_date", "2027-02-30"),
        ("end_date", "2026-12-31"),
        ("end_date", "2037-01-04"),
        ("end_date", "99999-01-01"),
        ("documents_number", "0"),
        ("documents_number", "-1"),
        ("documents_number", "100000"),
        ("documents_number", "1" * 5000),
        ("documents_number", "²"),
        ("documents_number", "two"),
        ("meeting_point_ids", ""),
    ],
)
def test_what_is_absurd_is_named(name, value):
    with pytest.raises(BadParameter, match=f"Invalid {name} param"):
        read([*without(name), (name, value)])


def test_ten_thousand_places_are_too_many():
    with pytest.raises(BadParameter, match="Invalid query param"):
        read([*ASKED, *[("meeting_point_ids", f"place-{n}") for n in range(10_000)]])
    with pytest.raises(BadParameter, match="Invalid meeting_point_ids param"):
        read([*ASKED, *[("meeting_point_ids", f"place-{n}") for n in range(1_001)]])


@given(st.binary(max_size=200))
def test_no_address_is_more_than_a_bad_parameter(query):
    try:
        pairs = rules.read_pairs(query)
    except BadParameter:
        return
    for asked in (rules.read_slots_asked, rules.read_numbers):
        with pytest.raises(BadParameter):
            asked(pairs)


@pytest.mark.parametrize("number", ["A12345678", "A12345678901", "A12345 789", "É123456789", "a1234-5678"])
def test_an_application_number_has_ten_letters_or_figures(number):
    with pytest.raises(BadParameter, match="Invalid application_ids param"):
        rules.read_numbers([("application_ids", number)])


def test_numbers_are_answered_as_they_were_written():
    pairs = [("application_ids", "a123456789"), ("application_ids", "6123155111"), ("application_ids", "a123456789")]
    assert rules.read_numbers(pairs) == ("a123456789", "6123155111")


@pytest.mark.parametrize("pairs", [[], [("application_ids", f"{n:010}") for n in range(101)]])
def test_no_number_and_a_hundred_numbers_are_refused(pairs):
    with pytest.raises(BadParameter, match="Invalid application_ids param"):
        rules.read_numbers(pairs)


@given(
    days=st.lists(
        st.tuples(st.dates(), st.lists(st.times().map("{:%H:%M}".format), min_size=1, unique=True).map(tuple)),
        max_size=5,
    ),
    place=st.text(min_size=1, max_size=20),
    documents=st.integers(1, 20),
)
def test_hours_are_written_as_json_with_the_page_that_holds_each(days, place, documents):
    written = json.loads(
        "".join(rules.written_slots("https://x.example/e/m/idcard", place, days, Paper.CARD, documents))
    )
    assert [hour["datetime"] for hour in written] == [f"{day}T{at}Z" for day, ats in days for at in ats]
    for hour in written:
        path, _, query = hour["callback_url"].partition("?")
        assert path.startswith("https://x.example/e/m/idcard/at/")
        assert path.endswith(f"/{hour['datetime'].removesuffix('Z')}")
        assert query == f"reason=CNI&documents_number={documents}"


@pytest.mark.parametrize(
    ("address", "street"),
    [("1 rue de la Mairie", "1 rue de la Mairie"), ("68100", "68100"), ("2 place X - 68100 Mulhouse", "2 place X")],
)
def test_an_address_does_not_hold_its_postcode(address, street):
    assert rules.street(address, "68100") == street


def test_a_year_is_the_longest():
    longest = [*without("end_date"), ("end_date", str(date(2027, 1, 4) + timedelta(days=366)))]
    assert read(longest).until == date(2028, 1, 5)
