"""Whatever is sent, the answer is a problem that says what is wrong; never a 500, never a page."""

import json
from dataclasses import replace

from parvis import settings

HOLD = "019b1f0e-5f6a-7c3e-9d2a-3a4b5c6d7e8f"
NO_SLOT = f"{'A' * 27}.deposit"


def problem(answer, status, code):
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    told = answer.json()
    assert told["status"] == status
    assert told["code"] == code
    assert told["title"]
    return told


A_SEARCH_THAT_MAKES_NO_SENSE = [
    ("", "invalid", None),
    ("service=nothing", "service-unknown", "service"),
    ("service=idcard&kind=nothing", "kind-unknown", "kind"),
    ("service=idcard&reason=nothing", "reason-unknown", "reason"),
    ("service=idcard&people=0", "invalid", "people"),
    ("service=idcard&people=9", "people-too-many", "people"),
    ("service=idcard&people=99999999999999999999999999", "invalid", "people"),
    ("service=idcard&people=two", "invalid", "people"),
    ("service=idcard&people=1&people=2", "invalid", "people"),
    ("service=idcard&poeple=2", "invalid", None),
    ("service=idcard&near=99999", "near-unknown", "near"),
    ("service=idcard&near=%00", "invalid", "near"),
    ("service=idcard&lat=47", "point-incomplete", "lat"),
    ("service=idcard&lat=nan&lon=7", "invalid", "lat"),
    ("service=idcard&lat=1e999&lon=7", "invalid", "lat"),
    ("service=idcard&near=68100&lat=47&lon=7", "point-twice", "near"),
    ("service=idcard&from=2027-02-30", "invalid", "from"),
    ("service=idcard&from=2027-02-02&until=2027-02-01", "days-reversed", "until"),
    ("service=idcard&weekday=8", "invalid", "weekday[0]"),
    ("service=idcard&place=here", "invalid", "place[0]"),
    ("service=idcard&limit=0", "invalid", "limit"),
    ("service=idcard&limit=1000", "invalid", "limit"),
    ("service=idcard&after=nonsense", "cursor-invalid", "cursor"),
    ("service=idcard&after=%F0%9F%98%80", "invalid", "after"),
    ("service=idcard&accessible=perhaps", "invalid", "accessible"),
]


async def test_a_search_that_makes_no_sense(client, town, subtests):
    for query, code, field in A_SEARCH_THAT_MAKES_NO_SENSE:
        with subtests.test(query=query, code=code, field=field):
            told = problem(await client.get(f"/api/v1/slots?{query}"), 422, code)
            if field:
                assert told["errors"][0]["field"] == field


DAYS_AT_THE_END_OF_TIME = ["from=0001-01-01", "until=9999-12-31", "from=9999-12-31", "until=0001-01-01"]


async def test_days_at_the_end_of_time(client, town, subtests):
    for days in DAYS_AT_THE_END_OF_TIME:
        with subtests.test(days=days):
            assert (await client.get(f"/api/v1/slots?service=idcard&{days}")).status_code == 200
            assert (await client.get(f"/api/v1/slots/months?service=idcard&{days}")).status_code == 200


CURSORS_THAT_WERE_MADE_UP = ["_" * 32, "A" * 32, "-" * 32, "A" * 22 + "____8AAAAA", "A" * 200, "=", "-_" * 16]


async def test_cursors_that_were_made_up(client, town, subtests):
    for cursor in CURSORS_THAT_WERE_MADE_UP:
        with subtests.test(cursor=cursor):
            answer = await client.get("/api/v1/slots", params={"service": "idcard", "after": cursor})
            assert answer.status_code in {200, 422}


A_BODY_THAT_CANNOT_BE_TAKEN = [
    (b"", 400, "malformed"),
    (b"{", 400, "malformed"),
    (b"\xff\xfe", 400, "malformed"),
    (b"[" * 20_000, 422, "invalid"),
    (b"[]", 422, "invalid"),
    (b"null", 422, "invalid"),
    (b"{}", 422, "invalid"),
    (b'{"slot": 7}', 422, "invalid"),
    (b'{"slot": "x"}', 422, "invalid"),
    (b'{"slot": "\\u0000"}', 422, "invalid"),
    (b'{"slot": "\\ud800"}', 400, "malformed"),
    (json.dumps({"slot": NO_SLOT}).encode(), 404, "slot-unknown"),
    (json.dumps({"slot": f"{'_' * 27}.deposit"}).encode(), 404, "slot-unknown"),
    (json.dumps({"slot": f"{'A' * 22}_____.deposit"}).encode(), 404, "slot-unknown"),
    (json.dumps({"slot": f"{'A' * 27}.nothing"}).encode(), 404, "slot-unknown"),
    (json.dumps({"slot": NO_SLOT, "people": 10**400}).encode(), 422, "invalid"),
    (json.dumps({"slot": NO_SLOT, "people": 1.5}).encode(), 422, "invalid"),
    (json.dumps({"slot": NO_SLOT, "people": 9}).encode(), 422, "people-too-many"),
    (json.dumps({"slot": NO_SLOT, "reason": "nothing"}).encode(), 422, "reason-unknown"),
    (json.dumps({"slot": NO_SLOT, "kind": "collection"}).encode(), 422, "kind-unknown"),
    (json.dumps({"slot": NO_SLOT, "peolpe": 1}).encode(), 422, "invalid"),
    (json.dumps({"slot": "x" * 70_000}).encode(), 413, "too-large"),
]


async def test_a_body_that_cannot_be_taken(client, town, subtests):
    for body, status, code in A_BODY_THAT_CANNOT_BE_TAKEN:
        with subtests.test(body=body, status=status, code=code):
            answer = await client.post("/api/v1/holds", content=body, headers={"Content-Type": "application/json"})
            problem(answer, status, code)


ONLY_JSON_IS_TAKEN = ["text/plain", "application/x-www-form-urlencoded", "", "multipart/form-data"]


async def test_only_json_is_taken(client, town, subtests):
    for media_type in ONLY_JSON_IS_TAKEN:
        with subtests.test(media_type=media_type):
            answer = await client.post("/api/v1/holds", content=b"{}", headers={"Content-Type": media_type})
            problem(answer, 415, "unsupported-media-type")


ADDRESSES_AND_METHODS = [
    ("GET", "/api/v1/nothing", 404, "not-found"),
    ("GET", "/api/v1/holds/not-a-hold", 404, "not-found"),
    ("GET", "/api/v1/holds", 405, "method-not-allowed"),
    ("PUT", "/api/v1/slots", 405, "method-not-allowed"),
    ("GET", f"/api/v1/holds/{HOLD}", 401, "secret-invalid"),
    ("DELETE", f"/api/v1/bookings/{HOLD}", 401, "secret-invalid"),
    ("POST", f"/api/v1/holds/{HOLD}/extension", 401, "secret-invalid"),
]


async def test_addresses_and_methods(client, town, subtests):
    for method, path, status, code in ADDRESSES_AND_METHODS:
        with subtests.test(method=method, path=path, status=status, code=code):
            answer = await client.request(method, path, headers={"Accept": "text/html"})
            problem(answer, status, code)
            if status == 405:
                assert answer.headers["allow"]


async def test_details_are_named_by_their_field(client, town):
    slot = (await client.get("/api/v1/slots?service=idcard")).json()["items"][0]
    held = (await client.post("/api/v1/holds", json={"slot": slot["id"]})).json()
    headers = {"Authorization": f"Bearer {held['secret']}"}
    for details in ({"name": ""}, {"name": 5}, {"name": "\0"}):
        answer = await client.post("/api/v1/bookings", json={"hold": held["id"], "details": details}, headers=headers)
        assert problem(answer, 422, "invalid")["errors"][0]["field"] == "details.name"
    answer = await client.post("/api/v1/bookings", json={"hold": held["id"], "details": "x"}, headers=headers)
    assert problem(answer, 422, "invalid")["errors"][0]["field"] == "details"


async def test_too_much_is_too_much_for_one_program_only(client, town):
    settings.use(replace(settings.current(), limits=True, limit_claims=3))
    body = {"slot": NO_SLOT}
    agent = {"User-Agent": "one program"}
    seen = [(await client.post("/api/v1/holds", json=body, headers=agent)).status_code for _ in range(4)]
    assert seen == [404, 404, 404, 429]
    answer = await client.post("/api/v1/holds", json=body, headers=agent)
    problem(answer, 429, "too-many")
    assert 0 < int(answer.headers["retry-after"]) <= 200
    other = await client.post("/api/v1/holds", json=body, headers={"User-Agent": "another"})
    assert other.status_code == 404
