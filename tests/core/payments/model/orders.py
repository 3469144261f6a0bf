"""Every order in which a payment's steps can come, with one of them repeated, late, unheard or cut short.

A step that is lost is one that an order does not have.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations, permutations
from typing import NamedTuple

STEPS = ("open", "pay", "notify", "come_back", "expire", "cancel", "refund")
DISTURBANCES = ("repeated", "late", "unheard", "crashed")


class Order(NamedTuple):
    """Steps in their order; the one at `where` is disturbed in a way, `""` for none."""

    steps: tuple[str, ...]
    where: int = 0
    how: str = ""

    def __str__(self) -> str:
        return " ".join(
            f"{step}({self.how})" if self.how and n == self.where else step for n, step in enumerate(self.steps)
        )


def orders() -> Iterator[Order]:
    """All of them, each once."""
    for steps in sequences():
        yield Order(steps)
        for where in range(len(steps)):
            yield from (Order(steps, where, how) for how in DISTURBANCES)


def sequences() -> list[tuple[str, ...]]:
    """Every order of every choice of the steps, without those that come before there is anything for them to do.

    >>> ("open", "pay", "notify") in sequences(), ("pay", "open", "notify") in sequences()
    (True, False)
    """
    some = (chosen for size in range(1, len(STEPS) + 1) for chosen in combinations(STEPS, size))
    return sorted(order for chosen in some for order in permutations(chosen) if _meaningful(order))


def _meaningful(order: tuple[str, ...]) -> bool:
    at = {step: n for n, step in enumerate(order)}
    opened, paid = at.get("open", 99), at.get("pay", 99)
    looked = min([99, *(at[step] for step in ("notify", "come_back", "expire") if at.get(step, -1) > paid)])
    before = [at.get("pay", 100) < opened, at.get("notify", 100) < opened, at.get("come_back", 100) < opened]
    return not any(before) and ("refund" not in at or at["refund"] > looked) and ("pay" not in at or opened < 99)
