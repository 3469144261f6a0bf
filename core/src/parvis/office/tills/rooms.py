"""The pages of a till, by what they are about: a row of areas, and a row of the pages of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from parvis.errors import Text


@dataclass(frozen=True, slots=True)
class Room:
    """A page: its key, its name, `part` of its address; `needs` is what of `Here` has to hold."""

    key: str
    label: Text
    part: str
    needs: str = ""


@dataclass(frozen=True, slots=True)
class Area:
    """Pages that are about the same."""

    label: Text
    rooms: Sequence[Room]

    @property
    def keys(self) -> tuple[str, ...]:
        """Which pages they are."""
        return tuple(room.key for room in self.rooms)


AREAS = (
    Area(
        Text("Payments of the day"),
        (
            Room("day", Text("The day"), ""),
            Room("idle", Text("To sort out"), "/idle"),
            Room("differences", Text("Differences"), "/differences"),
        ),
    ),
    Area(
        Text("Refunds"),
        (Room("refunds", Text("Refunds"), "/refunds"), Room("credits", Text("Credits"), "/credits")),
    ),
    Area(
        Text("What is owed"),
        (
            Room("unpaid", Text("Unpaid bills"), "/unpaid", "keeps"),
            Room("debits", Text("Direct debits"), "/debits"),
        ),
    ),
    Area(
        Text("Cash and bank"),
        (
            Room("arrivals", Text("Arrived at the bank"), "/arrivals", "keeps"),
            Room("handing", Text("Handing over"), "/handing-over", "keeps"),
            Room("sessions", Text("Sessions"), "/sessions"),
        ),
    ),
    Area(
        Text("Books"),
        (
            Room("closings", Text("Closings"), "/closings"),
            Room("journal", Text("Journal"), "/journal"),
            Room("receipts", Text("Receipts"), "/receipts"),
        ),
    ),
    Area(
        Text("Its settings"),
        (
            Room("act", Text("Till’s act"), "/act", "opens"),
            Room("limits", Text("What it may keep"), "/limits", "opens"),
            Room("instalments", Text("Instalments"), "/instalments", "opens"),
            Room("terms", Text("Cancellations"), "/terms", "opens"),
            Room("reminders", Text("Reminders"), "/reminders", "opens"),
            Room("seller", Text("Seller"), "/seller", "opens"),
            Room("accounts", Text("Where it collects"), "/accounts", "opens"),
        ),
    ),
)


def seen_by(may: Callable[[str], bool]) -> tuple[Area, ...]:
    """The areas with the pages whose needs somebody has; areas without any are left out.

    >>> [area.keys for area in seen_by(lambda need: need == "opens")][-1]
    ('act', 'limits', 'instalments', 'terms', 'reminders', 'seller', 'accounts')
    """
    found = (
        Area(area.label, tuple(room for room in area.rooms if not room.needs or may(room.needs))) for area in AREAS
    )
    return tuple(area for area in found if area.rooms)
