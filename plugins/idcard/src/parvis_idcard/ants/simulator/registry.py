"""What the simulated coordination service keeps: the appointments of each application number, in a file.

Every number is `validated`, but those that begin with a word of `SPECIAL`: CONSUMED01 is consumed, and so on.
ELSEWHERE1 has an appointment at another town hall; a number that begins with LATER is consumed a day after it was
declared.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import msgspec

from parvis import clock

VALIDATED, CONSUMED = "validated", "consumed"
SPECIAL = {"CONSUMED": CONSUMED, "EXPIRED": "expired", "UNKNOWN": "unknown", "DECLARED": "declared"}
ELSEWHERE, LATER = "ELSEWHERE", "LATER"
_A_DAY = timedelta(days=1)
_OTHER_TOWN = "Mairie d’une autre ville (démonstration)"


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """An appointment as it was declared: its wall-clock time, and since when it is there (seconds)."""

    meeting_point_id: str
    meeting_point: str
    appointment_date: str
    management_url: str
    since: float = 0.0


class Registry:
    """The appointments by application number. Every change is in the file before it is answered."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.by_number: dict[str, list[Kept]] = {}
        if file.exists():
            self.by_number = msgspec.json.decode(file.read_bytes(), type=dict[str, list[Kept]])

    def status(self, number: str) -> str:
        """What a number is worth."""
        special = next((status for word, status in SPECIAL.items() if number.startswith(word)), VALIDATED)
        return CONSUMED if number.startswith(LATER) and self._declared_long_ago(number) else special

    def appointments(self, number: str, elsewhere: bool = False) -> list[Kept]:
        """The appointments of a number, with one of another town hall if it is asked for."""
        foreign = list(_elsewhere()) if elsewhere or number.startswith(ELSEWHERE) else []
        return [*self.by_number.get(number, []), *foreign]

    def add(self, number: str, appointment: Kept) -> bool:
        """Keep an appointment; False if it is there already."""
        kept = self.by_number.setdefault(number, [])
        if any(_same(one, appointment) for one in kept):
            return False
        kept.append(msgspec.structs.replace(appointment, since=clock.now().timestamp()))
        self._write()
        return True

    def remove(self, number: str, place: str, at: str) -> int:
        """Forget a number's appointment at a place (its name) and time; how many there were."""
        kept = self.by_number.get(number, [])
        left = [one for one in kept if (one.meeting_point, one.appointment_date) != (place, at)]
        self.by_number[number] = left
        self._write()
        return len(kept) - len(left)

    def _declared_long_ago(self, number: str) -> bool:
        a_day_ago = (clock.now() - _A_DAY).timestamp()
        return any(one.since <= a_day_ago for one in self.by_number.get(number, []))

    def _write(self) -> None:
        draft = self._file.with_suffix(".new")
        draft.write_bytes(msgspec.json.encode(self.by_number))
        draft.replace(self._file)


def _same(one: Kept, other: Kept) -> bool:
    return (one.meeting_point_id, one.appointment_date) == (other.meeting_point_id, other.appointment_date)


def _elsewhere() -> Iterator[Kept]:
    day = (clock.now() + timedelta(days=12)).date()
    yield Kept(
        meeting_point_id="elsewhere",
        meeting_point=_OTHER_TOWN,
        appointment_date=f"{day.isoformat()}T09:15:00",
        management_url="https://rendez-vous.example/gerer/8Z3K",
    )
