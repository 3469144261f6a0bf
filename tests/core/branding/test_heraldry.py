from xml.etree import ElementTree as ET

import pytest

from parvis.branding.drawings import clean
from parvis.branding.heraldry import arms, initials

TOWNS = ["baldersheim", "bantzenheim", "battenheim", "berrwiller", "illzach", "mulhouse", "rixheim", "wittenheim"]


@pytest.mark.parametrize("town", TOWNS)
def test_arms_are_a_drawing_that_says_it_is_invented(town: str) -> None:
    drawn = arms(town, town.title())
    title = ET.fromstring(drawn).find("{http://www.w3.org/2000/svg}title")
    assert title is not None
    assert "inventé" in str(title.text)
    kept = clean(drawn)
    assert isinstance(kept, str)
    assert ET.canonicalize(kept) == ET.canonicalize(drawn)


def test_arms_never_change_and_towns_do_not_share_them() -> None:
    drawn = {arms(town, town.title()) for town in TOWNS}
    assert len(drawn) == len(TOWNS)
    assert arms("illzach", "Illzach") in drawn


def test_a_name_cannot_break_out_of_the_drawing() -> None:
    drawn = arms("x", "<script>alert(1)</script> & Co")
    assert isinstance(clean(drawn), str)


def test_initials_of_odd_names() -> None:
    assert initials("L’Île") == "Î"
    assert initials("La") == "L"
    assert initials("") == ""
