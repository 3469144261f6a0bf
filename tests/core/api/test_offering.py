"""What a town hall no longer offers is neither found nor held: at once for holds, with the feed for the index."""

from contextlib import suppress

from parvis.calendars import following, offering
from parvis.calendars.index import Index
from parvis.db import connection
from parvis.territory.actions import disable_plugin, enable_plugin
from parvis.testing.calendars import numbered


async def slots(client):
    return (await client.get("/api/v1/slots?service=idcard")).json()["items"]


async def held(client, slot):
    return await client.post("/api/v1/holds", json={"slot": slot["id"], "people": 1, "reason": "CNI"})


async def test_a_disabled_plugin_is_neither_searched_nor_held(client, town):
    first, second, *_ = await slots(client)
    assert (await held(client, first)).status_code == 201
    await disable_plugin(town.emitter, "idcard")
    assert await slots(client) == []
    refused = await held(client, second)
    assert (refused.status_code, refused.json()["code"]) == (404, "slot-unknown")
    await enable_plugin(town.emitter, "idcard")
    assert (await held(client, second)).status_code == 201


async def test_what_is_unpublished_is_neither_searched_nor_held(client, town):
    slot = (await slots(client))[0]
    async with connection() as c:
        await c.execute("UPDATE parvis.publication SET state = 'suspended'")
    assert await slots(client) == []
    assert (await held(client, slot)).status_code == 404


async def test_a_warm_index_follows_with_the_feed(client, town):
    index = Index()
    await following.refill(index)
    assert town.id in index.entries
    for change, there in ((disable_plugin, False), (enable_plugin, True)):
        await change(town.emitter, "idcard")
        await following.catch_up(index)
        assert (town.id in index.entries) is not there
        await offering.tell(town.emitter)
        with suppress(TimeoutError):
            await numbered()
        await following.catch_up(index)
        assert (town.id in index.entries) is there
