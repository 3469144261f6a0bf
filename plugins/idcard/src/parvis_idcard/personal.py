"""What people call what is kept of an appointment for papers, and what has to be kept although they ask."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from parvis.errors import Text
from parvis_idcard.ants.coordination import queries as coordination
from parvis_idcard.ants.coordination.rules import State
from parvis_idcard.counter import WORDS as KNOWN

_TO_DECLARE = Text("The national register of appointments has still to be told that it is over; come back tomorrow.")
WORDS: Mapping[str, Text] = {
    "idcard.visits": Text("Appointment for papers"),
    "paper": Text("Paper"),
    "booked_at": Text("Booked"),
    "proved": Text("Contact proved"),
    "applicants": Text("People who come"),
    "given": Text("Given name"),
    "family": Text("Family name"),
    "age": Text("Age"),
    "situation": Text("Situation"),
    "number": Text("Pre-application number"),
    "declarations": Text("Declared to the national register"),
    "status": Text("Standing of the number"),
    **KNOWN,
}


async def why_kept(dossier: UUID) -> Text | None:
    """While the national register believes that the appointment is to come, it has to be told by the number."""
    waiting = [one for one in await coordination.of_dossier(dossier) if one.state == State.DUE]
    return _TO_DECLARE if waiting else None
