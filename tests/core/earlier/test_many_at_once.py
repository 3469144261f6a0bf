"""The job, residents, agents and the public at once on the same few hours.

Nobody is asked twice for one hour, no hour is given twice, and nobody loses the appointment they had.
"""

import asyncio
import random
from contextlib import suppress
from datetime import timedelta

import pytest
from tests.core.earlier.conftest import RESIDENT
from tests.seeds import seeds

from parvis import clock
from parvis.calendars import actions as calendars
from parvis.calendars import freeing, proofs
from parvis.db import connection
from parvis.dossiers import queries as dossiers
from parvis.earlier import actions, offering, queries
from parvis.errors import Conflict, Refused

PEOPLE, ROUNDS = 6, 10
COUNTED = """
SELECT w.offers, count(o.id) AS n FROM parvis.earlier_wish w
LEFT JOIN parvis.earlier_offer o ON o.dossier = w.dossier GROUP BY w.dossier
"""


class Crowd:
    """Everybody at once, by chance."""

    def __init__(self, hall, people, chance):
        self.hall, self.people, self.chance = hall, people, chance

    async def round(self):
        await asyncio.gather(*(self.one() for _ in range(8)))
        clock.move(timedelta(minutes=self.chance.choice([1, 30, 121])))

    async def one(self):
        with suppress(Conflict, Refused):
            await self.chance.choice([self.answer, offering.run, self.public, calendars.sweep])()

    async def answer(self):
        dossier = self.chance.choice(self.people)
        if self.chance.random() < 0.5:
            await actions.decline(dossier)
        elif offer := await queries.offer_to(dossier):
            await actions.accept(offer.id, dossier, RESIDENT)

    async def public(self):
        start = self.hall.calendar.at(9, self.chance.choice([0, 20, 40]))
        await calendars.hold(self.hall.calendar.id, "deposit", start, counter=self.chance.random() < 0.3)


@pytest.mark.parametrize("seed", seeds())
async def test_whatever_happens_at_once_everybody_keeps_one_hour(hall, seed):
    people = [await hall.waits(f"p{n}", days=4 + n % 3, minute=n // 3 * 20) for n in range(PEOPLE)]
    for minute in (0, 20, 40):
        await hall.free(minute=minute)
    before = {dossier: await hall.start(dossier) for dossier in people}
    crowd = Crowd(hall, people, random.Random(seed))
    for _ in range(ROUNDS):
        await crowd.round()
    assert await proofs.unlike_bookings() == []
    for dossier in people:
        found = await dossiers.dossier(dossier)
        assert found.visit.live
        assert found.visit.start <= before[dossier]
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) - count(DISTINCT (dossier, hour)) FROM parvis.earlier_offer") == 0
        counted = await c.fetch(COUNTED)
    assert all(row["offers"] == row["n"] <= 3 for row in counted)


async def test_without_the_promise_the_public_takes_what_was_proposed(hall, monkeypatch):
    """The control: the promise is what keeps an hour for who was asked."""

    async def promised(*_):
        return True

    monkeypatch.setattr(freeing, "promise", promised)
    asked = await hall.waits("léa")
    await hall.free()
    assert await hall.asked() == asked
    held = await calendars.hold(hall.calendar.id, "deposit", hall.calendar.at(9), counter=True)
    with pytest.raises(actions.OfferGone):
        await hall.take(asked)
    assert (held.start, await hall.start(asked)) == (hall.calendar.at(9), hall.calendar.at(9, days=4))
