"""Finding dossiers as an agent hears of them: by name, however it is spelt, by reference, by telephone.

Names are encrypted. Beside them lie keyed digests of what they are found by (docs/decisions/0902), another set for
each emitter, so that nobody is found outside of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from parvis.contract.values import Channel
from parvis.db import InvalidReference, connection, read_reference, transaction
from parvis.dossiers import digests, queries, spelling
from parvis.dossiers.actions import opened_names
from parvis.dossiers.queries import DossierInfo
from parvis.identity.contacts import Contact
from parvis.web import fields

FindByNumber: TypeAlias = Callable[[str, UUID], Awaitable[Sequence[UUID]]]
MOST = 25
_CANDIDATES = 200
_LEAST_FIGURES = 4
_BATCH = 500


def is_enough(typed: str) -> bool:
    """Whether there is something to look for: a letter alone fits half a town.

    >>> [is_enough(typed) for typed in ("a", "a b", "Li", "06 12")]
    [False, False, True, True]
    """
    return bool(spelling.words(typed)) or sum(sign.isdigit() for sign in typed) >= _LEAST_FIGURES


async def anything(typed: str, emitter: UUID, numbers: Sequence[FindByNumber] = ()) -> list[DossierInfo]:
    """The dossiers of an emitter that fit what an agent heard, whatever it is; the surest first.

    A reference, a number that a service knows (each of `numbers` finds dossiers by one), a telephone, names.
    """
    found: dict[UUID, DossierInfo] = {}
    with suppress(InvalidReference):
        if (one := await by_reference(typed, emitter)) is not None:
            found[one.id] = one
    for find in numbers:
        found |= {dossier.id: dossier for dossier in await by_ids(await find(typed, emitter), emitter)}
    if isinstance(phone := fields.phone(typed), str):
        found |= {dossier.id: dossier for dossier in await by_phone(phone, emitter)}
    for dossier in await by_name(typed, emitter):
        found.setdefault(dossier.id, dossier)
    return list(found.values())[:MOST]


async def by_name(typed: str, emitter: UUID, limit: int = MOST) -> list[DossierInfo]:
    """The dossiers of an emitter whose names fit what was typed, the best and then the latest first."""
    asked = spelling.words(typed)
    # Whole words first: the more of a name there are, the fewer are looked at that only sound like it.
    whole = [digests.of_whole(word, emitter) for word in asked]
    found = await _fitting(asked, whole, emitter, _CANDIDATES)
    if left := max(limit - len(found), 0):
        alike = [digests.of_word(word, emitter) for word in asked]
        found += await _fitting(asked, alike, emitter, left * (_CANDIDATES // MOST), whole)
    best = [one.id for one in sorted(found, key=_rank, reverse=True)[:limit]]
    by_id = {dossier.id: dossier for dossier in await by_ids(best, emitter)}
    return [by_id[key] for key in best if key in by_id]


async def by_reference(typed: str, emitter: UUID) -> DossierInfo | None:
    """The dossier of a reference at an emitter; another emitter's is none. Raises InvalidReference."""
    reference = read_reference(typed)
    rows = await queries.matching("reference = $1 AND dossier.emitter = $2", reference, emitter)
    return rows[0] if rows else None


async def by_phone(phone: str, emitter: UUID, limit: int = MOST) -> list[DossierInfo]:
    """The dossiers of an emitter that a telephone number (E.164) belongs to, the latest first."""
    sql = (
        "(contact_digest = $1 OR phone_digest = $1) AND dossier.emitter = $2 "
        "ORDER BY lower(period) DESC NULLS LAST LIMIT $3"
    )
    return await queries.matching(sql, Contact(Channel.SMS, phone).digest, emitter, limit)


async def by_ids(ids: Sequence[UUID], emitter: UUID) -> list[DossierInfo]:
    """Those of these dossiers that are an emitter's."""
    return await queries.matching("dossier.id = ANY($1) AND dossier.emitter = $2", list(ids), emitter)


async def is_elsewhere(typed: str, emitter: UUID) -> bool:
    """Whether a reference is one of another emitter's; nothing more is told about it."""
    try:
        reference = read_reference(typed)
    except InvalidReference:
        return False
    sql = "SELECT EXISTS (SELECT FROM parvis.dossier WHERE reference = $1 AND emitter <> $2 AND state <> 'erased')"
    async with connection() as c:
        return bool(await c.fetchval(sql, reference, emitter))


async def index_names() -> int:
    """Make the digests of names that have none yet, from before there were any; how many."""
    sql = "SELECT id, emitter, names FROM parvis.dossier WHERE names IS NOT NULL AND name_digests IS NULL LIMIT $1"
    async with transaction() as c:
        rows = await c.fetch(sql + " FOR NO KEY UPDATE SKIP LOCKED", _BATCH)
        for row in rows:
            found = digests.of_names(opened_names(row["names"]), row["emitter"])
            await c.execute("UPDATE parvis.dossier SET name_digests = $2 WHERE id = $1", row["id"], found)
    return len(rows)


@dataclass(frozen=True, slots=True)
class _Fitting:
    """A dossier whose names fit, how well, whether it is open, and when its visit or it began (UTC)."""

    id: UUID
    points: int
    open: bool
    at: datetime


async def _fitting(
    asked: Sequence[str], sets: Sequence[list[int]], emitter: UUID, most: int, but: Sequence[list[int]] = ()
) -> list[_Fitting]:
    """The latest dossiers whose digests meet a set for each word, not those that meet all of `but`.

    A digest of four bytes may lie, names do not.
    """
    if not asked:
        return []
    meets = " AND ".join(f"name_digests && ${n}" for n in range(3, len(sets) + 3))
    if but:
        known = " AND ".join(f"name_digests && ${n}" for n in range(len(sets) + 3, len(sets) + len(but) + 3))
        meets += f" AND NOT ({known})"
    # The digests are an emitter's own: looking its other dossiers up besides would cost more than the search.
    sql = (
        f"WITH met AS MATERIALIZED (SELECT * FROM parvis.dossier WHERE {meets}) "  # noqa: S608 - counted parameters
        "SELECT met.id, names, met.state, coalesce(lower(period), opened_at) AS at FROM met "
        "LEFT JOIN parvis.booking ON booking.id = met.booking WHERE met.emitter = $1 AND names IS NOT NULL "
        "ORDER BY opened_at DESC LIMIT $2"
    )
    async with connection() as c:
        rows = await c.fetch(sql, emitter, most, *sets, *but)
    return [
        _Fitting(row["id"], points, row["state"] == "open", row["at"])
        for row in rows
        if (points := spelling.fits(asked, opened_names(row["names"])))
    ]


def _rank(found: _Fitting) -> tuple[bool, int, datetime]:
    return found.open, found.points, found.at
