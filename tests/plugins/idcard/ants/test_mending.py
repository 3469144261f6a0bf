"""A number that turns out to be worth nothing: one question, some days to mend it, then the hour is free."""

from datetime import timedelta

import pytest

from parvis import clock
from parvis.contract.values import Channel
from parvis.db import connection
from parvis.dossiers import queries as dossiers
from parvis.dossiers.actions import By
from parvis.errors import Refused
from parvis.messages.letters import letterhead, write
from parvis.messages.sealing import unseal
from parvis_idcard import actions, messages
from parvis_idcard.ants.coordination import actions as coordination
from parvis_idcard.ants.coordination import jobs, queries
from parvis_idcard.ants.coordination.rules import State, Status
from parvis_idcard.ants.simulator import faults
from parvis_idcard.rules import Age, Applicant


async def told():
    """The messages about numbers that were queued."""
    async with connection() as c:
        return await c.fetchval("SELECT count(*) FROM parvis.message WHERE template = $1", messages.NUMBER)


async def live(dossier):
    return (await dossiers.dossier(dossier.id)).visit.live


async def row_of(dossier):
    return (await queries.of_dossier(dossier.id))[0]


def becomes(monkeypatch, service, status):
    monkeypatch.setattr(service.registry, "status", lambda _: status)


async def checked(worker):
    done = await jobs.check_near_ones()
    await worker()
    await jobs.ask()
    return done


@pytest.fixture
async def far(service, worker, book):
    """A deposit nine days ahead, declared."""
    dossier = await book(days=4)
    await worker()
    return dossier


async def test_a_check_that_could_not_be_made_is_made_later_and_tells(service, worker, book, monkeypatch):
    service.faults.add(faults.DOWN)
    dossier = await book()
    await worker()
    becomes(monkeypatch, service, "consumed")
    service.faults.clear()
    clock.move(timedelta(minutes=6))
    await worker()
    row = await row_of(dossier)
    assert (row.state, row.status) == (State.REFUSED, Status.CONSUMED)
    assert await jobs.ask() == 1
    assert await told() == 1
    assert await jobs.ask() == 0
    row = await row_of(dossier)
    assert row.answer_by - row.asked_at == timedelta(days=3)


async def test_numbers_are_asked_about_seven_and_two_days_before(service, worker, far):
    assert await checked(worker) == 0
    clock.move(far.visit.start - timedelta(days=7) + timedelta(minutes=1) - clock.now())
    assert await checked(worker) == 1
    assert await checked(worker) == 0
    clock.move(timedelta(days=5))
    assert await checked(worker) == 1
    assert await checked(worker) == 0
    assert await told() == 0


@pytest.mark.parametrize("status", ["consumed", "expired"])
async def test_a_dead_appointment_is_one_question_and_then_a_free_hour(service, worker, far, monkeypatch, status):
    becomes(monkeypatch, service, status)
    clock.move(far.visit.start - timedelta(days=7) + timedelta(minutes=1) - clock.now())
    await checked(worker)
    assert await told() == 1
    assert await jobs.free_unanswered() == 0
    clock.move(timedelta(days=2, hours=23))
    assert await jobs.free_unanswered() == 0
    clock.move(timedelta(hours=1, minutes=1))
    assert await jobs.free_unanswered() == 1
    assert not await live(far)
    await worker()
    assert service.ours() == set()
    assert await jobs.free_unanswered() == 0


@pytest.mark.parametrize("status", ["unknown", "declared"])
async def test_what_may_be_a_mistake_is_told_and_never_freed(service, worker, far, monkeypatch, status):
    becomes(monkeypatch, service, status)
    clock.move(far.visit.start - timedelta(days=7) + timedelta(minutes=1) - clock.now())
    await checked(worker)
    assert await told() == 1
    clock.move(timedelta(days=6))
    assert await jobs.free_unanswered() == 0
    assert await live(far)


async def test_one_living_number_of_a_family_keeps_the_hour(service, worker, book, monkeypatch):
    dossier = await book(["A123456789", "B123456789"], days=4)
    await worker()
    monkeypatch.setattr(service.registry, "status", lambda n: "consumed" if n == "A123456789" else "validated")
    clock.move(dossier.visit.start - timedelta(days=7) + timedelta(minutes=1) - clock.now())
    await checked(worker)
    assert await told() == 1
    clock.move(timedelta(days=4))
    assert await jobs.free_unanswered() == 0


async def test_who_answers_keeps_the_hour(service, worker, far, monkeypatch):
    becomes(monkeypatch, service, "consumed")
    clock.move(far.visit.start - timedelta(days=7) + timedelta(minutes=1) - clock.now())
    await checked(worker)
    await coordination.keep_hour(far.id)
    clock.move(timedelta(days=4))
    assert await jobs.free_unanswered() == 0
    assert await live(far)


async def test_an_agents_reason_keeps_the_hour_and_asks_nobody(service, worker, far, monkeypatch):
    await coordination.override(await row_of(far), None, "It is for the passport.")
    await worker()
    becomes(monkeypatch, service, "consumed")
    clock.move(far.visit.start - timedelta(days=7) + timedelta(minutes=1) - clock.now())
    await checked(worker)
    assert await told() == 0
    clock.move(timedelta(days=4))
    assert await jobs.free_unanswered() == 0


async def test_less_than_a_day_before_nothing_is_freed(service, worker, far, monkeypatch):
    clock.move(far.visit.start - timedelta(hours=20) - clock.now())
    becomes(monkeypatch, service, "consumed")
    await checked(worker)
    for hours in (1, 10, 8):
        clock.move(timedelta(hours=hours))
        assert await jobs.free_unanswered() == 0


async def test_another_number_mends_it(service, worker, far, monkeypatch):
    monkeypatch.setattr(service.registry, "status", lambda n: "consumed" if n == "A123456789" else "validated")
    clock.move(far.visit.start - timedelta(days=7) + timedelta(minutes=1) - clock.now())
    await checked(worker)
    after = Applicant(given="Léa", family="Martin", age=Age.ADULT, number="B123456789")
    await actions.correct(await dossiers.dossier(far.id), 0, after, By("resident"))
    await worker()
    clock.move(timedelta(days=4))
    assert await jobs.free_unanswered() == 0
    assert {number for number, *_ in service.ours()} == {"B123456789"}


async def test_a_dead_number_cannot_be_the_new_one_unless_staff_writes_it(service, worker, far):
    after = Applicant(given="Léa", family="Martin", age=Age.ADULT, number="CONSUMED01")
    with pytest.raises(Refused) as refused:
        await actions.correct(await dossiers.dossier(far.id), 0, after, By("resident"))
    assert [(r.code, r.field) for r in refused.value.refusals] == [("number-consumed", "number")]
    await actions.correct(await dossiers.dossier(far.id), 0, after, By("staff", None, far.emitter))


async def test_a_number_that_recovers_needs_nothing(service, worker, far, monkeypatch):
    becomes(monkeypatch, service, "declared")
    clock.move(far.visit.start - timedelta(days=7) + timedelta(minutes=1) - clock.now())
    await checked(worker)
    becomes(monkeypatch, service, "validated")
    await coordination.check_again([await row_of(far)])
    await worker()
    row = await row_of(far)
    assert (row.status, row.asked_at, row.state) == (Status.VALIDATED, None, State.DECLARED)


async def sent(channel):
    async with connection() as c:
        row = await c.fetchrow("SELECT * FROM parvis.message WHERE template = $1", messages.NUMBER)
    head = await letterhead(row["emitter"])
    return write(messages.NUMBER, channel, "en", head, unseal(row["sealed"]))


async def test_the_message_says_what_to_do_until_when_and_leads_there(app, service, worker, far, monkeypatch):
    becomes(monkeypatch, service, "expired")
    clock.move(far.visit.start - timedelta(days=7) + timedelta(minutes=1) - clock.now())
    await checked(worker)
    mail = await sent(Channel.MAIL)
    for words in ("A123456789", "too old", "/number?key=", "give this hour to somebody else"):
        assert words in mail.text
        assert words.replace("&", "&amp;") in mail.html
    assert "A123456789" in (await sent(Channel.SMS)).text


async def test_the_question_over_the_pages(browser, worker, service, monkeypatch, book, town):
    dossier = await book(days=4)
    await worker()
    becomes(monkeypatch, service, "consumed")
    clock.move(dossier.visit.start - timedelta(days=7) + timedelta(minutes=1) - clock.now())
    await checked(worker)
    key = dossiers.link_key(dossier.id, dossier.visit.end)
    path = f"/e/{dossier.slug}/idcard/visit/{dossier.id}/number"
    await browser.get(f"{path}?key={key}")
    assert "A paper was already applied for with this number" in browser.text
    assert "we free this hour on" in browser.text
    assert f"/people/0?key={key}" in browser.text
    await browser.post(f"{path}/keep?key={key}")
    assert browser.page.status_code == 200
    assert "You said that you come" in browser.text
    assert (await browser.get(path)).status_code == 404
