"""Names as they are heard on the telephone: what of a name is kept to find it again, and how well a name fits. Pure.

A word is kept whole, with each single letter left out (two words that lose a letter to the same rest differ by one
typing error), by its beginnings, and by its sound (Cologne phonetics, as Alsatian names are spelt in many ways).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from cologne_phonetics import encode
from rapidfuzz.distance import DamerauLevenshtein

from parvis.db.names import fold

LEAST_SIGNS = 2
_BEGINNINGS = (3, 4, 5)
_MISSPELT = 4
_LONG = 6
_WORDS = 6


def kept(names: Iterable[str]) -> set[str]:
    """What is kept of names, to be found by.

    >>> sorted(kept(["Léa Roth"]))
    ['=lea', '=oth', '=roh', '=rot', '=roth', '=rth', '^lea', '^rot', '^roth', '~72']
    """
    return {
        token
        for name in names
        for word in words(name)
        for token in (*_rests(word), *_beginnings(word), _sound(word))
        if token
    }


def wanted(word: str) -> set[str]:
    """What one typed word (folded) is looked for by: any of these finds it."""
    found = {*_rests(word), _sound(word)}
    if len(word) >= _BEGINNINGS[0]:
        found.add(f"^{word[: _BEGINNINGS[-1]]}")
    return found - {""}


def whole(word: str) -> str:
    """What finds a word (folded) as it stands, and few that it is one typing error away from."""
    return f"={word}"


def words(typed: str) -> list[str]:
    """The words of a name or a search, folded; those of one sign and any beyond six are left out.

    >>> words("  MÜLLER-Roth, L. ")
    ['muller', 'roth']
    """
    return [word for word in fold(typed).split() if len(word) >= LEAST_SIGNS][:_WORDS]


def fits(typed: Iterable[str], names: Iterable[str]) -> int:
    """How well names fit the typed words, 0 if one of these is in none of them: exact, begun, misspelt, by sound.

    >>> fits(["meier"], ["Zoé Meyer"]) > fits(["muler"], ["Zoé Meyer"]) == 0
    True
    """
    there = {word for name in names for word in words(name)}
    points = [max((_points(word, other) for other in there), default=0) for word in typed]
    return min(points, default=0) and sum(points)


def _points(typed: str, word: str) -> int:
    if typed == word:
        return 8
    if len(typed) >= _BEGINNINGS[0] and word.startswith(typed):
        return 6
    errors = 0 if len(typed) < _MISSPELT else 1 if len(typed) < _LONG else 2
    if errors and (off := DamerauLevenshtein.distance(typed, word, score_cutoff=errors)) <= errors:
        return 5 - off
    return 2 if _sound(typed) and _sound(typed) == _sound(word) else 0


def _rests(word: str) -> Iterator[str]:
    yield whole(word)
    if len(word) >= _MISSPELT:
        for at in range(len(word)):
            yield f"={word[:at]}{word[at + 1 :]}"


def _beginnings(word: str) -> Iterator[str]:
    yield from (f"^{word[:length]}" for length in _BEGINNINGS if length <= len(word))


@lru_cache(maxsize=4096)
def _sound(word: str) -> str:
    """How a word sounds; empty for one too short to be told apart by it."""
    code = encode(word)[0][1] if len(word) >= _MISSPELT else ""
    return f"~{code}" if len(code) > 1 else ""
