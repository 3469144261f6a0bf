"""What the agents see of an identity-paper appointment, and what they tick as it is brought."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from uuid import UUID

from parvis.contract.values import Card, Counter, Item, StaffAct, Visitor
from parvis.dossiers import queries as dossiers
from parvis.dossiers.actions import By
from parvis.errors import Text
from parvis_idcard import actions, messages, queries
from parvis_idcard.ants.coordination import queries as coordination
from parvis_idcard.ants.coordination.rules import State
from parvis_idcard.papers import ToBring, to_bring
from parvis_idcard.rules import CERTIFICATION, COLLECTION, INCOMPLETE, Age, Applicant, Paper, Situation

_AGES = {
    Age.ADULT: Text("adult"),
    Age.MINOR: Text("12 to 17 years"),
    Age.UNDER_12: Text("under 12 years"),
}
_PAPERS = {
    Paper.CARD: Text("Identity card: application"),
    Paper.PASSPORT: Text("Passport: application"),
    Paper.BOTH: Text("Identity card and passport: application"),
}
_KINDS = {
    COLLECTION: Text("Collecting a finished paper"),
    CERTIFICATION: Text("Certifying a digital identity"),
    INCOMPLETE: Text("Completing a file"),
}
_SITUATIONS = {
    Situation.RENEWAL: Text("The old paper expires or has expired"),
    Situation.FIRST: Text("First paper"),
    Situation.LOST: Text("The old paper is lost"),
    Situation.STOLEN: Text("The old paper was stolen"),
    Situation.NAME: Text("The name or the address changed"),
}
WORDS: Mapping[str, Text] = {
    str(key): text for known in (_AGES, _PAPERS, _KINDS, _SITUATIONS) for key, text in known.items()
}

_DECLARED = Text("Declared to the ANTS")
_STATES = {
    State.DUE: Text("Not declared to the ANTS yet"),
    State.CHECK: _DECLARED,
    State.REFUSED: Text("The ANTS does not take this number"),
    State.DECLARED: _DECLARED,
    State.REHEARSED: Text("Declaration rehearsed, not sent"),
    State.WITHDRAWN: Text("Withdrawn at the ANTS"),
    State.OVER: _DECLARED,
}


async def card(dossier: UUID) -> Card:
    """What an appointment is for, and who comes with what. Raises NotFound."""
    found = await queries.appointment(dossier)
    states = {one.number: _STATES[one.state] for one in await coordination.of_dossier(dossier)}
    visitors = [
        _visitor(n, person, to_bring(found.kind, found.paper, person), states.get(person.number or ""))
        for n, person in enumerate(found.applicants)
    ]
    what = _PAPERS[found.paper] if found.paper else _KINDS.get(found.kind, _KINDS[COLLECTION])
    return Card(what=what, visitors=tuple(visitors), page=messages.page_of(await dossiers.dossier(dossier)))


async def restore(dossier: UUID, act: StaffAct) -> None:
    """Undo a cancellation for staff. Raises HourGone, NotFound, Refused."""
    await actions.restore(dossier, By("staff", act.person, act.emitter), tell=act.tell)


def _visitor(n: int, person: Applicant, bring: ToBring, declared: Text | None) -> Visitor:
    about = [_AGES[person.age]]
    if person.situation:
        about.append(_SITUATIONS[person.situation])
    if person.number:
        about.append(Text("Number {number}", {"number": person.number}))
    if declared:
        about.append(declared)
    return Visitor(name=person.name, about=(*about, bring.who), brings=tuple(_items(n, bring)))


def _items(n: int, bring: ToBring) -> Iterator[Item]:
    for position, paper in enumerate(bring.papers):
        yield Item(key=f"{n}:{position}", text=paper)
    if bring.stamp:
        yield Item(key=f"{n}:stamp", text=bring.stamp)


COUNTER = Counter(card=card, find=queries.with_number, restore=restore)
