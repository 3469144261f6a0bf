"""What a town hall chooses is what its residents meet: reminders on its days, its words on pages and in mails."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.plugins.idcard.conftest import a_town
from tests.plugins.idcard.test_telling import told

from parvis import clock
from parvis.db import connection
from parvis.dossiers import queries as dossiers
from parvis.errors import Text
from parvis.territory.actions import disable_plugin, keep_settings
from parvis.web.fields import Wording
from parvis_idcard import actions, jobs, messages
from parvis_idcard.emitter_settings import Settings, read_days

WORDS = Wording(fr="Le parking <est> gratuit.\n\nEntrée par la cour.", de="Der Parkplatz ist frei.")


@pytest.mark.parametrize(("days", "sent"), [((), 0), ((1,), 1), ((10, 5, 1), 3), ((7, 2), 2)])
async def test_reminders_leave_on_the_days_that_were_chosen(database, days, sent):
    town = await a_town(horizon_days=30)
    await keep_settings(town.calendar.emitter, "idcard", Settings(reminders=days))
    booked = await actions.book(await town.request(await town.hold(days=12)))
    start = (await dossiers.dossier(booked.dossier)).visit.start
    counted = 0
    for before in range(12, -1, -1):
        clock.move(start - timedelta(days=before, minutes=-1) - clock.now())
        counted += await jobs.remind()
    assert counted == sent


async def test_a_town_hall_that_left_the_service_still_reminds(database):
    town = await a_town(horizon_days=30)
    booked = await actions.book(await town.request(await town.hold(days=8)))
    await disable_plugin(town.calendar.emitter, "idcard")
    clock.move(town.calendar.at(9, days=8) - timedelta(days=7) - clock.now())
    assert await jobs.remind() == 1
    assert await told(booked.dossier) == ["idcard/reminder"]


async def test_its_words_are_read_before_and_in_the_mails_in_the_readers_language(browser, town):
    await keep_settings(town.calendar.emitter, "idcard", Settings(before=WORDS, mails=WORDS))
    await browser.hold()
    assert "Le parking <est> gratuit." in browser.text
    assert "<est>" not in browser.page.text
    browser.http.headers["accept-language"] = "de"
    await browser.get(str(browser.page.url))
    assert "Der Parkplatz ist frei." in browser.text


@pytest.mark.parametrize(("lang", "words"), [("fr", ["Le parking <est> gratuit.", "", "Entrée par la cour."])])
def test_settings_put_their_words_into_the_mails_about_a_visit_to_come(lang, words):
    changed = {found.key for found in messages.TEMPLATES if found.settled}
    assert changed == {messages.CONFIRMED, messages.MOVED, messages.REMINDER}
    for found in messages.TEMPLATES:
        assert not found.settled or found.settled(Settings(mails=WORDS), lang) == {"words": words}
    assert WORDS.in_("en") == WORDS.fr


@given(st.text(max_size=30))
def test_days_are_read_or_refused_whatever_is_typed(typed):
    found = read_days(typed)
    if not isinstance(found, Text):
        assert list(found) == sorted(set(found), reverse=True)
        assert all(1 <= day <= 30 for day in found)
        assert len(found) <= 3
        assert read_days(", ".join(map(str, found))) == found


async def test_what_is_not_typed_stays_what_it_was_for_those_already_booked(town):
    await actions.book(await town.request(await town.hold()))
    await keep_settings(town.calendar.emitter, "idcard", Settings(kept_days=90))
    await actions.book(await town.request(await town.hold(10), email="zoe@example.org", numbers=["B123456789"]))
    async with connection() as c:
        kept = [row["kept_days"] for row in await c.fetch("SELECT kept_days FROM parvis.dossier ORDER BY opened_at")]
    assert kept == [30, 90]
