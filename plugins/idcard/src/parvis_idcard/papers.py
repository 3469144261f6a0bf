"""What to bring, in this very case. No I/O.

Compared on 26 November 2026 with stored excerpts of service-public.gouv.fr, each sheet as last verified by the
State: F1341 first card (29.9.2025), F1342 the same for a child (27.4.2026), F21090 card renewed (11.5.2026), F33805
card lost or stolen (27.3.2026), F14929 first passport, F21246 lost, F21247 stolen (8.4.2026), F21092 child's
passport renewed (22.5.2026). They say: originals, the number, a photo of 6 months, a proof of address of one year
(a child's in the name of who comes along), what a passport or card expired for less than 5 years replaces, a child
comes together with a parent and the parent's own paper, tax stamps of 86, 42 and 17 euros for a passport and 25 for
a card lost or stolen.

Only in older or undated copies of the sheets: the birth certificate and the proof of nationality (F14929, F1794), a
changed name costs nothing while the passport is valid (F1709 of 12.4.2023), who lives at somebody else's (F32675),
no fingerprints under 12 years, a declaration of loss made at the counter (F1153). Only on town halls' own pages: an
uncut photo, other papers with a photo, the other parent's papers, who has to come to collect. Not found: whether a
passport is still free where only the address changed. To be read again before a town goes live, and every year. The
town hall keeps nothing of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from parvis.errors import Text
from parvis_idcard.rules import CERTIFICATION, INCOMPLETE, Age, Applicant, Paper, Situation

LOST_CARD_CENTS = 2500
PASSPORT_CENTS = {Age.ADULT: (8600,), Age.MINOR: (4200, 1700), Age.UNDER_12: (1700,)}

_PHOTO = Text("An identity photo of less than 6 months, to the official standard, not cut out")
_ADDRESS = Text("A proof of address of less than one year (invoice, tax notice, rent receipt), and its original")
_PARENTS_ADDRESS = Text(
    "A proof of address of less than one year in the name of the parent who comes along "
    "(invoice, tax notice, rent receipt)"
)
_HOUSED = Text("If you live at somebody else’s: their proof of address, their identity paper and a signed letter")
_NUMBER = Text("The summary of the pre-application, printed or on your telephone, with its number")
_NATIONALITY = Text("A proof of French nationality, if the birth certificate does not show it")
_PARENT = Text("The identity paper of the parent who comes along, who must hold parental authority")
_SEPARATED = Text(
    "If the parents are separated: the decision about the child. If the child lives with each in turn: also "
    "the proof of address and the identity paper of the other parent"
)
_LOST = Text("The declaration of loss (form, or written with us on the day)")
_STOLEN = Text("The declaration of theft, made at a police station or the gendarmerie")
_PICTURED = Text("Another paper with a photo, if there is one (driving licence, health card)")
_CHANGED = Text("The proof of the change of name (marriage certificate, judgment, birth certificate up to date)")
_OLD = {
    Paper.CARD: Text("The old identity card"),
    Paper.PASSPORT: Text("The old passport"),
    Paper.BOTH: Text("The old identity card and the old passport"),
}
_OTHER = {
    Paper.CARD: Text("The passport, if there is one: valid, or expired for less than 5 years"),
    Paper.PASSPORT: Text("The identity card, if there is one: valid, or expired for less than 5 years"),
}
_BIRTH = Text(
    "A birth certificate of less than 3 months (full copy, or extract with the parents’ names), unless the town of "
    "birth sends it to us directly"
)
_ELSE_BIRTH = Text(
    "Without it: the birth certificate of less than 3 months (full copy, or extract with the parents’ names), unless "
    "the town of birth sends it to us directly"
)
_EXPIRED = Text(
    "If it expired more than 5 years ago: the birth certificate of less than 3 months, unless the town of birth "
    "sends it to us directly"
)
_SLIP = Text("The slip given at the deposit, or the message that says the paper is ready")
_OLD_COLLECTED = Text("The paper to be replaced, if it was not handed in yet")
_NEW_CARD = Text("The identity card of the size of a bank card that is to be certified")
_TELEPHONE = Text("The telephone with the France Identité application, and the request made in it")
_MISSING = Text("The papers that were asked for, with their originals")
_RECEIPT = Text("The slip given at the deposit, or the message that says what is missing")


_CERTIFIES = Text("Comes in person: an agent compares the face and the card")


@dataclass(frozen=True, slots=True)
class ToBring:
    """What one person brings: who has to come, the papers, and the tax stamps in cents.

    `passport_cents` has two amounts where the age decides, the older first; `free_if_valid`: none for a passport that
    only changes its name; `card_cents` is for a card that is lost or stolen.
    """

    who: Text
    papers: tuple[Text, ...]
    passport_cents: tuple[int, ...] = ()
    card_cents: int = 0
    free_if_valid: bool = False

    @property
    def stamp(self) -> Text | None:
        """The tax stamps in words; bought online or at a tobacconist's."""
        card = Text("Tax stamp: {amount}", {"amount": _euros(self.card_cents)}) if self.card_cents else None
        if not self.passport_cents:
            return card
        passport = _passport_stamp(self.passport_cents)
        if self.free_if_valid:
            return Text("{stamp}; none if the present passport is still valid", {"stamp": passport})
        if card is None:
            return passport
        both = {"passport": passport, "card": _euros(self.card_cents)}
        return Text("{passport}; and {card} more if the identity card is lost or stolen", both)


def to_bring(kind: str, paper: Paper | None, applicant: Applicant) -> ToBring:
    """What one applicant brings."""
    if kind == CERTIFICATION:
        return ToBring(_CERTIFIES, (_NEW_CARD, _TELEPHONE))
    if kind == INCOMPLETE:
        return ToBring(_who_applies(applicant.age), (_MISSING, _RECEIPT))
    if paper is None:
        return ToBring(_who_collects(applicant.age), (_SLIP, _OLD_COLLECTED))
    gone = applicant.situation in {Situation.LOST, Situation.STOLEN}
    return ToBring(
        _who_applies(applicant.age),
        tuple(_papers(paper, applicant)),
        passport_cents=() if paper is Paper.CARD else PASSPORT_CENTS[applicant.age],
        card_cents=LOST_CARD_CENTS if gone and paper is not Paper.PASSPORT else 0,
        free_if_valid=applicant.situation is Situation.NAME,
    )


def _papers(paper: Paper, applicant: Applicant) -> Iterable[Text]:
    yield _NUMBER
    yield _PHOTO
    yield _ADDRESS if applicant.age is Age.ADULT else _PARENTS_ADDRESS
    yield _HOUSED
    yield from _of_situation(paper, applicant.situation)
    if applicant.age is not Age.ADULT:
        yield _PARENT
        yield _SEPARATED


def _of_situation(paper: Paper, situation: Situation | None) -> Iterable[Text]:
    if situation is Situation.FIRST:
        yield from (*_identity(paper), _NATIONALITY)
    elif situation is Situation.LOST:
        yield from (_LOST, *_identity(paper), _PICTURED)
    elif situation is Situation.STOLEN:
        yield from (_STOLEN, *_identity(paper), _PICTURED)
    elif situation is Situation.NAME:
        yield from (_OLD[paper], _CHANGED)
    else:
        yield from (_OLD[paper], _EXPIRED)


def _identity(paper: Paper) -> Iterable[Text]:
    """What says who somebody is without the paper applied for: the other one, or the birth certificate."""
    return (_OTHER[paper], _ELSE_BIRTH) if paper in _OTHER else (_BIRTH,)


def _passport_stamp(cents: tuple[int, ...]) -> Text:
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
