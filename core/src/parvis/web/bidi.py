"""Arabic and Hebrew as they stand on paper: letters in the shape they have beside one another, from right to left.

For what draws one sign after the other, as `papers` does. Which shapes there are is in Unicode's own table.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

_TATWEEL = "\u0640"
_RIGHT = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
_MARKS = "\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06dc"
_FIGURES = "0-9\u0660-\u0669\u06f0-\u06f9"
_BRACKETS = r"()\[\]{}«»"
_WITHIN = rf"[{_RIGHT}]|[0-9]|[^\w\n{_BRACKETS}]"
_PAIR = rf"[(\[{{«](?:{_WITHIN})*[)\]}}»]"
# From its first letter to its last one or the bracket after it, over figures and signs of no direction, on one line.
_RUN = re.compile(rf"[{_RIGHT}](?:(?:{_PAIR}|{_WITHIN})*(?:[{_RIGHT}]|{_PAIR}))?")
_CLUSTER = re.compile(rf"[{_FIGURES}]+(?:[.,:/-][{_FIGURES}]+)*|.[{_MARKS}]*", re.DOTALL)
_MIRRORED = str.maketrans("()[]{}<>«»", ")(][}{><»«")
_Forms = Mapping[str, Mapping[str, str]]


def visual(text: str) -> str:
    """The text in the order in which it is drawn, from left to right, with the shapes of joined letters.

    >>> visual("שלום 12"), [f"{ord(sign):x}" for sign in visual("بيت")]
    ('םולש 12', ['fe96', 'fef4', 'fe91'])
    """
    return _RUN.sub(lambda run: _reversed(_joined(run[0])), text)


def _reversed(run: str) -> str:
    return "".join(cluster.translate(_MIRRORED) for cluster in reversed(_CLUSTER.findall(run)))


def _joined(run: str) -> str:
    for pair, ligature in _LIGATURES.items():
        run = run.replace(pair, ligature)
    signs = list(run)
    letters = [n for n, sign in enumerate(run) if not unicodedata.combining(sign)]
    for before, n, after in zip([None, *letters], letters, [*letters[1:], None], strict=False):
        follows = before is not None and _reaches(run[before]) and _is_reached(run[n])
        leads = after is not None and _reaches(run[n]) and _is_reached(run[after])
        signs[n] = _FORMS.get(run[n], {}).get(_NAMES[follows, leads], run[n])
    return "".join(signs)


def _reaches(letter: str) -> bool:
    """Whether a letter joins the next one; all join the one before that have a final shape."""
    return letter == _TATWEEL or "initial" in _FORMS.get(letter, {})


def _is_reached(letter: str) -> bool:
    return letter == _TATWEEL or "final" in _FORMS.get(letter, {})


_NAMES = {(False, False): "isolated", (True, False): "final", (False, True): "initial", (True, True): "medial"}


def _shapes() -> Iterator[tuple[str, str, str]]:
    """Each shape of a letter, or of the two that are written as one: of which, which one, and the sign for it."""
    for sign in map(chr, (*range(0xFB50, 0xFBC2), *range(0xFBD3, 0xFC00), *range(0xFE80, 0xFEFD))):
        name, *parts = unicodedata.decomposition(sign).split() or [""]
        if len(parts) == 1 or sign >= "\ufef5":
            yield "".join(chr(int(part, 16)) for part in parts), name.strip("<>"), sign


def _tables() -> tuple[_Forms, Mapping[str, str]]:
    forms: dict[str, dict[str, str]] = {}
    for letters, name, sign in _shapes():
        forms.setdefault(letters, {})[name] = sign
    ligatures = {letters: shapes["isolated"] for letters, shapes in forms.items() if len(letters) == 2}
    return {ligatures.get(letters, letters): shapes for letters, shapes in forms.items()}, ligatures


_FORMS, _LIGATURES = _tables()
