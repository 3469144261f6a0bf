"""Pure decisions of the identity-paper appointments: kinds, application numbers, limits, corrections, reminders."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

import msgspec
from rapidfuzz.distance import DamerauLevenshtein

from parvis.contract.values import Kind
from parvis.db.names import fold
from parvis.errors import Refusal, Text

PEOPLE = 8
_TYPING_ERRORS = 2
NO_NUMBER = Text("Write the pre-application number, or see above how to get one.")
_NUMBER = re.compile(r"[A-Z0-9]{10}")
_SPACES = re.compile(r"[\s.\-_/]+")


class Paper(StrEnum):
    """What is applied for, by the names of the national service (ANTS)."""

    CARD = "CNI"
    PASSPORT = "PASSPORT"
    BOTH = "CNI-PASSPORT"


class Age(StrEnum):
    """The three ages that change what to bring and who has to come."""

    ADULT = "adult"
    MINOR = "minor"
    UNDER_12 = "under-12"


class Situation(StrEnum):
    """Why a paper is applied for."""

    RENEWAL = "renewal"
    FIRST = "first"
    LOST = "lost"
    STOLEN = "stolen"
    NAME = "name-change"


DEPOSIT = "deposit"
COLLECTION = "collection"
CERTIFICATION = "certification"
INCOMPLETE = "incomplete"
# Those that are looked for by their own name, not by the paper.
WITHOUT_PAPER = (COLLECTION, CERTIFICATION, INCOMPLETE)
KINDS = (
    Kind(
        key=DEPOSIT,
        name=Text("Apply for an identity card or a passport"),
        first=20,
        further=10,
        reasons=tuple(Paper),
        people=PEOPLE,
        number=True,
    ),
    Kind(key=COLLECTION, name=Text("Collect a finished paper"), first=5, further=5, people=PEOPLE),
    Kind(
        key=CERTIFICATION,
        name=Text("Have a digital identity certified (France Identité)"),
        first=10,
        further=10,
        people=PEOPLE,
        online=False,
    ),
    Kind(
        key=INCOMPLETE,
        name=Text("Bring what was missing from a file"),
        first=10,
        further=5,
        people=PEOPLE,
        online=False,
    ),
)


GivenName = Annotated[str, msgspec.Meta(min_length=1, max_length=200, examples=["Léa"])]
FamilyName = Annotated[str, msgspec.Meta(min_length=1, max_length=200, examples=["Martin"])]


class Applicant(msgspec.Struct, frozen=True, kw_only=True):
    """One person of a visit. `number` is the pre-application number; collecting needs none.

    `cleared` says that the number's appointment elsewhere was cancelled.
    """

    given: GivenName
    family: FamilyName
    age: Age
    situation: Situation | None = None
    number: Annotated[str, msgspec.Meta(max_length=40, examples=["A1B2C3D4E5"])] | None = None
    cleared: bool = False

    @property
    def name(self) -> str:
        """Given and family name, as one says them."""
        return f"{self.given} {self.family}"


class Numbers(StrEnum):
    """What a town hall asks of the pre-application number for a kind, of whoever books online."""

    REQUIRED = "required"
    OPTIONAL = "optional"


def read_number(typed: str) -> str | Text:
    """An application number: 10 letters or figures, tidied of spaces and small letters.

    >>> read_number(" a12 345-6789 ")
    'A123456789'
    """
    tidy = _SPACES.sub("", typed).upper()
    if not _NUMBER.fullmatch(tidy):
        signs = Text(
            "An application number has 10 letters or figures; you wrote {n}. It is on the summary of your "
            "pre-application.",
            {"n": len(tidy)},
        )
        others = Text("An application number has only letters from A to Z and figures. Please copy it again.")
        return others if len(tidy) == 10 else signs
    return tidy


def refusals(people: int, applicants: Sequence[Applicant], asked: Numbers) -> list[Refusal]:
    """What keeps these applicants from the held appointment, before anything is looked up."""
    found: list[Refusal] = []
    if len(applicants) != people:
        text = Text("The hour is held for {people} people: give the name of each of them.", {"people": people})
        found.append(Refusal("people-mismatch", text, "applicants"))
    return found + _number_refusals(applicants, asked)


def limit_refusals(taken: Iterable[int], live_for_contact: int, people: int, most: int, phone: str) -> list[Refusal]:
    """The limits against hoarders. `taken` are the places, in the form, of numbers that have a live deposit."""
    found = [
        Refusal(
            "application-booked",
            Text(
                "This application number already has an appointment. Cancel that one first, or call us: {phone}.",
                {"phone": phone},
            ),
            f"applicants-{index}-number",
        )
        for index in taken
    ]
    if live_for_contact + people > most:
        text = Text(
            "This contact already has appointments for {n} people, and the most is {most}. For more, call us: {phone}.",
            {"n": live_for_contact, "most": most, "phone": phone},
        )
        found.append(Refusal("contact-limit", text, None))
    return found


def booked_refusal(field: str) -> Refusal:
    """A number that has a live deposit elsewhere."""
    return Refusal("application-booked", Text("This application number already has an appointment."), field)


def is_correction(before: Applicant, after: Applicant) -> bool:
    """Whether a change keeps the person: the same application number, or a name with two typing errors at most.

    >>> lea = Applicant(given="Léa", family="Martin", age=Age.ADULT)
    >>> is_correction(lea, Applicant(given="Lea", family="Martins", age=Age.ADULT))
    True
    >>> is_correction(lea, Applicant(given="Paul", family="Durand", age=Age.ADULT))
    False
    """
    if before.number is not None and before.number == after.number:
        return True
    # Given and family name are often typed in each other's field.
    spelled = (f"{after.given} {after.family}", f"{after.family} {after.given}")
    return any(DamerauLevenshtein.distance(fold(before.name), fold(name)) <= _TYPING_ERRORS for name in spelled)


def changeable(start: datetime, now: datetime) -> Refusal | None:
    """Why a visit can no longer be moved, cancelled or corrected, if so: it has begun."""
    if now < start:
        return None
    return Refusal("visit-begun", Text("This appointment has begun or is over: it can no longer be changed."))


def reminder_due(
    start: datetime, booked: datetime, sent: Iterable[int], reminders: Iterable[int], now: datetime
) -> int | None:
    """Which of the reminders is due, in days before: none that was sent, none for a booking younger than itself.

    A reminder that was missed is not sent after the next one is due.

    >>> from datetime import UTC
    >>> start = datetime(2027, 1, 11, 9, tzinfo=UTC)
    >>> reminder_due(start, datetime(2026, 12, 1, tzinfo=UTC), [], (7, 2), datetime(2027, 1, 5, tzinfo=UTC))
    7
    """
    due = [days for days in reminders if start - timedelta(days=days) <= now < start]
    latest = min(due, default=None)
    if latest is None or latest in set(sent) or booked > start - timedelta(days=latest):
        return None
    return latest


def reminders_to_come(start: datetime, reminders: Iterable[int], now: datetime) -> list[int]:
    """Which of the reminders will be sent, in days before.

    >>> from datetime import UTC
    >>> reminders_to_come(datetime(2027, 1, 11, 9, tzinfo=UTC), (7, 2), datetime(2027, 1, 6, tzinfo=UTC))
    [2]
    """
    return [days for days in reminders if now < start - timedelta(days=days)]


def _number_refusals(applicants: Sequence[Applicant], asked: Numbers) -> list[Refusal]:
    found: list[Refusal] = []
    counted = Counter(applicant.number for applicant in applicants if applicant.number)
    for index, applicant in enumerate(applicants):
        field = f"applicants-{index}-number"
        if applicant.number is None:
            if asked is Numbers.REQUIRED:
                found.append(Refusal("number-missing", NO_NUMBER, field))
        elif isinstance(wrong := read_number(applicant.number), Text):
            found.append(Refusal("number-invalid", wrong, field))
        elif counted[applicant.number] > 1:
            text = Text("Each person has a number of their own: this one is written twice.")
            found.append(Refusal("number-twice", text, field))
    return found
