import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis import web
from parvis.branding.heraldry import COLOURS
from parvis.branding.rules import DARK, LIGHT, READABLE, Ground, contrast, mix, palette, read_colour, readable

colours = st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06x}")


@given(colours)
def test_everything_written_with_a_palette_can_be_read(colour: str) -> None:
    made = palette(colour)
    for ground, tokens in ((LIGHT, made.light), (DARK, made.dark)):
        soft, brand, strong = tokens["brand-soft"], tokens["brand"], tokens["brand-strong"]
        written = [
            *((brand, on) for on in (ground.paper, ground.surface, soft)),
            *((strong, on) for on in (ground.paper, ground.surface, soft)),
            *((tokens["brand-ink"], on) for on in (brand, strong)),
            *((ink, soft) for ink in (ground.ink, ground.ink_soft)),
        ]
        for text, on in written:
            assert contrast(text, on) >= READABLE, (colour, ground.dark, text, on)


@given(colours, colours)
def test_contrast_has_no_order_and_stays_between_1_and_21(one: str, other: str) -> None:
    assert contrast(one, other) == contrast(other, one)
    assert 1 <= contrast(one, other) <= 21.0001


@given(colours)
def test_a_colour_that_is_readable_is_left_alone(colour: str) -> None:
    if contrast(colour, "#ffffff") >= READABLE:
        assert readable(colour, ["#ffffff"], "#000000") == colour


def test_the_known_values_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.478, abs=0.001)


@pytest.mark.parametrize("colour", COLOURS)
def test_the_invented_colours_need_no_correction(colour: str) -> None:
    assert not palette(colour).corrected


def test_a_pale_colour_gives_way_and_says_so() -> None:
    made = palette("#ffcc00")
    assert made.corrected
    assert made.asked == "#ffcc00"


def test_mixing_ends_at_both_ends() -> None:
    assert mix("#102030", "#ffffff", 0) == "#102030"
    assert mix("#102030", "#ffffff", 1) == "#ffffff"


@pytest.mark.parametrize("typed", ["", "green", "#12345", "#1234567", "rgb(0,0,0)", "#12345g", "#١٢٣٤٥٦"])
def test_what_is_no_colour(typed: str) -> None:
    assert read_colour(typed) is None


def test_the_grounds_are_those_of_the_stylesheet() -> None:
    sheet = (Path(str(web.__file__)).parent / "static" / "site.css").read_text()
    light, dark = sheet.split("prefers-color-scheme: dark", 1)
    for ground, part in ((LIGHT, light), (DARK, dark)):
        assert _ground(part, ground.dark) == ground


def test_a_stylesheet_holds_both_schemes() -> None:
    sheet = palette("#15594a").stylesheet()
    assert "--brand:#15594a" in sheet
    assert sheet.count("--brand-ink:") == 2
    assert "prefers-color-scheme:dark" in sheet


def _ground(part: str, dark: bool) -> Ground:
    found = {name: re.search(rf"--{name}: (#[0-9a-f]+)", part) for name in ("paper", "surface", "ink", "ink-soft")}
    return Ground(**{name.replace("-", "_"): match[1] for name, match in found.items() if match}, dark=dark)
