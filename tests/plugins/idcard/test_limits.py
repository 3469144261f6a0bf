"""What nobody may do a thousand times, over the pages: hold hours, have codes sent, gather appointments."""

from dataclasses import replace

import pytest
from tests.plugins.idcard.browsing import FORM, Browser

from parvis import settings
from parvis.calendars.proofs import unlike_bookings
from parvis.db import connection, transaction
from parvis.errors import Refused
from parvis.territory.actions import keep_settings
from parvis_idcard import actions
from parvis_idcard.emitter_settings import Settings


async def held():
    async with connection() as c:
        return await c.fetchval("SELECT count(*) FROM parvis.booking WHERE state = 'held'")


async def test_one_program_cannot_hold_every_hour(app, town):
    settings.use(replace(settings.current(), limit_claims=3))
    robot, reader = Browser(app, town), Browser(app, town)
    reader.http.headers["user-agent"] = "a library's"
    for hour in (9, 10, 11):
        assert (await robot.hold(hour, f"page-{hour}")).page.status_code == 200
    await robot.post("/e/m2a/idcard/hold", slot=robot.slot(9), search="what=CNI&people=1", page="again")
    assert robot.page.status_code == 429
    assert "Veuillez réessayer à" in robot.text
    assert await held() == 3
    assert (await reader.hold(9, "other")).page.status_code == 409
    assert await unlike_bookings() == []


async def test_one_hour_sends_codes_to_a_few_contacts_only(browser):
    settings.use(replace(settings.current(), limit_contacts=2))
    await browser.hold()
    form = browser.path
    for n in range(2):
        await browser.post(form, **FORM | {"email": f"lea{n}@example.org"})
        assert browser.path.endswith("/check")
    await browser.post(form, **FORM | {"email": "lea2@example.org"})
    assert browser.page.status_code == 429
    assert 'id="email-error"' in browser.page.text
    assert "Veuillez réessayer à" in browser.text
    assert 'value="lea2@example.org"' in browser.page.text
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM parvis.contact_proof") == 2


async def test_people_a_contact_is_a_setting_of_the_town_hall(town):
    await keep_settings(town.calendar.emitter, "idcard", Settings(people=2))
    with pytest.raises(Refused) as refused:
        await actions.book(await town.request(await town.hold(people=3)))
    (refusal,) = refused.value.refusals
    assert (refusal.code, refusal.text.params["most"]) == ("contact-limit", 2)


async def test_whom_to_call_is_said_even_where_a_place_has_no_telephone(town):
    await keep_settings(town.calendar.emitter, "idcard", Settings(people=1))
    request = await town.request(await town.hold(people=2))
    for place, emitter in (("03 89 00 00 01", "03 89 00 00 02"), ("", "03 89 00 00 02")):
        async with transaction() as c:
            await c.execute("UPDATE parvis.place SET phone = $1", place)
            await c.execute("UPDATE parvis.emitter SET phone = $1", emitter)
        with pytest.raises(Refused) as refused:
            await actions.book(request)
        assert refused.value.refusals[0].text.params["phone"] == (place or emitter)
