"""Many programs want the same hours at once, over HTTP: each hour is given once, everyone gets an answer."""

import asyncio
from collections import Counter
from datetime import time

import httpx

from parvis.calendars.proofs import unlike_bookings
from parvis.db import connection
from parvis.testing.calendars import every_day


async def test_two_hundred_clients_on_a_hundred_places(served, a_town):
    town = await a_town(desks=100, weekly=every_day(time(9), time(9, 20)), horizon_days=6)
    async with httpx.AsyncClient(base_url=served, timeout=60, limits=httpx.Limits(max_connections=200)) as client:
        query = {"service": "idcard", "from": town.day.isoformat(), "until": town.day.isoformat()}
        (slot,) = (await client.get("/api/v1/slots", params=query)).json()["items"]
        assert slot["free"] == 100
        body = {"slot": slot["id"], "people": 1, "reason": "CNI"}
        answers = await asyncio.gather(*(client.post("/api/v1/holds", json=body) for _ in range(200)))
        assert Counter(answer.status_code for answer in answers) == {201: 100, 409: 100}
        assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"slot-full"}
        taken = [answer.json() for answer in answers if answer.status_code == 201]
        assert len({held["id"] for held in taken}) == 100
        assert (await client.get("/api/v1/slots", params=query)).json()["items"] == []
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM parvis.booking WHERE state = 'held'") == 100
    assert await unlike_bookings() == []
