"""A provider's statement against the books, movement by movement: a swap of two amounts leaves every total as it was,
and is found all the same. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from parvis.contract.payments import Row
from parvis.payments.money import Cents

Sort: TypeAlias = Literal["missing-here", "missing-there", "amount", "twice", "waiting"]
Key: TypeAlias = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """A movement (its kind and reference) on which the two sides differ; None where a side does not have it."""

    sort: Sort
    kind: str
    ref: str
    ours: Cents | None
    theirs: Cents | None


def compare(theirs: Iterable[Row], ours: Iterable[Row]) -> list[Difference]:
    """Every difference, in the order of kinds and references; none when the two sides agree to the cent.

    >>> from parvis.contract.payments import RowKind
    >>> compare([Row(RowKind.CAPTURE, "a", 5)], [])
    [Difference(sort='missing-here', kind='capture', ref='a', ours=None, theirs=5)]
    """
    there: dict[Key, Cents] = {}
    twice: dict[Key, Cents] = {}
    for row in theirs:
        key = (row.kind.value, row.ref)
        if key in there:
            twice[key] = twice.get(key, there[key]) + row.cents
        else:
            there[key] = row.cents
    here = {(row.kind.value, row.ref): row.cents for row in ours}
    found = [Difference("twice", *key, here.get(key), total) for key, total in twice.items()]
    found += (Difference("missing-here", *key, None, there[key]) for key in there.keys() - here.keys())
    found += (Difference("missing-there", *key, here[key], None) for key in here.keys() - there.keys())
    both = here.keys() & there.keys() - twice.keys()
    found += (Difference("amount", *key, here[key], there[key]) for key in both if here[key] != there[key])
    return sorted(found, key=lambda one: (one.kind, one.ref, one.sort))
