"""A form that comes again: which bill it wrote when it came first, and whether it says the same now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import msgspec

from parvis import crypto
from parvis.db import connection
from parvis.errors import NotFound
from parvis.payments import payers

_FORM, _BILL, _SAID = "bill-form", "bill:", "said:"
_FIND = "SELECT what FROM parvis.payment_notice WHERE source = $1 AND what <> $2"


@dataclass(frozen=True, slots=True)
class First:
    """The basket that a form wrote when it came first, and whether that was said otherwise than now."""

    basket: UUID
    differs: bool


async def is_first(once: UUID) -> bool:
    """Whether a form (its `once`) has not come yet; in the caller's transaction, in which it is then noted."""
    return await payers.told_first(once, _FORM)


async def note(once: UUID, basket: UUID, raw: Mapping[str, Sequence[str]]) -> None:
    """Note which basket a form wrote, and what it said; in the caller's transaction."""
    for what in (f"{_BILL}{basket.hex}", f"{_SAID}{_digest(raw)}"):
        await payers.told_first(once, what)


async def first(once: UUID, raw: Mapping[str, Sequence[str]]) -> First:
    """What a form wrote when it came first. Raises NotFound."""
    async with connection() as c:
        noted = [row["what"] for row in await c.fetch(_FIND, once, _FORM)]
    baskets = [UUID(what.removeprefix(_BILL)) for what in noted if what.startswith(_BILL)]
    if not baskets:
        raise NotFound
    return First(baskets[0], f"{_SAID}{_digest(raw)}" not in noted)


def _digest(raw: Mapping[str, Sequence[str]]) -> str:
    """A keyed digest of what was said: it names who pays, so nobody may try addresses until one fits."""
    said = sorted((name, list(typed)) for name, typed in raw.items() if any(typed))
    return crypto.code_digest(msgspec.json.encode(said).decode(), _FORM).hex()[:32]
