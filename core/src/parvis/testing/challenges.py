"""Solving a challenge of `web.challenges` as a browser's worker does, but slowly: tests issue easy ones."""

from __future__ import annotations

import hashlib
from itertools import count

from parvis.web.challenges import Challenge


def solve(challenge: Challenge) -> str:
    """The answer a form sends."""
    seed = hashlib.sha256(challenge.challenge.encode()).digest()
    numbers = [_first(seed + part.to_bytes(4, "big"), challenge.bits) for part in range(challenge.parts)]
    return f"{challenge.challenge}~{'.'.join(map(str, numbers))}"


def _first(start: bytes, bits: int) -> int:
    digests = (hashlib.sha256(start + number.to_bytes(4, "big")).digest() for number in count())
    return next(number for number, found in enumerate(digests) if int.from_bytes(found, "big") >> (256 - bits) == 0)
