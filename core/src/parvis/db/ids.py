"""Identifiers: UUIDv7 for programs, a short reference with a check character for people."""

from __future__ import annotations

import secrets
from uuid import UUID

from uuid_utils.compat import uuid7

from parvis.errors import Invalid, Refusal, Text

# 31 signs, a prime: the weighted sum finds every single error and every swap of neighbours. No 0, 1, I, L, O.
_SIGNS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_LENGTH = 7


class InvalidReference(Invalid):
    """A reference with a sign too many, too few, or mistyped."""

    code = "reference-invalid"


def new_id() -> UUID:
    """A UUIDv7: unique, and sorted by when it was made."""
    return UUID(int=uuid7().int)


def new_reference() -> str:
    """A reference as kept in the database: seven random signs and their check, e.g. `K7M29QXP`."""
    signs = new_word(_LENGTH)
    return signs + _check(signs)


def new_word(length: int) -> str:
    """So many random signs that people read and type without taking one for another; ten have 49 bits."""
    return "".join(secrets.choice(_SIGNS) for _ in range(length))


def read_reference(typed: str) -> str:
    """What a person typed, tidied. Raises InvalidReference.

    >>> read_reference(" 2222-222" + _check("2222222").lower())
    '22222222'
    """
    tidy = "".join(sign for sign in typed.upper() if sign.isalnum())
    known = len(tidy) == _LENGTH + 1 and all(sign in _SIGNS for sign in tidy)
    if not known or _check(tidy[:-1]) != tidy[-1]:
        text = Text("A reference has 8 letters or figures. Please check it on your mail or your slip.")
        raise InvalidReference(Refusal("reference-invalid", text, "reference"))
    return tidy


def _check(signs: str) -> str:
    total = sum(weight * _SIGNS.index(sign) for weight, sign in enumerate(signs, start=2))
    return _SIGNS[-total % len(_SIGNS)]
