"""A resident asks who read their request; the manager of the emitter it was read for answers, once."""

import re
from datetime import timedelta
from html import unescape

import httpx
import pytest

from parvis import clock, settings
from parvis.audit import queries as audit
from parvis.contract.values import Role
from parvis.db import connection, new_id, transaction
from parvis.dossiers import actions as dossiers
from parvis.dossiers import erasing, queries, questions
from parvis.errors import NotFound
from parvis.events import ReadingAnswered, ReadingQuestioned
from parvis.identity import actions as identity
from parvis.messages.sealing import unseal
from parvis.office.questions import notices
from parvis.territory.actions import add_emitter
from parvis.testing.calendars import a_calendar
from parvis.testing.people import ISSUER
from parvis.testing.visits import a_visit


@pytest.fixture
async def visit(office):
    _, dossier = await a_visit(office.calendar, office.calendar.at(9), "Léa Martin")
    return dossier


@pytest.fixture
async def read(office, visit):
    """A reading by an agent; the dossier and the reading's id."""
    agent = await office.agent()
    await agent.get(f"requests/{visit}")
    (reading,) = await audit.readers_of(visit)
    return visit, reading.id


@pytest.fixture
async def resident(office):
    headers = {"accept": "text/html", "accept-language": "en", "origin": settings.current().base_url}
    transport, base = httpx.ASGITransport(office.app), settings.current().base_url
    async with httpx.AsyncClient(transport=transport, base_url=base, headers=headers, follow_redirects=True) as http:
        yield http


def link(dossier, part=""):
    return f"/my/requests/{dossier}{part}?key={queries.link_key(dossier, clock.now() + timedelta(days=1))}"


async def asked(dossier, reading):
    await questions.ask(await queries.dossier(dossier), reading)
    (found,) = (await questions.of_dossier(dossier)).values()
    return found


async def letters():
    async with connection() as c:
        rows = await c.fetch("SELECT template, language, sealed FROM parvis.message ORDER BY queued_at")
    return [(row["template"], unseal(row["sealed"])) for row in rows if row["template"].startswith("office/")]


async def test_a_resident_sees_service_role_and_date_and_asks(office, read, resident):
    dossier, reading = read
    page = unescape((await resident.get(link(dossier))).text)
    assert f"{office.slug} · Agent" in re.sub(r"\s+", " ", page)
    page = unescape((await resident.post(link(dossier, "/questions"), data={"reading": str(reading)})).text)
    assert "You asked who it was" in page
    assert "Ask who it was" not in page
    await resident.post(link(dossier, "/questions"), data={"reading": str(reading)})
    assert await questions.count_open(office.calendar.emitter) == 1


@pytest.mark.parametrize("what", ["", "x", "00000000-0000-0000-0000-000000000000", "another"])
async def test_only_a_reading_of_ones_own_request_is_asked_about(office, read, resident, what):
    dossier, reading = read
    _, another = await a_visit(office.calendar, office.calendar.at(10), "Paul Klein")
    subject, asked_about = (another, reading) if what == "another" else (dossier, what)
    answer = await resident.post(link(subject, "/questions"), data={"reading": str(asked_about)})
    assert answer.status_code == 404
    assert await questions.count_open(office.calendar.emitter) == 0


async def test_nobody_asks_about_anothers_request(read, resident):
    dossier, reading = read
    answer = await resident.post(f"/my/requests/{dossier}/questions", data={"reading": str(reading)})
    assert answer.status_code == 404


async def test_the_manager_is_written_to_once_and_answers_once(office, read, resident):
    dossier, reading = read
    async with transaction():
        boss = await identity.ensure_person(ISSUER, str(new_id()), name="Chef", email="chef@example.org")
        await identity.grant(boss, Role.MANAGER, office.calendar.emitter)
    question = await asked(dossier, reading)
    for _ in range(2):
        await notices.tell_managers(ReadingQuestioned(question=question.id))
    [(template, letter)] = await letters()
    assert (template, letter.address) == ("office/question", "chef@example.org")
    assert letter.context["url"].endswith(f"/office/{office.slug}/questions/{question.id}")

    manager = await office.agent("manager")
    await manager.get("questions")
    assert question.reference in manager.text
    await manager.get(f"questions/{question.id}")
    assert "Sophie Keller" in manager.text
    await manager.post(f"questions/{question.id}", answer=" ")
    assert manager.status == 422
    await manager.post(f"questions/{question.id}", answer="Your number was checked.")
    assert "The answer is on its way." in manager.text
    await manager.post(f"questions/{question.id}", answer="Something else.")
    assert manager.status == 404
    for _ in range(2):
        await notices.tell_resident(ReadingAnswered(question=question.id))
    [_, (template, letter)] = await letters()
    assert (template, letter.context["answer"]) == ("office/answer", "Your number was checked.")
    assert "Your number was checked." in (await resident.get(link(dossier))).text
    assert [act.action for act in await audit.trail("dossier", dossier)][-1] == "answer"
    async with connection() as c:
        assert b"checked" not in await c.fetchval("SELECT answer FROM parvis.reading_question")


async def test_without_a_managers_address_the_list_has_it(office, read):
    question = await asked(*read)
    await notices.tell_managers(ReadingQuestioned(question=question.id))
    assert await letters() == []
    manager = await office.agent("manager")
    await add_emitter("m2a", "m2A", "agglomeration", latitude=47.75, longitude=7.33)
    await manager.get("today")
    assert "Who read my request?" in manager.text


async def test_another_emitters_manager_and_an_agent_do_not_answer(office, read):
    question = await asked(*read)
    agent, elsewhere = await office.agent(), await office.agent("manager", await a_calendar())
    await add_emitter("m2a", "m2A", "agglomeration", latitude=47.75, longitude=7.33)
    for who, status in ((agent, 403), (elsewhere, 404)):
        for act in (who.get, who.post):
            await act(f"questions/{question.id}", answer="x")
            assert who.status == status
    assert "Who read my request?" not in (await agent.get("today")).text


async def test_what_was_asked_goes_with_the_request(office, read):
    question = await asked(*read)
    await dossiers.close(read[0], clock.now(), "dossier.closed", dossiers.By())
    clock.move(timedelta(days=4000))
    await erasing.erase_kept_long_enough([])
    with pytest.raises(NotFound):
        await questions.one(question.id)
    await notices.tell_managers(ReadingQuestioned(question=question.id))
