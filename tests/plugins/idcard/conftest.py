from dataclasses import dataclass

import pytest
from tests.plugins.idcard.browsing import Browser

from parvis.calendars import actions as calendars
from parvis.calendars import planning
from parvis.calendars.actions import Hold
from parvis.contract.values import BookingRequest
from parvis.identity import contacts
from parvis.identity.contacts import Contact, Proved
from parvis.territory.actions import add_emitter, enable_plugin, publish
from parvis.testing.applications import application
from parvis.testing.calendars import SomeCalendar, a_calendar
from parvis_idcard.details import Details
from parvis_idcard.rules import Age, Applicant, Paper


@dataclass
class Town:
    """A town hall that takes identity-paper appointments, and what a test does there."""

    calendar: SomeCalendar

    async def hold(self, hour=9, minute=0, people=1, kind="deposit", days=0) -> Hold:
        return await calendars.hold(self.calendar.id, kind, self.calendar.at(hour, minute, days=days), people)

    async def request(self, hold: Hold, *, proof=None, **details) -> BookingRequest:
        told = some_details(hold.people, **details)
        if proof is None:
            contact = Contact(told.channel, told.email or told.phone)
            proof = (await prove(contact)).proof
        return BookingRequest(hold=hold.id, secret=hold.secret, details=told, language="fr", proof=proof)


def some_details(people=1, *, email="lea@example.org", numbers=None, **rest) -> Details:
    numbers = numbers or [f"A{n}23456789" for n in range(people)]
    applicants = tuple(Applicant(given="Léa", family="Martin", age=Age.ADULT, number=number) for number in numbers)
    return Details(**{"applicants": applicants, "reason": Paper.CARD, "email": email} | rest)


async def prove(contact: Contact) -> Proved:
    proof = await contacts.ask(contact, "fr")
    sent = await contacts.code_to_send(proof)
    return await contacts.prove(proof, sent.code, None)


async def a_town(desks=1, **rest) -> Town:
    calendar = await a_calendar(desks=desks, **rest)
    await planning.offer(calendar.id, "collection", 5, 5)
    await enable_plugin(calendar.emitter, "idcard")
    await publish(calendar.emitter, "idcard")
    return Town(calendar)


@pytest.fixture
async def town(database):
    return await a_town()


@pytest.fixture
async def app(town):
    whole = await add_emitter("m2a", "m2A", "agglomeration", latitude=47.75, longitude=7.33)
    await enable_plugin(whole, "idcard")
    await publish(whole, "idcard")
    await add_emitter(
        "illzach", "Illzach", "municipality", latitude=47.78, longitude=7.35, postcodes=("68110",), insee="68154"
    )
    return application()


@pytest.fixture
async def browser(app, town):
    return Browser(app, town)
