from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from parvis.dossiers import rules


@given(st.text())
def test_any_text_can_be_typed_as_a_name(typed):
    assert rules.names_fit(typed, []) is False


@given(st.lists(st.sampled_from(["Léa", "Anne-Marie", "Müller", "de", "la", "O’Neil"]), min_size=1, max_size=4))
def test_a_whole_name_fits_in_any_order(parts):
    assert rules.names_fit(" ".join(reversed(parts)), [" ".join(parts)])


def test_every_row_of_the_timeline_has_words():
    start = datetime(2027, 1, 4, 9, tzinfo=UTC).isoformat()
    for event in rules.TIMELINE:
        assert str(rules.timeline_text(event, {"start": start, "place": "Mulhouse"}))
    assert rules.timeline_text("booking.moved", {"start": start}).params["start"] == datetime(2027, 1, 4, 9, tzinfo=UTC)
    assert str(rules.timeline_text("plugin.unknown", {})) == "Updated"
