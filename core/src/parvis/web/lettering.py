"""The letters papers are drawn with: one font that has those of all of Europe, Arabic and Hebrew, and is embedded."""

from __future__ import annotations

import unicodedata
from functools import cache
from pathlib import Path

from reportlab.pdfbase.pdfmetrics import registerFont
from reportlab.pdfbase.ttfonts import TTFont

from parvis.web.bidi import visual

PLAIN, BOLD = "parvis", "parvis-bold"
_FILES = {PLAIN: "DejaVuSansCondensed.ttf", BOLD: "DejaVuSansCondensed-Bold.ttf"}
_FOLDER = Path(__file__).parent / "fonts"


@cache
def shapes() -> frozenset[int]:
    """The signs that the font has a shape for, plain and bold; from then on it is known by its two names."""
    fonts = [TTFont(name, _FOLDER / file) for name, file in _FILES.items()]
    for font in fonts:
        registerFont(font)
    return frozenset.intersection(*(frozenset(font.face.charToGlyph) for font in fonts))


def drawn(text: str) -> str:
    """The text as it is drawn; a sign without a shape becomes a question mark."""
    return "".join(sign if _has_shape(sign) else "?" for sign in visual(_composed(text)))


def is_drawn_whole(text: str) -> bool:
    """Whether nothing of it becomes a question mark."""
    return all(map(_has_shape, visual(_composed(text))))


def _has_shape(sign: str) -> bool:
    return sign == "\n" or ord(sign) in shapes()


def _composed(text: str) -> str:
    """Letters with their accents in one, and spaces of one width."""
    composed = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\t", " ")
    return composed.replace("\u202f", "\u00a0")
