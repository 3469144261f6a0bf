from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis.web import formats

PARIS = ZoneInfo("Europe/Paris")


def _plain(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("lang", "written"),
    [
        ("fr", "mardi 5 janvier 2027 à 9 h 30"),
        ("de", "Dienstag, 5. Januar 2027 um 9:30 Uhr"),
        ("en", "Tuesday 5 January 2027 at 9:30 am"),
    ],
)
def test_an_instant_is_written_in_the_zone_of_its_place(lang: str, written: str) -> None:
    assert _plain(formats.day_hour(datetime(2027, 1, 5, 8, 30, tzinfo=UTC), lang, PARIS)) == written


def test_the_first_of_a_month_is_an_ordinal_in_french_only() -> None:
    assert _plain(formats.day(date(2027, 1, 1), "fr")) == "vendredi 1er janvier 2027"
    assert _plain(formats.day(date(2027, 1, 11), "fr")) == "lundi 11 janvier 2027"
    assert _plain(formats.day(date(2027, 1, 1), "de")) == "Freitag, 1. Januar 2027"


@pytest.mark.parametrize(
    ("lang", "kept"),
    [("fr", ("5\u00a0janvier", "à\u00a09\u00a0h\u00a030")), ("de", ("5.\u00a0Januar", "um\u00a09:30\u00a0Uhr"))],
)
def test_what_belongs_together_stays_on_one_line(lang: str, kept: tuple[str, ...]) -> None:
    written = formats.day_hour(datetime(2027, 1, 5, 8, 30, tzinfo=UTC), lang, PARIS)
    assert all(part in written for part in kept), written


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("de 8 h 30 à 12 h", "de 8_h_30 à 12_h"),
        ("lundi : 14 h", "lundi_: 14_h"),
        ("le 5 h de plus", "le 5_h de plus"),
        ("« ici »", "«_ici_»"),
        ("8 heures", "8 heures"),
    ],
)
def test_hours_that_somebody_typed_stay_on_one_line(typed: str, kept: str) -> None:
    assert formats.unbroken(typed).replace("\u00a0", "_") == kept


def test_an_hour_late_in_the_evening_in_utc_is_of_the_next_day_here() -> None:
    late = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    assert _plain(formats.near_day(late, date(2026, 11, 23), "fr", PARIS)) == "demain, mardi 24 novembre"


@pytest.mark.parametrize(
    ("today", "written"),
    [
        (date(2026, 11, 24), "aujourd’hui, mardi 24 novembre"),
        (date(2026, 11, 23), "demain, mardi 24 novembre"),
        (date(2026, 11, 20), "mardi 24 novembre"),
        (date(2026, 11, 25), "mardi 24 novembre 2026"),
        (date(2026, 1, 1), "mardi 24 novembre 2026"),
    ],
)
def test_a_day_as_one_says_it(today: date, written: str) -> None:
    assert _plain(formats.near_day(date(2026, 11, 24), today, "fr")) == written


@pytest.mark.parametrize(
    ("metres", "written"),
    [(0, "à 100 m"), (430, "à 400 m"), (960, "à 1 km"), (3980, "à 4 km"), (2600, "à 2,5 km"), (12_700, "à 13 km")],
)
def test_a_distance_as_one_says_it(metres: float, written: str) -> None:
    assert _plain(formats.distance(metres, "fr")) == written


@pytest.mark.parametrize(("lang", "written"), [("fr", "1 234,50 €"), ("de", "1.234,50 €"), ("en", "€1,234.50")])
def test_an_amount(lang: str, written: str) -> None:
    assert _plain(formats.money(123_450, lang)).replace("\u202f", " ") == written


@given(st.times(), st.sampled_from(["fr", "de", "en"]))
def test_an_hour_never_breaks_over_two_lines(when: time, lang: str) -> None:
    assert " " not in formats.hour(when, lang)


def test_midnight_and_noon_in_english() -> None:
    assert _plain(formats.hour(time(0), "en")) == "12 am"
    assert _plain(formats.hour(time(12, 5), "en")) == "12:05 pm"


def test_the_week_begins_on_monday() -> None:
    assert formats.weekdays("fr")[0] == ("lun", "lundi")
    assert formats.month(date(2027, 1, 9), "de") == "Januar 2027"
