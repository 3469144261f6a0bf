"""The main job through the API, from the search to the cancelled booking."""

from datetime import datetime, timedelta

import pytest

from parvis import clock, settings
from parvis.calendars import actions as calendars
from parvis.calendars.proofs import unlike_bookings
from parvis.db import connection
from parvis.identity import contacts


async def slots(client, **query):
    answer = await client.get("/api/v1/slots", params={"service": "idcard", **query})
    assert answer.status_code == 200, answer.text
    return answer.json()


async def hold(client, slot, **rest):
    answer = await client.post("/api/v1/holds", json={"slot": slot["id"], **rest})
    assert answer.status_code == 201, answer.text
    return answer.json()


def bearer(held):
    return {"Authorization": f"Bearer {held['secret']}"}


async def home_of(booking):
    async with connection() as c:
        return await c.fetchval("SELECT home FROM parvis.dossier WHERE booking = $1", booking)


async def test_from_search_to_booking_move_and_cancel(client, town):
    found = await slots(client, kind="deposit", reason="CNI", people=2, near="68100")
    first = found["items"][0]
    assert set(first) == {"id", "place", "start", "end", "free", "distance_m"}
    assert set(first["place"]) == {"id", "name"}
    assert datetime.fromisoformat(first["end"]) - datetime.fromisoformat(first["start"]) == timedelta(minutes=35)
    held = await hold(client, first, people=2, reason="CNI")
    assert {"id", "expires", "secret"} <= set(held)
    assert datetime.fromisoformat(held["expires"]) - clock.now() <= timedelta(minutes=10)

    shown = await client.get(f"/api/v1/holds/{held['id']}", headers=bearer(held))
    assert shown.json()["people"] == 2
    longer = await client.post(f"/api/v1/holds/{held['id']}/extension", headers=bearer(held))
    assert datetime.fromisoformat(longer.json()["expires"]) > datetime.fromisoformat(held["expires"])
    again = await client.post(f"/api/v1/holds/{held['id']}/extension", headers=bearer(held))
    assert (again.status_code, again.json()["code"]) == (409, "hold-extended")

    body = {"hold": held["id"], "details": {"name": "Léa Martin"}, "municipality": "68154"}
    booked = await client.post("/api/v1/bookings", json=body, headers=bearer(held))
    assert booked.status_code == 201, booked.text
    assert set(booked.json()) == {"id", "reference", "link"}
    address = booked.headers["location"]
    told = (await client.get(address, headers=bearer(held))).json()
    assert (told["state"], told["reference"]) == ("confirmed", booked.json()["reference"])
    assert await home_of(held["id"]) == "68154"

    later = (await slots(client, people=2))["items"][4]
    moved = await client.post(f"{address}/move", json={"slot": later["id"]}, headers=bearer(held))
    assert moved.json()["start"] == later["start"]
    for _ in range(2):
        assert (await client.delete(address, headers=bearer(held))).status_code == 204
    assert (await client.get(address, headers=bearer(held))).json()["state"] == "cancelled"
    async with connection():
        assert await unlike_bookings() == []


async def test_a_hold_is_given_back_as_often_as_one_likes(client, town):
    first = (await slots(client))["items"][0]
    held = await hold(client, first)
    assert (await slots(client))["items"][0]["start"] != first["start"]
    for _ in range(2):
        assert (await client.delete(f"/api/v1/holds/{held['id']}", headers=bearer(held))).status_code == 204
    assert (await slots(client))["items"][0]["start"] == first["start"]
    gone = await client.get(f"/api/v1/holds/{held['id']}", headers=bearer(held))
    assert gone.status_code == 404


async def test_nobody_else_gives_it_back(client, town):
    items = (await slots(client))["items"]
    mine, theirs = await hold(client, items[0]), await hold(client, items[1])
    for headers in ({}, {"Authorization": "Bearer nonsense"}, bearer(theirs), {"Authorization": "Basic eA=="}):
        answer = await client.delete(f"/api/v1/holds/{mine['id']}", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
    assert (await client.get(f"/api/v1/holds/{mine['id']}", headers=bearer(mine))).status_code == 200


async def test_a_taken_hour_is_refused_by_its_code(client, town):
    first = (await slots(client))["items"][0]
    await hold(client, first)
    refused = await client.post("/api/v1/holds", json={"slot": first["id"], "people": 1, "reason": "CNI"})
    assert refused.status_code == 409
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["code"] == "slot-full"


async def test_a_lapsed_hold_books_nothing(client, town):
    held = await hold(client, (await slots(client))["items"][0])
    clock.move(settings.current().hold + timedelta(seconds=1))
    await calendars.sweep()
    answer = await client.post(
        "/api/v1/bookings", json={"hold": held["id"], "details": {"name": "A"}}, headers=bearer(held)
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "hold-lapsed")
    assert (await client.get(f"/api/v1/holds/{held['id']}", headers=bearer(held))).status_code == 404


async def test_pages_follow_one_another_without_gap_or_repeat(client, town):
    whole = (await slots(client, limit=100))["items"]
    pages, after = [], {}
    while True:
        page = await slots(client, limit=7, **after)
        pages += page["items"]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert [slot["id"] for slot in pages][: len(whole)] == [slot["id"] for slot in whole]
    assert len({slot["id"] for slot in pages}) == len(pages)


async def test_the_month_counts_what_the_search_finds(client, town):
    day = town.day.isoformat()
    query = {"from": day, "until": day}
    counted = (await client.get("/api/v1/slots/months", params={"service": "idcard", **query})).json()
    found = (await slots(client, limit=100, **query))["items"]
    assert counted == {"days": [{"day": day, "free": sum(slot["free"] for slot in found)}]}


async def test_filters_narrow(client, town):
    weekday = town.day.isoweekday()
    found = (await slots(client, weekday=weekday, limit=100))["items"]
    assert {datetime.fromisoformat(slot["start"]).isoweekday() for slot in found} == {weekday}
    assert (await slots(client, half_day="afternoon"))["items"] == []
    assert (await slots(client, place="019b1f0e-5f6a-7c3e-9d2a-3a4b5c6d7e8f"))["items"] == []
    assert len((await slots(client, place=str(town.place), accessible="true"))["items"]) == 20


@pytest.mark.parametrize("near", ["68100", "68224", "mulhous"])
async def test_from_where_by_postcode_insee_or_name(client, town, near):
    assert (await slots(client, near=near))["items"][0]["distance_m"] == (await slots(client, lat=47.7489, lon=7.3253))[
        "items"
    ][0]["distance_m"]


async def test_places_and_services(client, town):
    page = (await client.get("/api/v1/places")).json()
    assert [place["id"] for place in page["items"]] == [str(town.place)]
    assert page["items"][0]["services"] == ["idcard"]
    service = (await client.get("/api/v1/services")).json()["items"][0]
    assert (service["key"], [kind["key"] for kind in service["kinds"]]) == ("idcard", ["deposit", "collection"])


async def test_a_contact_is_proved_by_its_code(client, town):
    asked = await client.post("/api/v1/contacts", json={"email": "lea@example.org"})
    proof = asked.json()["proof"]
    sent = await contacts.code_to_send(proof)
    wrong = await client.post(f"/api/v1/contacts/{proof}/code", json={"code": f"{(int(sent.code) + 1) % 10**6:06d}"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "code-wrong")
    assert (await client.post(f"/api/v1/contacts/{proof}/code", json={"code": sent.code})).status_code == 204
