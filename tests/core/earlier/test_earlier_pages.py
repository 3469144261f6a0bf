"""The resident's pages of an earlier hour, by the link of a mail and without scripts."""

from html import unescape

import httpx
import pytest

from parvis import plugins, settings
from parvis.dossiers.queries import link_key
from parvis.earlier import queries
from parvis.territory import actions as territory
from parvis.testing.applications import application


class Resident:
    """Somebody with the link of their appointment."""

    def __init__(self, app, dossier, key):
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url=settings.current().base_url,
            headers={"accept": "text/html", "accept-language": "en", "origin": settings.current().base_url},
        )
        self.path, self.key = f"/my/visits/{dossier}/earlier", key

    async def get(self, **query):
        self.page = await self.http.get(self.path, params={"key": self.key} | query)
        return self

    async def post(self, part="", **data):
        self.page = await self.http.post(self.path + part, params={"key": self.key}, data=data, follow_redirects=True)
        return self

    @property
    def text(self):
        return unescape(self.page.text)


@pytest.fixture
async def app(hall):
    await territory.add_emitter(settings.current().territory, "Whole", "agglomeration", latitude=47.7, longitude=7.3)
    brought = plugins.current()
    made = application()
    plugins.use(brought)
    return made


async def resident(app, hall, dossier):
    return Resident(app, dossier, link_key(dossier, hall.calendar.at(9, days=20)))


def answers(hall, **more):
    return {"places": hall.calendar.id.hex, "not_before": "0", "not_after": "24", "last_day": hall.calendar.day} | more


async def test_one_asks_is_proposed_an_hour_and_takes_it(app, hall):
    dossier = await hall.visit("léa")
    page = await resident(app, hall, dossier)
    await page.get()
    assert page.page.status_code == 200
    assert "Would you like an earlier hour?" in page.text
    await page.post(**answers(hall, not_after="12", weekdays=["1", "2", "3", "4", "5", "6"]))
    assert "We write to you as soon as" in page.text
    assert "up to 12" in page.text
    await hall.free()
    assert await hall.asked() == dossier
    await page.get()
    assert "An earlier hour for you" in page.text
    offer = await queries.offer_to(dossier)
    await page.post("/answer", take=offer.id)
    assert "Your appointment was moved" in page.text
    assert await hall.start(dossier) == hall.calendar.at(9)
    await page.post("/answer", take=offer.id)
    assert page.page.status_code == 200


async def test_one_keeps_the_hour_and_stops(app, hall):
    dossier = await hall.waits("léa")
    page = await resident(app, hall, dossier)
    await hall.free()
    await hall.asked()
    await page.post("/answer", take="")
    assert "You keep your hour" in page.text
    assert "Somebody else" not in page.text
    assert await hall.pending() is None
    await page.post("/stop")
    assert "We look for nothing any more" in page.text
    assert "Would you like an earlier hour?" in page.text
    assert await hall.start(dossier) == hall.calendar.at(9, days=4)


async def test_who_keeps_the_hour_hears_that_somebody_else_is_asked_where_somebody_is(app, hall):
    dossier = await hall.waits("léa")
    page = await resident(app, hall, dossier)
    await hall.free()
    await hall.asked()
    next_one = await hall.waits("max", minute=20)
    await page.post("/answer", take="")
    assert "Somebody else is asked now" in page.text
    assert await hall.pending() == next_one
    await page.post("/answer", take="")
    assert "Somebody else" not in page.text


@pytest.mark.parametrize("take", ["nonsense", "00000000-0000-0000-0000-000000000000"])
async def test_an_answer_to_nothing_says_that_the_appointment_stands(app, hall, take):
    page = await resident(app, hall, await hall.waits("léa"))
    await page.post("/answer", take=take)
    assert page.page.status_code == 409
    assert "Yours stands as it was" in page.text


async def test_wrong_answers_are_said_at_their_question_and_everything_is_kept(app, hall):
    page = await resident(app, hall, await hall.visit("léa"))
    await page.post(**answers(hall, places="", not_before="12", not_after="9", last_day="31/12/2029"))
    assert page.page.status_code == 409
    for said in ("Choose one place", "Choose an end that is later", "Choose a day from"):
        assert said in page.text
    await page.post(**answers(hall, last_day="", not_before="99"))
    assert page.page.status_code == 422
    assert "Write up to which day" in page.text


async def test_nobody_else_may_look_or_answer(app, hall):
    dossier, other = await hall.waits("léa"), await hall.visit("max", minute=20)
    page = Resident(app, dossier, link_key(other, hall.calendar.at(9, days=20)))
    for _ in (await page.get(), await page.post("/stop"), await page.post("/answer", take=""), await page.post()):
        assert page.page.status_code in (400, 403, 404)
    page.key = ""
    await page.post("/stop")
    assert page.page.status_code == 404
    assert (await queries.asked(dossier)).ended is None


async def test_a_cancelled_appointment_and_an_emitter_that_asks_nobody_say_so(app, hall):
    dossier = await hall.visit("léa")
    page = await resident(app, hall, dossier)
    hall.answer = None
    await page.get()
    assert "Earlier hours are not proposed here" in page.text
    await page.post(**answers(hall))
    assert page.page.status_code == 409
