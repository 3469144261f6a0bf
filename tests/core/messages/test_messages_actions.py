from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from parvis import clock, messages, outbox
from parvis.contract.values import Channel
from parvis.db import connection, transaction
from parvis.errors import Text
from parvis.messages import CalendarEntry, actions
from parvis.messages.sealing import Letter, seal, unseal
from parvis.settings import Settings

ADDRESS = "jean.martin@example.org"
START = datetime(2027, 1, 5, 8, 30, tzinfo=UTC)


def an_entry(**changes: Any) -> CalendarEntry:
    fields = {"uid": "a@b", "start": START, "end": START + timedelta(minutes=20), "summary": "Rendez-vous"}
    return CalendarEntry(**fields | changes)


async def sent(address: str = ADDRESS, entry: CalendarEntry | None = None, dossier: UUID | None = None) -> UUID:
    async with transaction():
        use_by = clock.now() + timedelta(days=2)
        return await messages.send(
            "idcard/confirmed", Channel.MAIL, address, "fr", None, {"start": START}, use_by, entry, dossier
        )


async def row(message: UUID) -> asyncpg.Record:
    async with connection() as c:
        found = await c.fetchrow("SELECT * FROM parvis.message WHERE id = $1", message)
    assert found
    return found


def test_a_letter_comes_back_as_it_was(instance: Settings) -> None:
    context = {
        "start": START,
        "day": date(2027, 1, 5),
        "title": Text("{n} people", {"n": 2, "when": START}),
        "people": [{"name": "Zoé", "minor": True, "age": None}],
    }
    letter = Letter(ADDRESS, context, an_entry(location="Illzach"))
    assert unseal(seal(letter)) == letter


def test_a_context_that_cannot_be_kept_is_refused(instance: Settings) -> None:
    with pytest.raises(TypeError, match="object"):
        seal(Letter(ADDRESS, {"x": object()}))


async def test_a_message_outside_a_transaction_is_refused(database: str) -> None:
    with pytest.raises(outbox.OutsideTransaction):
        await messages.send("a/b", Channel.MAIL, ADDRESS, "fr", None, {}, clock.now())


async def test_nothing_personal_is_readable_in_the_database(database: str) -> None:
    found = await row(await sent(entry=an_entry(summary="Jean Martin")))
    assert "martin" not in repr(dict(found)).lower()
    assert unseal(found["sealed"]).address == ADDRESS


async def test_a_queued_message_records_its_event(database: str) -> None:
    message = await sent()
    async with connection() as c:
        payload = await c.fetchval("SELECT payload FROM parvis.event WHERE type = 'message.queued'")
    assert payload["message"] == str(message)


async def test_the_sequence_rises_for_each_sending_of_an_entry(database: str) -> None:
    sequences = [(await row(await sent(entry=an_entry())))["sequence"] for _ in range(3)]
    assert sequences == [0, 1, 2]
    assert (await row(await sent(entry=an_entry(uid="other@b"))))["sequence"] == 0


async def test_a_newer_message_replaces_one_that_has_not_left(database: str) -> None:
    first, helper = await sent(entry=an_entry()), await sent("helper@example.org", an_entry())
    second = await sent(entry=an_entry())
    assert [(await row(one))["state"] for one in (first, helper, second)] == ["stale", "queued", "queued"]


async def test_an_ended_message_forgets_its_address(database: str) -> None:
    message = await sent()
    await actions.end(message, "sent")
    await actions.end(message, "failed", "too late to matter")
    found = await row(message)
    assert (found["state"], found["sealed"], found["error"]) == ("sent", None, "")


async def test_erasing_a_dossier_drops_what_waits(database: str) -> None:
    dossier = uuid4()
    message, other = await sent(dossier=dossier), await sent(dossier=uuid4())
    assert await actions.erase([dossier]) == 1
    found = await row(message)
    assert (found["state"], found["sealed"], found["dossier"]) == ("stale", None, None)
    assert (await row(other))["state"] == "queued"


async def test_what_ended_long_ago_is_forgotten(database: str) -> None:
    message, waiting = await sent(), await sent()
    await actions.end(message, "sent")
    clock.move(timedelta(days=40))
    assert await actions.forget(clock.now() - timedelta(days=30)) == 1
    assert await row(waiting)
