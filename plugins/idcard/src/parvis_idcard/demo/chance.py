"""Draws that are weighed. Pure: the generator is the caller's."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random


def one_of(weighed: Sequence[tuple[str, int]], random: Random) -> str:
    """One of these names, each as often as it weighs."""
    return random.choices([name for name, _ in weighed], [weight for _, weight in weighed])[0]
