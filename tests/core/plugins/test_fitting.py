from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
import pytest

from parvis.contract.values import Book, Demo, Fault, Kind
from parvis.errors import Text
from parvis.plugins.fitting import misfits


class Card(msgspec.Struct):
    pass


@dataclass(frozen=True)
class Shelf:
    name: str
    books: tuple[str, ...] = ()
    size: int | None = None


async def one(emitter: UUID) -> int:
    return 0


async def two(emitter: UUID, other: int) -> int:
    return 0


def plain(emitter: UUID) -> int:
    return 0


class Counting:
    async def __call__(self, emitter: UUID) -> int:
        return 0


Count = Callable[[UUID], Awaitable[int]]
FITS = [
    (1, int),
    (None, int | None),
    (("a", "b"), tuple[str, ...]),
    ((), tuple[str, ...]),
    (("a", 1), tuple[str, int]),
    (frozenset({"a"}), frozenset[str]),
    ({"a": 1}, Mapping[str, Any]),
    (Card, type[msgspec.Struct]),
    (None, type[msgspec.Struct] | None),
    (one, Count),
    (partial(two, other=1), Count),
    (Counting(), Count),
    (one, Book),
    (Shelf("a", ("b",), 3), Shelf),
    (Kind(key="a", name=Text("A"), first=1, further=0), Kind),
    (Demo(faults=(Fault("smtp", Text("Down"), Text("Mails wait.")),)), Demo | None),
]
MISFITS = [
    (True, int, "x must be int, and is bool"),
    ("1", int | None, "x must be int, and is str"),
    (None, int, "x must be int, and is None"),
    (["a"], tuple[str, ...], "x must be a tuple, and is list"),
    (("a", 1), tuple[str, ...], "x[1] must be str, and is int"),
    (("a",), tuple[str, int], "x must have 2 parts"),
    ({"a"}, frozenset[str], "x must be a frozenset, and is set"),
    (Card(), type[msgspec.Struct], "x must be a class derived from Struct, and is Card"),
    (Shelf, type[msgspec.Struct] | None, "x must be a class derived from Struct, and is the class Shelf"),
    ("one", Count, "x must be a function, and is str"),
    (plain, Count, "x must be asynchronous: write async def plain"),
    (two, Count, "x is called with 1 argument, but two(): missing a required argument: 'other'"),
    (two, Book, "x is called with 1 argument, but two(): missing a required argument: 'other'"),
    (
        one,
        Callable[[], Awaitable[None]],
        "x is called with no arguments, but one(): missing a required argument: 'emitter'",
    ),
    (Shelf("a", ("b",), "large"), Shelf, "x.size must be int, and is str"),
    (Shelf("a", (3,)), Shelf, "x.books[0] must be str, and is int"),
    (
        Demo(faults=(Fault("smtp", "Down", Text("Mails wait.")),)),
        Demo | None,
        "x.faults[0].name must be Text, and is str",
    ),
]


@pytest.mark.parametrize(("value", "hint"), FITS)
def test_what_fits(value, hint):
    assert list(misfits(value, hint, "x")) == []


@pytest.mark.parametrize(("value", "hint", "told"), MISFITS)
def test_what_does_not_fit_is_told_by_its_place(value, hint, told):
    assert list(misfits(value, hint, "x")) == [told]
