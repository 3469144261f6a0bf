import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis.messages.sms import fit, segments, tidy, units
from parvis.web.formats import cuttable

FRENCH = "Bonjour, votre rendez-vous est le mardi 5 janvier à 9 h 30, mairie d’Illzach. Référence K7M2-9QXP."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 1),
        ("é" * 160, 1),
        ("é" * 161, 2),
        ("é" * 306, 2),
        ("é" * 307, 3),
        ("{" * 80, 1),
        ("{" * 81, 2),
        ("ç" * 70, 1),
        ("ç" * 71, 2),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
    ],
)
def test_segments(text: str, expected: int) -> None:
    assert segments(text) == expected


def test_a_french_sentence_keeps_its_accents_and_stays_in_the_alphabet() -> None:
    assert "é" in tidy(FRENCH)
    assert units(tidy(FRENCH)) == len(tidy(FRENCH))


def test_no_break_spaces_and_quotes_cost_nothing() -> None:
    assert tidy("9\u00a0h\u00a030 «\u202foui\u202f»") == '9 h 30 " oui "'


def test_another_script_is_left_as_it_is() -> None:
    assert tidy("محمد") == "محمد"
    assert segments("م" * 71) == 2


@given(st.text(max_size=400))
def test_tidying_twice_changes_nothing(text: str) -> None:
    assert tidy(tidy(text)) == tidy(text)
    assert segments(text) >= 1


@given(st.text(alphabet="abcdéèàùêâîôûçëïœ’ \u00a0«»–", max_size=160))
def test_any_french_text_is_sent_in_the_alphabet(text: str) -> None:
    assert units(tidy(text)) == len(tidy(text))


@given(
    before=st.text("abc €é", max_size=60),
    place=st.text("Mairie d'IlzachÉ", max_size=200),
    after=st.text("xyz.", max_size=60),
)
def test_what_may_be_cut_is_cut_so_that_one_sms_is_enough(before: str, place: str, after: str) -> None:
    text = fit(before + cuttable(place) + after)
    assert text.startswith(before)
    assert text.endswith(after)
    assert segments(text) == 1
    if segments(before + place + after) == 1:
        assert text == before + place + after
