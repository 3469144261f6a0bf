"""Pure decisions about dossiers: whose a name is, what a timeline row says, how long one is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from parvis.db.names import fold
from parvis.errors import Text

_LEAST_SIGNS = 2

TIMELINE: Mapping[str, Text] = {
    "dossier.opened": Text("Request received"),
    "booking.confirmed": Text("Appointment booked: {start}, {place}"),
    "booking.moved": Text("Appointment moved: {start}, {place}"),
    "booking.cancelled": Text("Appointment cancelled"),
    "booking.restored": Text("Cancellation undone: {start}"),
    "visit.reminded": Text("Reminder sent"),
    "visit.coming": Text("You said that you are coming"),
    "earlier.asked": Text("An earlier hour was asked for"),
    "earlier.offered": Text("An earlier hour was proposed: {start}, {place}"),
    "earlier.stopped": Text("No earlier hour is looked for any more"),
    "names.corrected": Text("A name or a number was corrected"),
    "code.printed": Text("A code to take this request into an account was printed"),
    "dossier.taken-over": Text("Taken into an account"),
    "visit.given-back": Text("The hour was given back: somebody else was to come"),
    "dossier.closed": Text("Visit over"),
}


def names_fit(typed: str, names: Iterable[str]) -> bool:
    """Whether what was typed is one of the names, or a part of it that is a word: order and accents do not count.

    >>> names_fit("MARTIN", ["Léa Martin"]), names_fit("martin lea", ["Léa Martin"]), names_fit("Mart", ["Léa Martin"])
    (True, True, False)
    """
    words = fold(typed).split()
    if not words or max(len(word) for word in words) < _LEAST_SIGNS:
        return False
    return any(set(words) <= set(fold(name).split()) for name in names)


def timeline_text(event: str, data: Mapping[str, Any]) -> Text:
    """What a timeline row says to people; an instant in `data` is read back from its ISO form.

    >>> str(timeline_text("booking.cancelled", {}))
    'Appointment cancelled'
    >>> str(timeline_text("booking.cancelled", {"reason": "The station is out of order"}))
    'Appointment cancelled. “The station is out of order”'
    """
    start = data.get("start")
    params = {**data, "start": datetime.fromisoformat(start)} if isinstance(start, str) else dict(data)
    told = Text(TIMELINE.get(event, Text("Updated")).msgid, params)
    return Text("{told}. “{reason}”", {"told": told, "reason": data["reason"]}) if data.get("reason") else told


def timeline_note(by: str, office: str, proxy: str = "") -> Text | None:
    """Who did it, if that is worth a line: staff, of which emitter where that is known, a helper, or a proxy's name.

    >>> str(timeline_note("staff", "Mulhouse")), timeline_note("resident", "")
    ('By an agent: Mulhouse', None)
    """
    if by == "staff":
        return Text("By an agent: {office}", {"office": office}) if office else Text("By an agent")
    if by == "proxy":
        return Text("By {name}, acting for the person concerned", {"name": proxy}) if proxy else Text("By a proxy")
    return Text("By a helper, who books for others") if by == "helper" else None


def erased_from(closed_at: datetime, kept_days: int) -> datetime:
    """When a closed dossier's personal data go."""
    return closed_at + timedelta(days=kept_days)
