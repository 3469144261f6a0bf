"""What fits into one SMS: 160 signs of the GSM alphabet, or 70 where a sign is outside of it (3GPP TS 23.038)."""

from __future__ import annotations

import unicodedata

from parvis.web.formats import CUT_FROM, CUT_TO

ONE_GSM, ONE_UCS2 = 160, 70
_PART_GSM, _PART_UCS2 = 153, 67
_LEAST = 10
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("\f^{}\\[~]|€")
_PLAIN = str.maketrans(
    {
        "’": "'",
        "‘": "'",
        "“": '"',
        "”": '"',
        "«": '"',
        "»": '"',
        "„": '"',
        "–": "-",
        "—": "-",
        "…": "...",
        "·": "-",
        "œ": "oe",
        "Œ": "OE",
        "ÿ": "y",
        "\u00a0": " ",
        "\u202f": " ",
        "\t": " ",
    }
)


def tidy(text: str) -> str:
    """The text with signs of print and accents that the GSM alphabet lacks written as near as it can.

    >>> tidy("Fête de l’Œuvre\\u00a0: ça coûte 3 €, été compris")
    "Fete de l'OEuvre : ca coute 3 €, été compris"
    """
    written = unicodedata.normalize("NFC", text.translate(_PLAIN))
    return " ".join("".join(sign if _in_gsm(sign) else _bare(sign) for sign in written).split())


def units(text: str) -> int:
    """How many of a segment's places the text takes; ^ { } \\ [ ] ~ | and € take two each.

    >>> units("3 €"), units("Noël"), units("Zoé")
    (4, 4, 3)
    """
    if all(_in_gsm(sign) for sign in text):
        return len(text) + sum(sign in _EXTENDED for sign in text)
    return len(text.encode("utf-16-be")) // 2


def segments(text: str) -> int:
    """How many SMS it is sent and paid as.

    >>> segments("a" * 160), segments("a" * 161), segments("€" * 80), segments("ê" * 71)
    (1, 2, 1, 2)
    """
    one, part = (ONE_GSM, _PART_GSM) if all(map(_in_gsm, text)) else (ONE_UCS2, _PART_UCS2)
    taken = units(text)
    return 1 if taken <= one else -(-taken // part)


def fit(text: str) -> str:
    """The text with its cuttable part shortened as far as one SMS needs, to ten signs at the least.

    >>> fit("Booked: " + "a" * 137 + ", " + CUT_FROM + "Mairie de Bourgneuf" + CUT_TO + ".")[-16:]
    'a, Mairie de Bo.'
    """
    before, _, rest = text.partition(CUT_FROM)
    part, _, after = rest.partition(CUT_TO)
    cut = part
    while segments(before + cut + after) > 1 and len(cut) > _LEAST:
        part = part[:-1].rstrip()
        # What is cut ends in a full stop, as abbreviations do; but never in two.
        cut = part if after.startswith(".") else f"{part}."
    return before + cut + after


def _in_gsm(sign: str) -> bool:
    return sign in _BASIC or sign in _EXTENDED


def _bare(sign: str) -> str:
    plain = "".join(one for one in unicodedata.normalize("NFKD", sign) if not unicodedata.combining(one))
    return plain if plain and all(map(_in_gsm, plain)) else sign
