"""Names folded for sorting and searching, computed here because no collation can be counted on."""

from __future__ import annotations

import re
import unicodedata

_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d"})


def fold(text: str) -> str:
    """Lower case, no accents, one space between words.

    >>> fold("  Saint-Étienne-l’Œuvre  STRAẞE ")
    'saint etienne l oeuvre strasse'
    """
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LIGATURES))
    bare = "".join(sign for sign in plain if not unicodedata.combining(sign))
    return " ".join(re.findall(r"\w+", bare))
