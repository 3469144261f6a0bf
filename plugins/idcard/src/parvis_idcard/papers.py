"""What to bring, in this very case. No I/O.

Source: service-public.fr, "Carte d'identité" and "Passeport" (sheets N358 and N360), from memory: a photo of less
than 6 months, a proof of address, the old paper, the tax stamp. To be compared with the sheets before a town goes live.
The town hall keeps nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from parvis.errors import Text
from parvis_idcard.rules import COLLECTION, Age, Applicant, Paper, Situation

LOST_CARD_CENTS = 2500
PASSPORT_CENTS = {Age.ADULT: (8600,), Age.MINOR: (4200, 1700), Age.UNDER_12: (1700,)}

_PHOTO = Text("An identity photo of less than 6 months, to the official standard, not cut out")
_ADDRESS = Text("A proof of address of less than one year (invoice, tax notice, rent receipt), and its original")
_NUMBER = Text("The summary of the pre-application, printed or on your telephone, with its number")
_CIVIL = Text(
    "A full copy of the birth certificate of less than 3 months, unless the town of birth sends it to us directly"
)
_NATIONALITY = Text("A proof of French nationality, if the birth certificate does not show it")
_PARENT = Text("The identity paper of the parent who comes along, who must hold parental authority")
_ADDRESSES = Text("If the child lives with each parent in turn: the proof of address of both, and the decision")
_LOST = Text("The declaration of loss (form, or written with us on the day)")
_STOLEN = Text("The declaration of theft, made at a police station or the gendarmerie")
_OTHER = Text("Another paper with a photo, if there is one (passport, driving licence, health card)")
_CHANGED = Text("The proof of the change of name (marriage certificate, judgment, birth certificate up to date)")
_OLD = {
    Paper.CARD: Text("The old identity card"),
    Paper.PASSPORT: Text("The old passport"),
    Paper.BOTH: Text("The old identity card and the old passport"),
}
_SLIP = Text("The slip given at the deposit, or the message that says the paper is ready")
_OLD_COLLECTED = Text("The paper to be replaced, if it was not handed in yet")


@dataclass(frozen=True, slots=True)
class ToBring:
    """What one person brings: who has to come, the papers, and the tax stamp in cents (several by age, or none)."""

    who: Text
    papers: tuple[Text, ...]
    stamp_cents: tuple[int, ...] = ()

    @property
    def stamp(self) -> Text | None:
        """The tax stamp in words; bought online or at a tobacconist's."""
        return _stamp(self.stamp_cents)


def to_bring(kind: str, paper: Paper | None, applicant: Applicant) -> ToBring:
    """What one applicant brings to a deposit or a collection."""
    if kind == COLLECTION or paper is None:
        return ToBring(_who_collects(applicant.age), (_SLIP, _OLD_COLLECTED))
    return ToBring(_who_applies(applicant.age), tuple(_papers(paper, applicant)), _stamps(paper, applicant))


def _papers(paper: Paper, applicant: Applicant) -> Iterable[Text]:
    yield _NUMBER
    yield _PHOTO
    yield _ADDRESS
    yield from _of_situation(paper, applicant.situation)
    if applicant.age is not Age.ADULT:
        yield _PARENT
        yield _ADDRESSES


def _of_situation(paper: Paper, situation: Situation | None) -> Iterable[Text]:
    if situation is Situation.FIRST:
        yield from (_CIVIL, _NATIONALITY)
    elif situation is Situation.LOST:
        yield from (_LOST, _OTHER, _CIVIL)
    elif situation is Situation.STOLEN:
        yield from (_STOLEN, _OTHER, _CIVIL)
    elif situation is Situation.NAME:
        yield from (_OLD[paper], _CHANGED)
    else:
        yield _OLD[paper]


def _stamps(paper: Paper, applicant: Applicant) -> tuple[int, ...]:
    """Amounts of the tax stamp: a card costs nothing unless the old one was lost or stolen."""
    gone = applicant.situation in {Situation.LOST, Situation.STOLEN}
    card = LOST_CARD_CENTS if gone and paper is not Paper.PASSPORT else 0
    if paper is Paper.CARD:
        return (card,) if card else ()
    return tuple(cents + card for cents in PASSPORT_CENTS[applicant.age])


def _stamp(cents: tuple[int, ...]) -> Text | None:
    if not cents:
        return None
    if len(cents) == 1:
        return Text("Tax stamp: {amount}", {"amount": _euros(cents[0])})
    older, younger = cents
    return Text(
        "Tax stamp: {older} from 15 to 17 years, {younger} under 15 years",
        {"older": _euros(older), "younger": _euros(younger)},
    )


def _euros(cents: int) -> str:
    return f"{cents // 100}\u00a0€" if cents % 100 == 0 else f"{cents / 100:.2f}\u00a0€"


def _who_applies(age: Age) -> Text:
    if age is Age.ADULT:
        return Text("Comes in person: the fingerprints are taken on the day")
    if age is Age.MINOR:
        return Text("Comes in person with a parent: fingerprints are taken from 12 years on")
    return Text("Comes in person with a parent; no fingerprints under 12 years")


def _who_collects(age: Age) -> Text:
    if age is Age.ADULT:
        return Text("Comes in person: nobody else can collect the paper")
    if age is Age.MINOR:
        return Text("Comes with a parent: fingerprints are checked from 12 years on")
    return Text("A parent collects the paper; the child need not come")
