"""A town hall that proposes freed hours, and people with an appointment who wait for an earlier one."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import msgspec
import pytest

from parvis import clock, plugins
from parvis.calendars import actions as calendars
from parvis.calendars import freeing
from parvis.contract.values import Channel, Kind, Service
from parvis.db import connection
from parvis.dossiers import queries as dossiers
from parvis.dossiers.actions import By
from parvis.earlier import actions, offering, queries
from parvis.earlier.rules import Wish
from parvis.errors import Text
from parvis.identity.contacts import Contact
from parvis.messages.queries import of_dossier
from parvis.territory.actions import enable_plugin, publish
from parvis.testing.calendars import SomeCalendar, a_calendar
from parvis.testing.plugins import a_plugin
from parvis.testing.visits import a_visit, put_clock

ANSWER = timedelta(hours=2)
RESIDENT = By("resident")


class Nothing(msgspec.Struct, frozen=True):
    """A service that asks nothing more."""


@dataclass
class Hall:
    """A town hall at ten in the morning, with what a test does there."""

    calendar: SomeCalendar
    answer: timedelta | None = ANSWER
    visits: dict = field(default_factory=dict)

    async def visit(self, name: str, hour=9, minute=0, days=4, people=1) -> UUID:
        """Somebody with an appointment; the dossier."""
        contact = Contact(Channel.MAIL, f"{name}@example.org")
        names = [name] * people
        booking, dossier = await a_visit(
            self.calendar, self.calendar.at(hour, minute, days=days), *names, contact=contact
        )
        self.visits[dossier] = booking
        return dossier

    async def waits(self, name: str, days=4, minute=0, people=1, hour=9, **wish) -> UUID:
        """Somebody who asks for an earlier hour; the dossier."""
        dossier = await self.visit(name, days=days, minute=minute, hour=hour, people=people)
        await self.ask(dossier, **wish)
        return dossier

    async def ask(self, dossier: UUID, **wish) -> None:
        found = await dossiers.dossier(dossier)
        usual = {"calendars": (self.calendar.id,), "last_day": found.visit.start.astimezone(self.calendar.zone).date()}
        await actions.ask(found, Wish(**usual | wish), RESIDENT)

    async def free(self, hour=9, minute=0, days=0, people=1) -> UUID:
        """Somebody cancels; the freed hour's id."""
        booking, _ = await a_visit(self.calendar, self.calendar.at(hour, minute, days=days), *["x"] * people)
        await calendars.cancel(booking)
        start = self.calendar.at(hour, minute, days=days)
        [found] = [freed for freed in await freeing.freed(clock.now()) if freed.start == start]
        return found.id

    async def asked(self) -> UUID | None:
        """Run the job; who is asked now."""
        await offering.run()
        return await self.pending()

    async def pending(self) -> UUID | None:
        async with connection() as c:
            return await c.fetchval("SELECT dossier FROM parvis.earlier_offer WHERE outcome IS NULL")

    async def take(self, dossier: UUID) -> None:
        await actions.accept((await queries.offer_to(dossier)).id, dossier, RESIDENT)

    async def start(self, dossier: UUID):
        return (await dossiers.dossier(dossier)).visit.start

    async def told(self, dossier: UUID) -> list[str]:
        return [message.template for message in await of_dossier(dossier)]


@pytest.fixture
async def hall(database):
    calendar = await a_calendar(desks=1, horizon_days=30)
    await enable_plugin(calendar.emitter, "idcard")
    await publish(calendar.emitter, "idcard")
    found = Hall(calendar)

    async def earlier(_: UUID) -> timedelta | None:
        return found.answer

    before = plugins.current() if plugins.registry._current else None
    plugins.use(a_plugin(a_service(earlier)))
    # Ten in the morning, five days before the calendar's working day.
    put_clock(calendar.at(10, days=-5))
    yield found
    if before:
        plugins.use(before)


def a_service(earlier) -> Service:
    kind = Kind(key="deposit", name=Text("Deposit"), first=20, further=15)
    return Service(
        key="idcard", name=Text("Papers"), summary=Text("Papers"), kinds=(kind,), details=Nothing, first_page="/",
        kept=timedelta(days=30), earlier=earlier,
    )  # fmt: skip
