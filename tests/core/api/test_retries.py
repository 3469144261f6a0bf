"""An Idempotency-Key: what is sent twice is done once."""

import asyncio
from datetime import timedelta

import pytest

from parvis import clock
from parvis.db import connection
from parvis.web.idempotency import KEPT, forget_old


async def first_slot(client):
    return (await client.get("/api/v1/slots", params={"service": "idcard"})).json()["items"][0]


async def holds():
    async with connection() as c:
        return await c.fetchval("SELECT count(*) FROM parvis.booking WHERE state = 'held'")


def send(client, slot, key="0f8c", **rest):
    return client.post("/api/v1/holds", json={"slot": slot["id"], **rest}, headers={"Idempotency-Key": key})


async def test_a_retry_gets_the_first_answer(client, town):
    slot = await first_slot(client)
    first, second = await send(client, slot), await send(client, slot)
    assert first.status_code == 201
    assert (second.status_code, second.content, second.headers["location"]) == (
        201, first.content, first.headers["location"]
    )  # fmt: skip
    assert await holds() == 1


async def test_without_a_key_it_is_done_twice(client, town):
    slot = await first_slot(client)
    await client.post("/api/v1/holds", json={"slot": slot["id"]})
    assert (await client.post("/api/v1/holds", json={"slot": slot["id"]})).status_code == 409


async def test_duplicates_at_the_same_time_answer_the_same(client, town):
    slot = await first_slot(client)
    answers = await asyncio.gather(*(send(client, slot) for _ in range(8)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert await holds() == 1


async def test_the_same_key_for_something_else_is_refused(client, town):
    slot = await first_slot(client)
    await send(client, slot)
    other = await send(client, slot, people=2)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    assert await holds() == 1


async def test_a_refusal_leaves_the_key_free(client, town):
    slot = await first_slot(client)
    taken = await send(client, slot, key="mine")
    assert (await send(client, slot, key="theirs")).status_code == 409
    held = taken.json()
    await client.delete(f"/api/v1/holds/{held['id']}", headers={"Authorization": f"Bearer {held['secret']}"})
    assert (await send(client, slot, key="theirs")).status_code == 201


async def test_another_client_with_the_same_key_gets_nothing_of_it(client, town):
    slot = await first_slot(client)
    await send(client, slot)
    client.headers["user-agent"] = "another program"
    assert (await send(client, slot)).status_code == 409


async def test_a_kept_answer_is_not_readable_at_rest(client, town):
    held = (await send(client, await first_slot(client))).json()
    async with connection() as c:
        kept = await c.fetchval("SELECT string_agg(t::text, ' ') FROM parvis.kept_answer t")
    assert held["secret"].encode().hex() not in kept


@pytest.mark.parametrize("key", ["", " ", "a b", "x" * 256, "clé"])
async def test_a_key_that_cannot_be_one(client, town, key):
    slot = await first_slot(client)
    headers = {b"Idempotency-Key": key.encode()}
    answer = await client.post("/api/v1/holds", json={"slot": slot["id"]}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-invalid")


async def test_a_key_is_forgotten_after_a_day(client, town):
    await send(client, await first_slot(client))
    assert await forget_old() == 0
    clock.move(KEPT + timedelta(seconds=1))
    assert await forget_old() == 1
