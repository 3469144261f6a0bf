from datetime import timedelta

import pytest

from parvis import clock, crypto
from parvis.calendars import actions as calendars
from parvis.contract.values import Channel, PersonalData
from parvis.db import connection, new_id
from parvis.dossiers import actions, erasing, queries
from parvis.dossiers.actions import By, NewDossier
from parvis.errors import NotFound
from parvis.identity.actors import ANONYMOUS, Actor, Proof
from parvis.identity.contacts import Contact
from parvis.testing.calendars import a_calendar
from parvis.testing.people import a_person

LEA = Contact(Channel.MAIL, "lea@example.org")


async def a_visit(calendar, *, person=None, names=("Léa Martin",), hour=9):
    hold = await calendars.hold(calendar.id, "deposit", calendar.at(hour), 1)
    new = NewDossier(
        service="idcard",
        emitter=calendar.emitter,
        contact=LEA,
        names=names,
        language="de",
        kept_days=30,
        person=person,
    )
    return await actions.book(new, hold.id, hold.secret, "Town hall", By("resident", person))


def proved(contact):
    return Actor(proofs=(Proof(new_id(), contact.kind, contact.digest, clock.now() + timedelta(hours=1)),))


@pytest.fixture
async def calendar(database):
    return await a_calendar()


async def test_a_dossier_belongs_to_the_account_and_to_the_proved_contact(calendar):
    lea, paul = await a_person(), await a_person()
    opened = await a_visit(calendar, person=lea)
    for actor in (Actor(person=lea), proved(LEA)):
        assert (await queries.for_resident(opened.id, actor, None)).id == opened.id
        assert [found.id for found in await queries.of_actor(actor)] == [opened.id]
    for actor in (ANONYMOUS, Actor(person=paul), proved(Contact(Channel.MAIL, "paul@example.org"))):
        with pytest.raises(NotFound):
            await queries.for_resident(opened.id, actor, None)
        assert await queries.of_actor(actor) == []


async def test_a_link_opens_its_own_dossier_until_it_is_too_old(calendar):
    opened, other = await a_visit(calendar), await a_visit(calendar, hour=10)
    key = queries.link_key(opened.id, clock.now() + timedelta(days=1))
    assert (await queries.for_resident(opened.id, ANONYMOUS, key)).id == opened.id
    for dossier, bad in ((other.id, key), (opened.id, key[:-2] + "xx"), (opened.id, "😀"), (opened.id, "a.b.c.d")):
        with pytest.raises(crypto.Unreadable):
            await queries.for_resident(dossier, ANONYMOUS, bad)
    clock.move(timedelta(days=1, seconds=2))
    with pytest.raises(crypto.Unreadable):
        await queries.for_resident(opened.id, ANONYMOUS, key)


async def test_reference_and_name_find_a_dossier_together_only(calendar):
    opened = await a_visit(calendar, names=("Léa Martin", "Zoé Müller-Roth"))
    for name in ("martin", "LEA MARTIN", "Müller", "muller roth"):
        typed = f" {opened.reference[:4].lower()}-{opened.reference[4:]}"
        assert (await queries.by_reference(typed, name)).id == opened.id
    for name in ("", "M", "Durand", "Léa Müller"):
        with pytest.raises(NotFound):
            await queries.by_reference(opened.reference, name)


async def test_a_visit_that_is_over_closes_and_is_erased_after_its_days(calendar):
    erased = []

    async def erase(ids):
        erased.extend(ids)
        return len(ids)

    async def export(_):
        return {}

    opened = await a_visit(calendar)
    owners = [PersonalData(key="idcard.rows", export=export, erase=erase)]
    assert await actions.close_past_visits() == 0
    clock.move(calendar.at(9, 30) - clock.now())
    assert await actions.close_past_visits() == 1
    assert await actions.close_past_visits() == 0
    clock.move(timedelta(days=29))
    assert await erasing.erase_kept_long_enough(owners) == 0
    clock.move(timedelta(days=1))
    assert await erasing.erase_kept_long_enough(owners) == 1
    assert erased == [opened.id]
    async with connection() as c:
        row = await c.fetchrow("SELECT * FROM parvis.dossier")
        assert row["state"] == "erased"
        assert {row["contact"], row["contact_digest"], row["names"], row["person"]} == {None}
        assert await c.fetchval("SELECT count(*) FROM parvis.timeline") == 0
    with pytest.raises(crypto.Unreadable):
        await queries.for_resident(opened.id, ANONYMOUS, queries.link_key(opened.id, clock.now() + timedelta(days=1)))


async def test_cancelling_closes_the_dossier_once(calendar):
    opened = await a_visit(calendar)
    await actions.cancel_visit(opened.id, By("resident"))
    await actions.cancel_visit(opened.id, By("resident"))
    found = await queries.dossier(opened.id)
    assert (found.state, found.visit.live) == ("closed", False)
    assert [row.event for row in await queries.timeline(opened.id)].count("booking.cancelled") == 1


async def test_a_failed_confirmation_leaves_no_dossier(calendar):
    hold = await calendars.hold(calendar.id, "deposit", calendar.at(9), 1)
    new = NewDossier(
        service="idcard", emitter=calendar.emitter, contact=LEA, names=("Léa",), language="fr", kept_days=30
    )
    with pytest.raises(calendars.HoldGone):
        await actions.book(new, hold.id, "guessed", "Town hall", By("resident"))
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM parvis.dossier") == 0


async def test_visits_of_a_span_of_time(calendar):
    opened = await a_visit(calendar)
    start = calendar.at(9)
    assert [found.id for found in await queries.visits("idcard", start - timedelta(days=1), start)] == [opened.id]
    assert await queries.visits("idcard", start, start + timedelta(days=1)) == []
    assert await queries.visits("nursery", start - timedelta(days=1), start) == []


async def test_a_reference_that_is_taken_is_not_given_again(calendar, monkeypatch):
    first = await a_visit(calendar)
    drawn = iter([first.reference, first.reference, "22222222"])
    monkeypatch.setattr(actions, "new_reference", lambda: next(drawn))
    assert (await a_visit(calendar, hour=10)).reference == "22222222"
