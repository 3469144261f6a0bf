"""Palettes everyone can read: contrast measured by WCAG 2.2's formula and corrected before a palette counts. No I/O."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from colorsys import hls_to_rgb, rgb_to_hls
from dataclasses import dataclass

READABLE = 4.5
_STEPS = 256
_Channels = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Ground:
    """What a palette stands on: the stylesheet's own colours in one scheme, from `web/static/site.css`."""

    paper: str
    surface: str
    ink: str
    ink_soft: str
    dark: bool


LIGHT = Ground(paper="#faf7f2", surface="#ffffff", ink="#1c2b29", ink_soft="#4e5e5b", dark=False)
DARK = Ground(paper="#111716", surface="#19211f", ink="#e8eeeb", ink_soft="#a9b7b2", dark=True)


@dataclass(frozen=True, slots=True)
class Palette:
    """The tokens of both schemes, and whether the colour asked for had to give way to be readable."""

    asked: str
    light: Mapping[str, str]
    dark: Mapping[str, str]

    @property
    def corrected(self) -> bool:
        """Whether the light scheme's main colour is another than the one asked for."""
        return self.light["brand"] != self.asked

    def stylesheet(self) -> str:
        """The token file: custom properties that the platform's stylesheet reads."""
        return (
            f":root{{{_declarations(self.light)}}}\n"
            f"@media (prefers-color-scheme:dark){{:root{{{_declarations(self.dark)}}}}}\n"
        )


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, 1 to 21 (WCAG 2.2, "contrast ratio").

    >>> round(contrast("#000000", "#ffffff"), 1), round(contrast("#767676", "#ffffff"), 2)
    (21.0, 4.54)
    """
    darker, lighter = sorted((_luminance(_channels(one)), _luminance(_channels(other))))
    return (lighter + 0.05) / (darker + 0.05)


def readable(colour: str, on: Sequence[str], towards: str, ratio: float = READABLE) -> str:
    """The nearest shade on the way to `towards`, black or white, that has the ratio on each of `on`.

    >>> readable("#ffcc00", ["#ffffff"], "#000000")
    '#907300'
    """
    for step in range(_STEPS):
        candidate = _shade(colour, towards, step / (_STEPS - 1))
        if all(contrast(candidate, ground) >= ratio for ground in on):
            return candidate
    return towards


def palette(colour: str) -> Palette:
    """The tokens made from one colour. Raises ValueError for anything but `#rrggbb`."""
    asked = read_colour(colour)
    if asked is None:
        raise ValueError(f"{colour!r} is not a colour")
    return Palette(asked, _scheme(asked, LIGHT), _scheme(asked, DARK))


def read_colour(typed: str) -> str | None:
    """A colour as typed, in six small figures, or None.

    >>> read_colour("#1A5"), read_colour(" 0E4438 "), read_colour("green")
    ('#11aa55', '#0e4438', None)
    """
    found = re.fullmatch(r"\s*#?([0-9a-f]{6}|[0-9a-f]{3})\s*", typed.lower())
    if not found:
        return None
    figures = found[1]
    return "#" + ("".join(figure * 2 for figure in figures) if len(figures) == 3 else figures)


def mix(one: str, other: str, part: float) -> str:
    """`one` with `part` (0 to 1) of `other`, in sRGB."""
    pairs = zip(_channels(one), _channels(other), strict=True)
    return "#" + "".join(f"{round((a + (b - a) * part) * 255):02x}" for a, b in pairs)


def _scheme(asked: str, ground: Ground) -> dict[str, str]:
    towards, away = ("#ffffff", "#000000") if ground.dark else ("#000000", "#ffffff")
    soft = mix(asked, ground.surface, 0.86 if ground.dark else 0.9)
    # What is written on the tint keeps its own ratio: the tint gives way, never the text.
    soft = _tint(soft, ground, (ground.ink, ground.ink_soft))
    brand = readable(asked, [ground.paper, ground.surface, soft], towards)
    return {
        "brand": brand,
        "brand-strong": mix(brand, towards, 0.25),
        # Readable on the surface, so its opposite is readable on it.
        "brand-ink": away,
        "brand-soft": soft,
        "brand-line": mix(brand, ground.surface, 0.65),
    }


def _shade(colour: str, towards: str, part: float) -> str:
    """`colour` darker or lighter in its own hue, which mixing with black or white would wash out."""
    hue, lightness, saturation = rgb_to_hls(*_channels(colour))
    reached = lightness + (_channels(towards)[0] - lightness) * part
    return "#" + "".join(f"{round(c * 255):02x}" for c in hls_to_rgb(hue, reached, saturation))


def _tint(soft: str, ground: Ground, texts: Sequence[str]) -> str:
    for step in range(_STEPS):
        candidate = mix(soft, ground.surface, step / (_STEPS - 1))
        if all(contrast(text, candidate) >= READABLE for text in texts):
            return candidate
    return ground.surface


def _luminance(channels: _Channels) -> float:
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _channels(colour: str) -> _Channels:
    return int(colour[1:3], 16) / 255, int(colour[3:5], 16) / 255, int(colour[5:7], 16) / 255


def _declarations(tokens: Mapping[str, str]) -> str:
    return ";".join(f"--{name}:{value}" for name, value in tokens.items())
