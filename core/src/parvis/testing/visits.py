"""Visits for tests: an appointment with its dossier at a calendar's hour, and the clock put to that hour."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from parvis import clock
from parvis.calendars import actions as calendars
from parvis.contract.values import Channel
from parvis.dossiers import actions as dossiers
from parvis.dossiers.actions import By, NewDossier
from parvis.identity.contacts import Contact
from parvis.testing.calendars import SomeCalendar

CONTACT = Contact(Channel.MAIL, "lea@example.org")


async def a_visit(
    calendar: SomeCalendar, start: datetime, *names: str, kind: str = "deposit", contact: Contact = CONTACT
) -> tuple[UUID, UUID]:
    """An appointment for these people (one is invented without names); its booking and its dossier."""
    people = names or ("Léa Martin",)
    held = await calendars.hold(calendar.id, kind, start, len(people), counter=True)
    new = NewDossier(
        service="idcard", emitter=calendar.emitter, contact=contact, names=people, language="fr", kept_days=30
    )
    opened = await dossiers.book(new, held.id, held.secret, "Town hall", By("resident"))
    return held.id, opened.id


def put_clock(to: datetime, **more: float) -> None:
    """Move the clock to an instant, or so many minutes beside it."""
    clock.move(to + timedelta(**more) - clock.now())
