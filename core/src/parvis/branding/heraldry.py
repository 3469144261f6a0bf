"""Invented arms for the demo: a shield with a town's initials, always the same for the same slug. No I/O.

They are nobody's coat of arms: real ones belong to their towns, which put their own logo in their place.
"""

from __future__ import annotations

import hashlib
import re
from html import escape

# Hues that stay apart from each other and from errors' red; each is corrected for contrast like any other.
PORTAL_GREEN = "#15594a"
COLOURS = (
    "#7d3c98", "#1d4f91", "#7a2e52", "#8a4b12", "#3d5a1e", "#5b3a8c",
    "#0f5f74", "#4b4a9c", "#2f4858", "#6b5410", "#22577a", "#73385f",
)  # fmt: skip
_METALS = ("#f7efe0", "#f2dfae", "#e9eef0")
_PARTITIONS = (
    "M0 0h30v72H0z",
    "M0 0h60v24H0z",
    "M0 0h60L0 60z",
    "M0 48 30 26l30 22v24H0z",
    "M22 0h16v72H22z",
    "M0 30h60v16H0z",
    "M0 0h20v72H0zM40 0h20v72H40z",
    "M0 20 60 56v16L0 36z",
)
_CHARGES = (
    "M30 8l2.6 5.4 6 .8-4.4 4.1 1.1 5.9-5.3-2.9-5.3 2.9 1.1-5.9-4.4-4.1 6-.8z",
    "M30 8a8 8 0 1 0 .01 0zM30 12a4 4 0 1 1-.01 0z",
    "M22 22v-9l4 3 4-7 4 7 4-3v9z",
    "M22 23v-6l-2-3 5 1 2-5 3 3 3-3 2 5 5-1-2 3v6z",
    "M30 7c6 5 8 9 8 12a8 8 0 0 1-16 0c0-3 2-7 8-12z",
    "M23 23V11h4v3h6v-3h4v12z",
)
_SHIELD = "M3 3h54v34c0 16-11 26-27 32C14 63 3 53 3 37z"
_INNER = "M6 6h48v31c0 14-9.5 22.5-24 28C15.5 59.5 6 51 6 37z"
_SMALL = frozenset({"commune", "le", "la", "les", "de", "du", "des", "sur", "ville", "d", "l"})


def colour_of(slug: str) -> str:
    """The invented colour of an emitter.

    >>> colour_of("illzach") == colour_of("illzach")
    True
    """
    return COLOURS[_figures(slug)[0] % len(COLOURS)]


def arms(slug: str, name: str, colour: str | None = None) -> str:
    """An SVG of invented arms: field (unless `colour`), partition, charge and initials chosen by the slug."""
    figures = _figures(slug)
    field = colour or colour_of(slug)
    metal = _METALS[figures[1] % len(_METALS)]
    partition = _PARTITIONS[figures[2] % len(_PARTITIONS)]
    charge = _CHARGES[figures[3] % len(_CHARGES)]
    letters = initials(name)
    size = 24 if len(letters) == 1 else 19
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 72" role="img">'
        f"<title>{escape(name)} (blason inventé)</title>"
        f'<clipPath id="s"><path d="{_SHIELD}"/></clipPath>'
        f'<g clip-path="url(#s)"><path fill="{field}" d="M0 0h60v72H0z"/>'
        f'<path fill="{metal}" fill-opacity=".16" d="{partition}"/></g>'
        f'<path fill="{metal}" fill-rule="evenodd" d="{charge}"/>'
        f'<text x="30" y="47" font-family="Georgia,serif" font-weight="700" font-size="{size}" '
        f'text-anchor="middle" fill="{metal}">{escape(letters)}</text>'
        f'<path fill="none" stroke="{metal}" stroke-width="1.5" d="{_INNER}"/>'
        f'<path fill="none" stroke="{field}" stroke-width="2" d="{_SHIELD}"/></svg>'
    )


def initials(name: str) -> str:
    """One or two letters that stand for a name.

    >>> initials("Illzach"), initials("Bruebach"), initials("Mulhouse Alsace Agglomération"), initials("Le Pool")
    ('I', 'B', 'MA', 'P')
    """
    words = [word for word in re.split(r"[\s'’-]+", name) if word and word.lower() not in _SMALL]
    return "".join(word[0].upper() for word in words[:2]) or name[:1].upper()


def _figures(slug: str) -> bytes:
    return hashlib.sha256(f"arms:{slug}".encode()).digest()
