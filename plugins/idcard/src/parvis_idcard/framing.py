"""What a town's own site shows of its identity-paper appointments: the next free hours of one kind."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from parvis.calendars import search
from parvis.calendars.queries import opens_next
from parvis.calendars.search import Wanted
from parvis.contract.values import Kind
from parvis.territory.queries import EmitterInfo, PlaceInfo
from parvis_idcard import hours
from parvis_idcard.hours import Choice
from parvis_idcard.queries import PLUGIN
from parvis_idcard.rules import KINDS

_HOURS_READ = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class NextHours:
    """The kinds that can be booked there and the one shown, the places with hours, all places.

    Where nothing is free, `opens` says when new days open, in the place's zone, if that is known.
    """

    kinds: Sequence[Kind]
    kind: Kind
    choices: Sequence[Choice]
    places: Sequence[PlaceInfo]
    opens: datetime | None

    def phones(self, emitter: EmitterInfo) -> Iterator[tuple[str, str, str]]:
        """Whom to call instead: the places, the emitter where none has a telephone; name, number, when."""
        found = [(place.name, place.phone, place.phone_hours) for place in self.places if place.phone]
        yield from found or [(emitter.name, emitter.phone, emitter.phone_hours)] * bool(emitter.phone)


async def next_hours(emitter: EmitterInfo, kind: str) -> NextHours:
    """The next free hours of an emitter's places for one person; for the first kind that is open if `kind` is not."""
    places = {place.id: place for place in await hours.places_of(emitter)}
    kinds = [known for known in KINDS if places and await search.opened(_wanted(places, known.key))] or [KINDS[0]]
    chosen = next((known for known in kinds if known.key == kind), kinds[0])
    found = await search.by_place(_wanted(places, chosen.key), each=_HOURS_READ, order="time") if places else []
    choices = [hours.choice_of(each, places[each.place]) for each in found if each.slots and each.place in places]
    opens = None if choices else await opens_next(places, PLUGIN)
    return NextHours(kinds=kinds, kind=chosen, choices=choices, places=tuple(places.values()), opens=opens)


def _wanted(places: Collection[UUID], kind: str) -> Wanted:
    return Wanted(service=PLUGIN, kind=kind, places=frozenset(places))
