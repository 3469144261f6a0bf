"""A town hall that disabled the plugin: its hours are shown to nobody and cannot be booked; what was booked stays."""

import pytest
from tests.plugins.idcard.browsing import SEARCH

from parvis.dossiers import queries as dossiers
from parvis.errors import Refused
from parvis.territory.actions import disable_plugin, enable_plugin
from parvis_idcard import actions


async def test_an_hour_that_is_held_is_not_booked_and_what_was_booked_stays(town):
    booked = await actions.book(await town.request(await town.hold()))
    held = await town.request(await town.hold(10), numbers=["B123456789"], email="paul@example.org")
    await disable_plugin(town.calendar.emitter, "idcard")
    with pytest.raises(Refused) as refused:
        await actions.book(held)
    assert [refusal.code for refusal in refused.value.refusals] == ["not-offered"]
    assert (await dossiers.dossier(booked.dossier)).visit.live
    await enable_plugin(town.calendar.emitter, "idcard")
    await actions.book(held)


async def test_its_hours_are_not_among_those_of_the_territory(browser, town):
    await browser.get(f"/e/m2a/idcard/hours?{SEARCH}")
    assert 'name="slot"' in browser.text
    await disable_plugin(town.calendar.emitter, "idcard")
    await browser.get(f"/e/m2a/idcard/hours?{SEARCH}")
    assert 'name="slot"' not in browser.text
