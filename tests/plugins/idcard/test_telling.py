from datetime import datetime, timedelta
from pathlib import Path

import pytest

import parvis_idcard
from parvis import clock, crypto
from parvis.calendars import planning
from parvis.calendars.orphaned import Decision
from parvis.contract.values import Channel
from parvis.db import connection, transaction
from parvis.dossiers import actions as dossier_actions
from parvis.dossiers import queries as dossiers
from parvis.dossiers import settling
from parvis.dossiers.actions import By
from parvis.events import BookingMoved
from parvis.messages.letters import Letterhead, write
from parvis.messages.queries import of_dossier
from parvis.messages.sealing import Letter, unseal
from parvis.messages.sms import segments
from parvis.web import folders
from parvis_idcard import actions, jobs, messages, personal, queries, reactions
from parvis_idcard.ants.coordination.queries import NUMBER
from parvis_idcard.rules import Age, Applicant

HEAD = Letterhead(
    name="Ville de Mulhouse", portal="m2A", phone="03 89 00 00 00", url="http://localhost:8000/e/mulhouse"
)


@pytest.fixture(autouse=True)
def words():
    """The plugin's templates and catalogues, as a composition root adds them."""
    folders.use([Path(parvis_idcard.__file__).parent])
    yield
    folders.use([])


async def told(dossier):
    return sorted(message.template for message in await of_dossier(dossier))


async def test_an_event_delivered_twice_tells_once(town):
    booked = await actions.book(await town.request(await town.hold()))
    assert await messages.tell(messages.CONFIRMED, booked.dossier, "confirmed")
    assert not await messages.tell(messages.CONFIRMED, booked.dossier, "confirmed")
    assert await told(booked.dossier) == ["idcard/confirmed"]


async def test_one_reminder_when_it_is_due_and_none_twice(town):
    booked = await actions.book(await town.request(await town.hold()))
    assert await jobs.remind() == 0
    clock.move(town.calendar.at(9) - timedelta(days=2) - clock.now())
    assert await jobs.remind() == 1
    assert await jobs.remind() == 0
    assert await told(booked.dossier) == ["idcard/reminder"]
    assert (await dossiers.timeline(booked.dossier))[0].event == "visit.reminded"


async def settled(town, booked, decision: Decision) -> None:
    async with transaction():
        locked = await settling.lock([booked.booking])
        await settling.settle({booked.booking: decision}, locked, By("staff"), "La station est en panne.")


async def test_whoever_is_moved_by_staff_is_told_why(town):
    booked = await actions.book(await town.request(await town.hold()))
    clock.move(town.calendar.at(9) - timedelta(days=2) - clock.now())
    assert await jobs.remind() == 1
    await settled(town, booked, Decision("move", town.calendar.at(10, days=3)))
    visit = (await dossiers.dossier(booked.dossier)).visit
    assert visit.start == town.calendar.at(10, days=3)
    moved = BookingMoved(
        booking=booked.booking,
        dossier=booked.dossier,
        calendar=town.calendar.id,
        start=visit.start,
        end=visit.end,
        previous_calendar=town.calendar.id,
        previous_start=town.calendar.at(9),
    )
    await reactions.tell_moved(moved)
    await reactions.tell_moved(moved)
    assert await told(booked.dossier) == ["idcard/moved", "idcard/reminder"]
    assert await dossiers.reason_of(booked.dossier, "booking.moved") == "La station est en panne."


async def test_whoever_is_cancelled_by_staff_is_told_why(town):
    booked = await actions.book(await town.request(await town.hold()))
    await settled(town, booked, Decision("cancel"))
    found = await dossiers.dossier(booked.dossier)
    assert not found.visit.live
    assert await messages.tell(messages.CANCELLED, booked.dossier, "cancelled")
    assert await dossiers.reason_of(booked.dossier, "booking.cancelled") == "La station est en panne."
    assert await settling.contacts([booked.booking]) == {booked.booking: "mail"}


async def test_what_a_town_hall_adds_is_told_in_the_language_of_whoever_comes(town):
    texts = {"fr": "Entrée par la cour\nDigicode 12", "de": "Eingang im Hof"}
    await planning.offer(town.calendar.id, "deposit", 20, 15, number=True, bring=texts)
    assert await queries.also_bring(town.calendar.place, "deposit", "fr") == ["Entrée par la cour", "Digicode 12"]
    assert await queries.also_bring(town.calendar.place, "deposit", "en") == ["Entrée par la cour", "Digicode 12"]
    assert await queries.also_bring(town.calendar.place, "deposit", "de") == ["Eingang im Hof"]
    assert await queries.also_bring(town.calendar.place, "gone", "fr") == []


async def test_a_cancelled_visit_is_not_reminded(town):
    booked = await actions.book(await town.request(await town.hold()))
    await actions.cancel(booked.dossier, By("resident"))
    clock.move(town.calendar.at(9) - timedelta(days=2) - clock.now())
    assert await jobs.remind() == 0


async def test_erasing_takes_names_numbers_and_messages(town):
    booked = await actions.book(await town.request(await town.hold()))
    await messages.tell(messages.CONFIRMED, booked.dossier, "confirmed")
    assert (await actions.export(booked.dossier))["applicants"][0]["family"] == "Martin"
    assert await actions.erase([booked.dossier]) == 1
    assert (await actions.export(booked.dossier))["applicants"] == ()
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM parvis.message WHERE sealed IS NOT NULL") == 0


async def test_what_the_register_has_still_to_be_told_is_not_erased_yet(town):
    booked = await actions.book(await town.request(await town.hold()))
    assert await personal.why_kept(booked.dossier) is None
    sql = (
        "INSERT INTO idcard.declaration (id, dossier, emitter, applicant, number, number_digest, state, due) "
        "VALUES (gen_random_uuid(), $1, gen_random_uuid(), gen_random_uuid(), $2, '', $3, $4)"
    )
    async with connection() as c:
        await c.execute(sql, booked.dossier, crypto.encrypt(b"A1B2C3D4E5", NUMBER), "due", clock.now())
    assert "national register" in (await personal.why_kept(booked.dossier)).msgid
    (declared,) = (await actions.export(booked.dossier))["declarations"]
    assert (declared["number"], declared["state"]) == ("A1B2C3D4E5", "due")
    async with connection() as c:
        await c.execute("UPDATE idcard.declaration SET state = 'withdrawn'")
    assert await personal.why_kept(booked.dossier) is None


@pytest.mark.parametrize("lang", ["fr", "de", "en"])
@pytest.mark.parametrize("template", messages.TEMPLATES, ids=lambda template: template.key)
def test_every_message_can_be_written_and_an_sms_is_one_segment(instance, template, lang):
    mail = write(template.key, Channel.MAIL, lang, HEAD, Letter("lea@example.org", template.sample, None))
    assert "K7M29QXP" in mail.text
    assert "K7M29QXP" in mail.html
    assert template.sample["cancel"] in mail.text or template.key == messages.CANCELLED
    sms = write(template.key, Channel.SMS, lang, HEAD, Letter("+33612345678", template.sample, None))
    assert segments(sms.text) == 1, sms.text


async def test_what_is_told_of_an_ordinary_appointment_can_be_written(town):
    """A sample has everything; a real message only what there is to say."""
    booked = await actions.book(await town.request(await town.hold()))
    for key in (messages.CONFIRMED, messages.MOVED, messages.REMINDER, messages.CANCELLED):
        assert await messages.tell(key, booked.dossier, key)
        async with connection() as c:
            sealed = await c.fetchval("SELECT sealed FROM parvis.message WHERE template = $1", key)
        for channel in Channel:
            assert booked.reference in write(key, channel, "fr", HEAD, unseal(sealed)).text, (key, channel)


async def test_contact_by_sms_is_told_by_sms(town):
    person = Applicant(given="Léa", family="Martin", age=Age.ADULT, number="A123456789")
    request = await town.request(
        await town.hold(), email=None, phone="+33612345678", channel=Channel.SMS, applicants=(person,)
    )
    booked = await actions.book(request)
    await messages.tell(messages.CONFIRMED, booked.dossier, "confirmed")
    assert [message.channel for message in await of_dossier(booked.dossier)] == [Channel.SMS]


async def moved_to(town, booked, days):
    by = By("resident")
    await dossier_actions.move_visit(booked.dossier, town.calendar.id, town.calendar.at(9, days=days), "Town hall", by)


async def test_an_hour_that_was_moved_is_reminded_of_anew(town):
    booked = await actions.book(await town.request(await town.hold()))
    clock.move(town.calendar.at(9) - timedelta(days=2) - clock.now())
    assert await jobs.remind() == 1
    await moved_to(town, booked, 3)
    assert await jobs.remind() == 0
    clock.move(timedelta(days=3))
    assert await jobs.remind() == 1
    assert await jobs.remind() == 0


async def test_whoever_has_just_moved_an_hour_is_not_reminded_of_it_at_once(town):
    far = await actions.book(await town.request(await town.hold(days=4)))
    clock.move(timedelta(hours=30))
    await moved_to(town, far, 0)
    # Five days before the new hour: booked long before, but theirs only now.
    assert await jobs.remind() == 0
    clock.move(town.calendar.at(9) - timedelta(days=2) - clock.now())
    assert await jobs.remind() == 1


async def test_the_page_announces_the_reminders_that_will_come(browser):
    await browser.to_check()
    await browser.post(browser.path, code=await browser.code())
    assert "Un rappel suivra" in browser.text
    assert "Des rappels" not in browser.text


@pytest.mark.parametrize("lang", ["fr", "de", "en"])
@pytest.mark.parametrize("template", messages.TEMPLATES, ids=lambda template: template.key)
def test_an_sms_is_one_segment_with_the_longest_names_and_days_too(instance, template, lang):
    long = {
        "place": "Mairie annexe de Bourtzwiller-Mulhouse (Pôle citoyenneté)",
        "short": "https://rendez-vous.mulhouse-alsace-agglomeration.fr/my/requests",
        "start": datetime.fromisoformat("2026-09-23T08:50:00+00:00"),
    }
    sms = write(template.key, Channel.SMS, lang, HEAD, Letter("+33612345678", {**template.sample, **long}, None))
    assert segments(sms.text) == 1
    assert "Mairie ann" in sms.text
    assert "K7M29QXP" in sms.text
    assert long["short"] in sms.text or template.key == messages.CANCELLED
