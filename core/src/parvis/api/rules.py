"""Pure decisions of the API: a slot's code with its kind, and whether what is sought makes sense."""

from __future__ import annotations

from dataclasses import dataclass

from parvis.api.bodies.slots import Sought
from parvis.calendars.slots import Slot, UnknownSlot, read_slot
from parvis.contract.values import Kind, Service
from parvis.errors import Refusal, Text


@dataclass(frozen=True, slots=True)
class KindSlot:
    """A slot with the kind of appointment it was found for, which decides its length."""

    slot: Slot
    kind: str

    @property
    def code(self) -> str:
        """The code that the API hands out."""
        return f"{self.slot.code}.{self.kind}"


def read_kind_slot(code: str) -> KindSlot:
    """The slot of a code. Raises UnknownSlot."""
    slot, _, kind = code.partition(".")
    if not kind:
        raise UnknownSlot
    return KindSlot(read_slot(slot), kind)


def kind_of(service: Service, key: str | None) -> Kind | Refusal:
    """The kind of that key, the first one without a key."""
    if not key:
        return service.kinds[0]
    known = next((kind for kind in service.kinds if kind.key == key), None)
    return known or Refusal("kind-unknown", Text("This service has no such kind."), "kind")


def kind_refusals(kind: Kind, reason: str | None, people: int) -> list[Refusal]:
    """What a kind does not allow."""
    found = []
    if reason and reason not in kind.reasons:
        found.append(Refusal("reason-unknown", Text("This kind has no such reason."), "reason"))
    if people > kind.people:
        text = Text("At most {people} people can come at once.", {"people": kind.people})
        found.append(Refusal("people-too-many", text, "people"))
    return found


def sought_refusals(sought: Sought) -> list[Refusal]:
    """What contradicts itself in a search."""
    found = []
    if isinstance(sought.lat, float) != isinstance(sought.lon, float):
        found.append(Refusal("point-incomplete", Text("Give both lat and lon, or neither."), "lat"))
    if sought.near and isinstance(sought.lat, float):
        found.append(Refusal("point-twice", Text("Give near, or lat and lon, not both."), "near"))
    if sought.since and sought.until and sought.until < sought.since:
        found.append(Refusal("days-reversed", Text("The last day is before the first one."), "until"))
    return found
