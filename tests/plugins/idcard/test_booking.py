import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from parvis import clock, settings
from parvis.calendars import actions as calendars
from parvis.calendars import planning
from parvis.calendars import queries as calendar_queries
from parvis.calendars.actions import HoldGone, SlotFull
from parvis.calendars.proofs import unlike_bookings
from parvis.calendars.slots import Slot
from parvis.contract.values import Channel
from parvis.db import connection, new_id
from parvis.dossiers import queries as dossiers
from parvis.dossiers.actions import By
from parvis.errors import Invalid, NotFound, Refused
from parvis.identity import actions as identity
from parvis.testing.people import a_person
from parvis_idcard import actions, drafts, queries
from parvis_idcard.hours import Search
from parvis_idcard.rules import Age, Applicant, Paper


def codes(refused):
    return [refusal.code for refusal in refused.value.refusals]


async def taken():
    async with connection() as c:
        return await c.fetchval("SELECT count(*) FROM parvis.booking WHERE state = 'confirmed'")


async def events():
    async with connection() as c:
        return [row["type"] for row in await c.fetch("SELECT type FROM parvis.event ORDER BY recorded, id")]


async def test_a_hold_becomes_an_appointment(town):
    booked = await actions.book(await town.request(await town.hold(people=2)))
    dossier = await dossiers.dossier(booked.dossier)
    assert (dossier.reference, dossier.visit.start, dossier.visit.people) == (booked.reference, town.calendar.at(9), 2)
    assert (dossier.names, dossier.contact.address) == (("Léa Martin", "Léa Martin"), "lea@example.org")
    found = await queries.appointment(booked.dossier)
    assert (found.paper, [person.number for person in found.applicants]) == (Paper.CARD, ["A023456789", "A123456789"])
    assert [row.event for row in await dossiers.timeline(booked.dossier)] == ["booking.confirmed", "dossier.opened"]
    assert {"dossier.opened", "booking.confirmed"} <= set(await events())


async def test_a_town_hall_decides_for_each_kind_whether_a_number_is_required(town):
    one = await town.request(await town.hold(), numbers=[None])
    with pytest.raises(Refused) as refused:
        await actions.book(one)
    assert codes(refused) == ["number-missing"]
    await planning.offer(town.calendar.id, "deposit", 20, 15, number=False)
    assert await actions.book(one)


async def test_names_contacts_and_numbers_are_not_readable_at_rest(town):
    await actions.book(await town.request(await town.hold()))
    async with connection() as c:
        for table in ("parvis.dossier", "parvis.timeline", "parvis.event", "idcard.applicant", "idcard.visit"):
            kept = await c.fetchval(f"SELECT string_agg(t::text, ' ') FROM {table} t")
            for told in ("Martin", "lea@example.org", "A023456789"):
                assert told not in kept
                assert told.encode().hex() not in kept


async def test_a_double_click_books_once(town):
    request = await town.request(await town.hold())
    first, second = await asyncio.gather(actions.book(request), actions.book(request))
    assert first.dossier == second.dossier
    assert (await actions.book(request)).reference == first.reference
    assert await taken() == 1


async def test_somebody_elses_hold_cannot_be_booked(town):
    request = await town.request(await town.hold())
    with pytest.raises(NotFound):
        await actions.book(replace(request, secret="guessed"))
    await actions.book(request)
    with pytest.raises(NotFound):
        await actions.book(replace(request, secret="guessed"))


async def test_a_hold_that_lapsed_is_told_and_nothing_stays_behind(town):
    request = await town.request(await town.hold())
    clock.move(timedelta(minutes=11))
    with pytest.raises(HoldGone):
        await actions.book(request)
    assert await taken() == 0
    assert await queries.live_numbers(["A023456789"]) == set()


async def test_the_contact_has_to_be_proved(town):
    request = await town.request(await town.hold())
    for proof in (None, new_id()):
        with pytest.raises(Refused) as refused:
            await actions.book(replace(request, proof=proof))
        assert codes(refused) == ["contact-not-proved"]


async def test_a_proof_of_another_contact_does_not_count(town):
    request = await town.request(await town.hold())
    other = await town.request(await town.hold(10), email="paul@example.org")
    with pytest.raises(Refused) as refused:
        await actions.book(replace(request, proof=other.proof))
    assert codes(refused) == ["contact-not-proved"]


async def test_the_verified_address_of_an_account_needs_no_code(town):
    person = await identity.ensure_person("https://sign-on.example", "1", name="Léa", email="Lea@example.org")
    request = await town.request(await town.hold())
    booked = await actions.book(replace(request, proof=None, person=person))
    assert (await dossiers.dossier(booked.dossier)).person == person


async def test_nor_does_its_telephone_number_however_the_provider_writes_it(town):
    person = await identity.ensure_person("https://sign-on.example", "1", name="Yvonne", phone="+33 6 39 98 00 03")
    request = await town.request(await town.hold(), channel=Channel.SMS, email=None, phone="06 39 98 00 03")
    booked = await actions.book(replace(request, proof=None, person=person))
    assert (await dossiers.dossier(booked.dossier)).person == person


async def test_one_live_deposit_for_a_number(town):
    await actions.book(await town.request(await town.hold(), numbers=["A123456789"]))
    again = await town.request(await town.hold(10), numbers=["a123 456 789"], email="paul@example.org")
    with pytest.raises(Refused) as refused:
        await actions.book(again)
    assert [(r.code, r.field) for r in refused.value.refusals] == [("application-booked", "applicants-0-number")]


async def test_two_residents_with_one_number_at_the_same_instant(town):
    one = await town.request(await town.hold(), numbers=["A123456789"])
    two = await town.request(await town.hold(10), numbers=["A123456789"], email="paul@example.org")
    results = await asyncio.gather(actions.book(one), actions.book(two), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["Booked", "Refused"]
    assert await taken() == 1


async def test_a_cancelled_appointment_frees_its_number(town):
    booked = await actions.book(await town.request(await town.hold(), numbers=["A123456789"]))
    await actions.cancel(booked.dossier, By("resident"))
    await actions.cancel(booked.dossier, By("resident"))
    again = await town.request(await town.hold(10), numbers=["A123456789"], email="paul@example.org")
    assert (await actions.book(again)).dossier != booked.dossier
    assert (await dossiers.dossier(booked.dossier)).state == "closed"
    assert await unlike_bookings() == []


async def test_eight_people_a_contact(town):
    await actions.book(await town.request(await town.hold(people=6)))
    clock.move(timedelta(minutes=2))
    more = await town.request(await town.hold(days=1, people=3), numbers=["B123456789", "C123456789", "D123456789"])
    with pytest.raises(Refused) as refused:
        await actions.book(more)
    assert codes(refused) == ["contact-limit"]


async def test_limits_of_a_contact_are_lifted_for_helpers_and_need_no_code(town):
    await actions.book(await town.request(await town.hold(people=6)))
    helper = await a_person("helper")
    numbers = ["B123456789", "C123456789", "D123456789"]
    request = await town.request(await town.hold(days=1, people=3), numbers=numbers, proof=new_id())
    booked = await actions.book(replace(request, proof=None, person=helper, for_others=True))
    assert (await dossiers.dossier(booked.dossier)).person is None
    assert {row.by for row in await dossiers.timeline(booked.dossier)} == {"helper"}


async def test_limits_can_be_off_for_load_tests_but_a_number_stays_one(town):
    settings.use(replace(settings.current(), limits=False))
    await actions.book(await town.request(await town.hold(people=6)))
    numbers = [f"B{n}23456789" for n in range(3)]
    await actions.book(await town.request(await town.hold(days=1, people=3), numbers=numbers))
    with pytest.raises(Refused) as refused:
        await actions.book(await town.request(await town.hold(days=2), numbers=["B123456789"]))
    assert codes(refused) == ["application-booked"]


async def test_a_refused_booking_leaves_nothing_behind(town):
    request = await town.request(await town.hold(people=2), numbers=["A123456789", "123"])
    with pytest.raises(Invalid) as refused:
        await actions.book(request)
    assert [refusal.field for refusal in refused.value.refusals] == ["applicants-1-number"]
    assert await taken() == 0
    assert "dossier.opened" not in await events()


async def test_moving_keeps_the_old_hour_until_the_new_one_is_sure(town):
    booked = await actions.book(await town.request(await town.hold()))
    await town.hold(10)
    dossier = await dossiers.dossier(booked.dossier)
    with pytest.raises(SlotFull):
        await actions.move(dossier, town.calendar.id, town.calendar.at(10), By("resident"))
    assert (await dossiers.dossier(booked.dossier)).visit.start == town.calendar.at(9)
    await actions.move(dossier, town.calendar.id, town.calendar.at(11), By("resident"))
    moved = await dossiers.dossier(booked.dossier)
    assert (moved.visit.start, moved.visit.sequence, moved.reference) == (town.calendar.at(11), 1, booked.reference)
    assert (await dossiers.timeline(booked.dossier))[0].event == "booking.moved"
    assert await unlike_bookings() == []


async def test_nothing_changes_once_the_visit_has_begun(town):
    booked = await actions.book(await town.request(await town.hold()))
    dossier = await dossiers.dossier(booked.dossier)
    clock.move(town.calendar.at(9) - clock.now())
    with pytest.raises(Refused):
        await actions.cancel(booked.dossier, By("resident"))
    with pytest.raises(Refused):
        await actions.move(dossier, town.calendar.id, town.calendar.at(11), By("resident"))
    with pytest.raises(Refused) as refused:
        await actions.correct(dossier, 0, Applicant(given="Lea", family="Martin", age=Age.ADULT), By("resident"))
    assert codes(refused) == ["visit-begun"]


async def test_a_name_is_corrected_for_free_and_logged(town):
    booked = await actions.book(await town.request(await town.hold()))
    dossier = await dossiers.dossier(booked.dossier)
    after = Applicant(given="Lea", family="Martín", age=Age.ADULT, number="A023456789")
    await actions.correct(dossier, 0, after, By("resident"))
    assert (await queries.appointment(booked.dossier)).applicants[0].family == "Martín"
    assert (await dossiers.dossier(booked.dossier)).names == ("Lea Martín",)
    assert (await dossiers.timeline(booked.dossier))[0].event == "names.corrected"


async def test_another_person_is_no_correction(town):
    booked = await actions.book(await town.request(await town.hold()))
    dossier = await dossiers.dossier(booked.dossier)
    after = Applicant(given="Paul", family="Durand", age=Age.ADULT, number="B023456789")
    with pytest.raises(Refused) as refused:
        await actions.correct(dossier, 0, after, By("resident"))
    assert codes(refused) == ["another-person"]
    assert (await dossiers.dossier(booked.dossier)).names == ("Léa Martin",)


async def test_saying_twice_that_one_comes_is_saying_it_once(town):
    booked = await actions.book(await town.request(await town.hold()))
    dossier = await dossiers.dossier(booked.dossier)
    await actions.say_coming(dossier, By("resident"))
    await actions.say_coming(dossier, By("resident"))
    assert [row.event for row in await dossiers.timeline(booked.dossier)].count("visit.coming") == 1


async def test_collecting_needs_no_number_and_takes_less_time(town):
    hold = await town.hold(kind="collection")
    request = await town.request(hold, applicants=(Applicant(given="Léa", family="Martin", age=Age.ADULT),))
    booked = await actions.book(request)
    assert (await queries.appointment(booked.dossier)).paper is None
    visit = (await dossiers.dossier(booked.dossier)).visit
    assert visit.end - visit.start == timedelta(minutes=5)


def slot_of(town, hour=9):
    return Slot(town.calendar.id, town.calendar.at(hour)).code


CARD = Search(what="PASSPORT", near="Illzach", people=1)


async def test_what_was_typed_survives_and_is_forgotten_once_booked(town):
    draft = await drafts.of_token(await drafts.take("page", slot_of(town), CARD, None))
    assert (draft.asked, draft.slot) == (CARD, slot_of(town))
    await drafts.keep(draft, {"applicants-0-given": ("Léa 😀",), "email": ("lea.example.org",)})
    kept = await drafts.of_token(draft.token)
    assert kept.form == "applicants-0-given=L%C3%A9a+%F0%9F%98%80&email=lea.example.org"
    hold = replace(await town.hold(10), id=draft.hold, secret=draft.secret)
    await actions.book(await town.request(hold))
    with pytest.raises(NotFound):
        await drafts.of_token(draft.token)


async def test_a_second_click_on_an_hour_is_the_same_hold(town):
    first, second = await asyncio.gather(*(drafts.take("page", slot_of(town), CARD, None) for _ in range(2)))
    assert first == second


async def test_another_hour_from_the_same_page_gives_the_first_one_back_and_keeps_what_was_typed(town):
    first = await drafts.of_token(await drafts.take("page", slot_of(town), CARD, None))
    await drafts.keep(first, {"email": ("lea@example.org",)})
    second = await drafts.of_token(await drafts.take("page", slot_of(town, 10), CARD, None))
    assert second.form == "email=lea%40example.org"
    assert await drafts.is_held(second)
    assert not await drafts.is_held(first)
    assert await unlike_bookings() == []


async def test_another_hour_that_has_gone_leaves_the_first_one_held(town):
    first = await drafts.of_token(await drafts.take("page", slot_of(town), CARD, None))
    await town.hold(10)
    with pytest.raises(SlotFull):
        await drafts.take("page", slot_of(town, 10), CARD, None)
    assert await drafts.is_held(first)


async def test_after_a_lapse_what_was_typed_goes_with_the_next_hour(town):
    lapsed = await drafts.of_token(await drafts.take("page", slot_of(town), CARD, None))
    await drafts.keep(lapsed, {"email": ("lea@example.org",)})
    clock.move(timedelta(minutes=11))
    await calendars.sweep()
    lapsed = await drafts.of_token(lapsed.token)
    following = await drafts.of_token(await drafts.take("other", slot_of(town, 10), CARD, lapsed))
    assert following.form == "email=lea%40example.org"


@pytest.mark.parametrize("token", ["", "x", "00000000000000000000000000000000.guessed", "😀.é", "." * 10_000])
async def test_a_made_up_token_finds_nothing(town, token):
    with pytest.raises(NotFound):
        await drafts.of_token(token)


async def test_a_draft_stays_an_hour_longer_than_its_hold(town):
    await drafts.take("page", slot_of(town), CARD, None)
    clock.move(timedelta(minutes=60))
    assert await drafts.sweep() == 0
    clock.move(timedelta(minutes=11))
    assert await drafts.sweep() == 1


async def test_a_hold_given_back_is_free_for_the_next_one(town):
    hold = await town.hold()
    with pytest.raises(SlotFull):
        await town.hold()
    await calendars.release(hold.id, hold.secret)
    assert (await calendar_queries.booking((await town.hold()).id)).state == "held"
