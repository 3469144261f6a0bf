"""Somebody else comes instead: the hour goes back to everybody, and a new search begins with what is known."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

import msgspec

from parvis.calendars.queries import booking
from parvis.calendars.slots import Slot
from parvis.contract.values import Channel
from parvis.db import transaction
from parvis.dossiers.actions import By
from parvis.dossiers.queries import DossierInfo, Visit
from parvis.errors import NotFound
from parvis.territory import queries as territory
from parvis.web import forms
from parvis.web.forms import Raw
from parvis_idcard import actions, drafts, queries
from parvis_idcard.details import ApplicantForm, DetailsForm, Told
from parvis_idcard.hours import Search
from parvis_idcard.queries import Appointment
from parvis_idcard.rules import COLLECTION

_GIVEN_BACK = "visit.given-back"


async def replace(dossier: DossierInfo, position: int, told: Mapping[str, str], by: By) -> tuple[Search, str]:
    """Give an appointment's hour back; the search that follows, and the token of what goes along with it.

    Nothing is kept for the other person: a held hour that changes hands could be sold. `told` is what was typed about
    them. Twice gives back once. Raises Refused once the visit has begun, NotFound once it is erased.
    """
    visit = dossier.visit
    if visit is None or dossier.contact is None:
        raise NotFound
    async with transaction():
        appointment = await queries.appointment(dossier.id)
        search = await _search(appointment, visit)
        await actions.cancel(dossier.id, by, _GIVEN_BACK)
        slot = Slot((await booking(visit.booking)).calendar, visit.start).code
        return search, await drafts.begin(slot, search, _form(appointment, dossier, position, told))


async def _search(appointment: Appointment, visit: Visit) -> Search:
    """The same thing for as many people, near the same town hall."""
    place = await territory.place(visit.place)
    near = {"lat": round(place.latitude, 3), "lon": round(place.longitude, 3)}
    asked = {"what": appointment.paper or COLLECTION, "people": visit.people} | near
    return forms.decode(Search, urlencode(asked).encode()).value


def _form(appointment: Appointment, dossier: DossierInfo, position: int, told: Mapping[str, str]) -> Raw:
    """What was told, with the one person changed."""
    assert dossier.contact is not None
    kind, address = dossier.contact.kind, dossier.contact.address
    people = tuple(ApplicantForm(**msgspec.structs.asdict(person)) for person in appointment.applicants)
    email, phone = (address, None) if kind is Channel.MAIL else (None, address)
    form = forms.of(DetailsForm(applicants=people, channel=Told(kind), email=email, phone=phone))
    theirs = f"applicants-{position}-"
    kept = {name: typed for name, typed in form.raw.items() if not name.startswith(theirs)}
    return kept | {f"{theirs}{name}": (typed,) for name, typed in told.items()}
