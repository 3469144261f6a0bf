from xml.etree import ElementTree as ET

import pytest

from parvis.branding.heraldry import arms, initials
from parvis.branding.logos import logo_refusals

TOWNS = ["baldersheim", "bantzenheim", "battenheim", "berrwiller", "illzach", "mulhouse", "rixheim", "wittenheim"]


@pytest.mark.parametrize("town", TOWNS)
def test_arms_are_a_drawing_that_says_it_is_invented(town: str) -> None:
    drawn = arms(town, town.title())
    title = ET.fromstring(drawn).find("{http://www.w3.org/2000/svg}title")
    assert title is not None
    assert "inventé" in str(title.text)
    assert logo_refusals(drawn) == []


def test_arms_never_change_and_towns_do_not_share_them() -> None:
    drawn = {arms(town, town.title()) for town in TOWNS}
    assert len(drawn) == len(TOWNS)
    assert arms("illzach", "Illzach") in drawn


def test_a_name_cannot_break_out_of_the_drawing() -> None:
    drawn = arms("x", "<script>alert(1)</script> & Co")
    assert logo_refusals(drawn) == []


def test_initials_of_odd_names() -> None:
    assert initials("L’Île") == "Î"
    assert initials("La") == "L"
    assert initials("") == ""


@pytest.mark.parametrize(
    ("svg", "code"),
    [
        ("", "logo-not-svg"),
        ("<html/>", "logo-not-svg"),
        ("<svg/>", "logo-not-svg"),
        ('<!DOCTYPE svg [<!ENTITY a "b">]><svg xmlns="http://www.w3.org/2000/svg">&a;</svg>', "logo-not-svg"),
        ('<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', "logo-not-plain"),
        ('<svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>', "logo-not-plain"),
        ('<svg xmlns="http://www.w3.org/2000/svg"><foreignObject/></svg>', "logo-not-plain"),
        ('<svg xmlns="http://www.w3.org/2000/svg"><g style="fill:red"/></svg>', "logo-not-plain"),
        ('<svg xmlns="http://www.w3.org/2000/svg"><path fill="url(https://e.example/x)"/></svg>', "logo-not-plain"),
        ('<svg xmlns="http://www.w3.org/2000/svg"><use href="https://e.example/x"/></svg>', "logo-not-plain"),
        (f'<svg xmlns="http://www.w3.org/2000/svg"><desc>{"x" * 70_000}</desc></svg>', "logo-too-large"),
    ],
)
def test_a_logo_only_draws(svg: str, code: str) -> None:
    assert [refusal.code for refusal in logo_refusals(svg)] == [code]


def test_a_plain_drawing_may_use_its_own_parts() -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg"><path id="a" fill="url(#b)" d="M0 0"/><use href="#a"/></svg>'
    assert logo_refusals(svg) == []
