import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis import web
from parvis.branding.colours import READABLE, STEPS, contrast, mix, read_colour, readable, shade
from parvis.branding.heraldry import COLOURS
from parvis.branding.rules import ACCENT_USES, DARK, GROUNDS, LIGHT, USES, Ground, mail_colour, pairs, palette

colours = st.integers(0, 0xFFFFFF).map(lambda n: f"#{n:06x}")
SHEET = (Path(str(web.__file__)).parent / "static" / "site.css").read_text()


@given(colours, colours, colours)
def test_every_pair_of_a_palette_can_be_read(colour: str, accent: str, mail: str) -> None:
    measured = list(pairs(palette(colour, accent), mail))
    assert len(measured) == 2 * len(USES + ACCENT_USES) + 1
    assert [(pair.use.msgid, pair.dark, pair.worn) for pair in measured if pair.ratio < READABLE] == []


@given(colours)
def test_what_can_be_read_as_asked_for_is_worn_so(colour: str) -> None:
    made = palette(colour)
    grounds = _grounds(LIGHT, made.light)
    fits = all(contrast(colour, ground) >= READABLE for ground in grounds)
    assert (made.light["brand"] == colour) == fits
    assert fits or any(pair.corrected for pair in pairs(made, "#000000") if not pair.dark)


@given(colours, st.sampled_from([LIGHT, DARK]))
def test_a_correction_is_the_nearest_that_passes(colour: str, ground: Ground) -> None:
    """No shade of the colour, darker or lighter, can be read that is nearer to it."""
    made = palette(colour)
    tokens = made.dark if ground.dark else made.light
    grounds = _grounds(ground, tokens)
    towards, away = ("#ffffff", "#000000") if ground.dark else ("#000000", "#ffffff")
    there = [shade(colour, towards, step / (STEPS - 1)) for step in range(STEPS)]
    nearer = there[: there.index(tokens["brand"])]
    other_way = [shade(colour, away, step / (STEPS - 1)) for step in range(1, STEPS)]
    passing = [one for one in nearer + other_way if all(contrast(one, on) >= READABLE for on in grounds)]
    assert [one for one in passing if _way(one, colour) < _way(tokens["brand"], colour)] == []


def _grounds(ground: Ground, tokens: Mapping[str, str]) -> list[str]:
    return [{**ground.colours, **tokens}[name] for name in GROUNDS]


def _way(one: str, other: str) -> float:
    """How far two shades of a hue are from each other in lightness."""
    return abs(sum(_extremes(one)) - sum(_extremes(other)))


def _extremes(colour: str) -> tuple[int, int]:
    channels = [int(colour[n : n + 2], 16) for n in (1, 3, 5)]
    return min(channels), max(channels)


def test_mails_carry_white_words() -> None:
    assert mail_colour("#15594a") == "#15594a"
    assert contrast(mail_colour("#ffee00"), "#ffffff") >= READABLE


def test_every_pair_that_the_stylesheet_writes_is_measured() -> None:
    measured = {(front, back) for front, back, _ in USES + ACCENT_USES}
    assert [pair for pair in _written(SHEET) if pair not in measured] == []
    assert ("brand-ink", "brand") in set(_written(SHEET))


def _written(sheet: str) -> Iterator[tuple[str, str]]:
    """The pairs of tokens that one rule writes in and on, where one of them is an emitter's."""
    for rule in re.findall(r"\{([^{}]*)\}", sheet):
        front = re.search(r"(?:^|;)\s*color: var\(--([\w-]+)\)", rule)
        back = re.search(r"background: var\(--([\w-]+)\)", rule)
        if front and back and re.match("brand|stone", front[1] + " " + back[1]):
            yield front[1], back[1]


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
    assert palette(colour).light["brand"] == colour


def test_a_pale_colour_gives_way_and_says_so() -> None:
    [link] = [pair for pair in pairs(palette("#ffcc00"), "#000000") if pair.use == USES[1][2] and not pair.dark]
    assert link.corrected
    assert (link.asked, round(link.asked_ratio, 2)) == (("#ffcc00", "#ffffff"), 1.51)


def test_mixing_ends_at_both_ends() -> None:
    assert mix("#102030", "#ffffff", 0) == "#102030"
    assert mix("#102030", "#ffffff", 1) == "#ffffff"


@pytest.mark.parametrize("typed", ["", "green", "#12345", "#1234567", "rgb(0,0,0)", "#12345g", "#١٢٣٤٥٦"])
def test_what_is_no_colour(typed: str) -> None:
    assert read_colour(typed) is None


def test_the_grounds_are_those_of_the_stylesheet() -> None:
    light, dark = SHEET.split("prefers-color-scheme: dark", 1)
    for ground, part in ((LIGHT, light), (DARK, dark)):
        assert _ground(part, ground.dark) == ground


def test_a_stylesheet_holds_both_schemes_and_an_accent_only_where_there_is_one() -> None:
    plain, accented = palette("#15594a").stylesheet(titles="Lora"), palette("#15594a", "#883311").stylesheet()
    assert "--brand:#15594a" in plain
    assert "--titles:Lora" in plain
    assert plain.count("--brand-ink:") == 2
    assert "prefers-color-scheme:dark" in plain
    assert ("--stone" in plain, accented.count("--stone-soft:")) == (False, 2)


def _ground(part: str, dark: bool) -> Ground:
    found = {name: re.search(rf"--{name}: (#[0-9a-f]+)", part) for name in LIGHT.colours}
    return Ground(**{name.replace("-", "_"): match[1] for name, match in found.items() if match}, dark=dark)
