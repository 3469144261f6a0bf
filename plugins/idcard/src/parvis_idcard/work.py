"""Which emitters ask for a moment's calculation before an hour is held, and what is counted where there is none."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from litestar import Request
from litestar.datastructures import State

from parvis.identity import shares
from parvis.identity.actors import Actor
from parvis.territory import queries as territory
from parvis.web import challenges
from parvis_idcard import queries
from parvis_idcard.emitter_settings import Settings
from parvis_idcard.queries import PLUGIN
from parvis_idcard.seats import Seat

_Request = Request[Actor, None, State]


@dataclass(frozen=True, slots=True)
class Asking:
    """Of the hours on a page, those whose emitters ask for the calculation; false where none does."""

    base: str
    emitters: frozenset[UUID] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.emitters)

    def address(self, emitter: UUID) -> str | None:
        """Where the challenge for an emitter's hours is given; None where it asks for none."""
        return f"{self.base}/challenge/{emitter}" if emitter in self.emitters else None


async def asks(emitter: UUID) -> bool:
    """Whether an emitter asks for it."""
    return (await queries.settings(emitter)).proof_of_work


async def asking(base: str, emitters: Collection[UUID], seat: Seat | None = None) -> Asking:
    """Which of the emitters on a page under `base` ask for it; nobody asks whoever books for others."""
    if seat is not None:
        return Asking(base)
    found = await territory.settings_at(PLUGIN, frozenset(emitters), Settings)
    return Asking(base, frozenset(emitter for emitter, settings in found.items() if settings.proof_of_work))


async def count(request: _Request, owner: UUID, answer: str = "") -> None:
    """Count an hour of `owner` that is about to be held: more strictly without a solved challenge. Raises TooMany."""
    shares.count_claim(request)
    if await asks(owner) and not await challenges.spend(answer, owner):
        shares.count_unproved(request)
