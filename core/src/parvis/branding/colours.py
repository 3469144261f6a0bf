"""Colours measured by WCAG 2.2's formula, and the nearest shade that can be read. No I/O."""

from __future__ import annotations

import re
from collections.abc import Sequence
from colorsys import hls_to_rgb, rgb_to_hls

READABLE = 4.5
STEPS = 256
_Channels = tuple[float, float, float]


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
    for step in range(STEPS):
        candidate = shade(colour, towards, step / (STEPS - 1))
        if all(contrast(candidate, ground) >= ratio for ground in on):
            return candidate
    return towards


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


def shade(colour: str, towards: str, part: float) -> str:
    """`colour` darker or lighter in its own hue, which mixing with black or white would wash out.

    `part` (0 to 1) is how far its lightness goes to that of `towards`.
    """
    hue, lightness, saturation = rgb_to_hls(*_channels(colour))
    reached = lightness + (_channels(towards)[0] - lightness) * part
    return "#" + "".join(f"{round(c * 255):02x}" for c in hls_to_rgb(hue, reached, saturation))


def tint(soft: str, surface: str, texts: Sequence[str]) -> str:
    """The nearest tint on the way to `surface` on which each of `texts` can be read; at last `surface` itself."""
    for step in range(STEPS):
        candidate = mix(soft, surface, step / (STEPS - 1))
        if all(contrast(text, candidate) >= READABLE for text in texts):
            return candidate
    return surface


def _luminance(channels: _Channels) -> float:
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _channels(colour: str) -> _Channels:
    return int(colour[1:3], 16) / 255, int(colour[3:5], 16) / 255, int(colour[5:7], 16) / 255
