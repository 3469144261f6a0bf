"""The demo without its database, without its mail server for a day; and what its logs keep of people: nothing."""

from __future__ import annotations

import os
import re
import time
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from tests.faults.visitors import bearer, book, hold, mail, mails, proof_of, signed_in, slots, visitor

from parvis.testing.running import RunningDemo, wait_for

pytestmark = [pytest.mark.fault, pytest.mark.xdist_group("demo")]
AWAY_SECONDS = 30 if os.environ.get("PARVIS_SOAK") == "1" else 0
SOON_SECONDS = 10
ADDRESS = "sophie.keller@example.org"
PAGES = ("/", "/e/mulhouse", "/e/illzach/idcard", "/my/requests", "/demo/faults", "/accessibility")


def test_its_database_is_gone_for_a_while(demo: RunningDemo) -> None:
    with signed_in(demo, "resident-1") as http:
        first, held = hold(http, near="68100"), hold(http, near="68270")
        before = book(http, first, "Sophie Keller", email=ADDRESS)
        free = slots(http)[3]["id"]
        demo.cluster.stop()
        try:
            began = time.monotonic()
            while True:
                assert_says_so(http, free)
                if time.monotonic() - began >= AWAY_SECONDS:
                    break
        finally:
            demo.cluster.start()
        demo.wait_until("/health/ready", 200)
        assert [http.get(page).status_code for page in PAGES] == [200] * len(PAGES)
        after = book(http, held, "Tom Keller", email=ADDRESS)
        assert (before.status_code, after.status_code) == (201, 201), after.text
        for booked, taken in ((before, first), (after, held)):
            assert http.get(booked.headers["location"], headers=bearer(taken)).json()["state"] == "confirmed"
        # The worker came back by itself too.
        mail(demo.folder, ADDRESS, "Rendez-vous réservé")


def assert_says_so(http: httpx.Client, slot: str) -> None:
    """Nothing hangs, nothing fails unforeseen: a page or a problem says to come back."""
    for page in PAGES:
        answer = soon(http, "GET", page, headers={"Accept": "text/html"})
        assert (page, answer.status_code) == (page, 503)
        assert "Rien de ce que vous aviez confirmé n’est perdu" in answer.text
        assert int(answer.headers["retry-after"]) > 0
    calls = [("GET", "/health/ready", None), ("GET", "/api/v1/places", None), ("POST", "/api/v1/holds", {"slot": slot})]
    for method, path, body in calls:
        answer = soon(http, method, path, json=body)
        assert (path, answer.status_code, answer.json()["status"]) == (path, 503, 503)
        assert answer.headers["content-type"] == "application/problem+json"
    assert soon(http, "GET", "/health/live").status_code == 200
    # To whoever has no session the search answers from memory: a hint, as always.
    answer = soon(httpx.Client(base_url=http.base_url), "GET", "/api/v1/slots", params={"service": "idcard"})
    assert (answer.status_code, len(answer.json()["items"])) == (200, 20)


def soon(http: httpx.Client, method: str, path: str, **rest: object) -> httpx.Response:
    began = time.monotonic()
    answer = http.request(method, path, **rest)
    assert time.monotonic() - began < SOON_SECONDS
    return answer


def test_its_mail_server_is_down_for_a_day(demo: RunningDemo) -> None:
    lasting, hasty = "lucien.meyer@example.org", "hasty@example.org"
    with signed_in(demo, "resident-2") as http:
        switch(http, "on")
        booked = book(http, hold(http, **{"from": in_days(9)}), "Lucien Meyer", email=lasting)
        assert booked.status_code == 201, booked.text
        assert http.post("/api/v1/contacts", json={"email": hasty}).status_code == 201
        move_clock(http, hours=24)
    with signed_in(demo, "operator", **{"Accept-Language": "en"}) as operator:
        wait_for(lambda: told(operator, "Dropped: of no use any more"), "the stale code to be dropped")
        assert told(operator, "could not leave yet")
        assert mails(demo.folder, lasting) == []
        switch(operator, "off")
        # What waits is tried again within ten minutes of the demo's clock.
        move_clock(operator, hours=1)
        wait_for(lambda: not told(operator, "could not leave yet"), "the mails to leave")
        assert told(operator, "Dropped: of no use any more")
    assert [kept.subject.partition(" :")[0] for kept, _ in mails(demo.folder, lasting)] == ["Rendez-vous réservé"]
    assert mails(demo.folder, hasty) == []


def switch(http: httpx.Client, state: str) -> None:
    assert http.post("/demo/faults", data={"fault": "smtp-down", "state": state}).status_code == 303


def move_clock(http: httpx.Client, hours: int) -> None:
    assert http.post("/demo/clock", data={"hours": str(hours)}).status_code == 303


def told(operator: httpx.Client, words: str) -> bool:
    return words in operator.get("/operator").text


def in_days(days: int) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).date().isoformat()


def test_its_logs_keep_nothing_of_people(demo: RunningDemo) -> None:
    """After a run with everything in it, also what goes wrong: no name, no contact, no number, no secret."""
    email = "amelie.lang@example.org"
    with visitor(demo, **{"User-Agent": "Amelies Rechner"}) as http:
        proof = proof_of(http, demo.folder, email)
        taken = hold(http, people=2)
        booked = book(http, taken, "Amélie Langhanns", "Joël Langhanns", email=email, proof=proof)
        assert booked.status_code == 201, booked.text
        link = booked.json()["link"]
        assert http.get(link, headers={"Accept": "text/html"}).status_code == 200
        mail(demo.folder, email, "réservé")
        wrong = hold(http)
        assert book(http, wrong, "Amélie Langhanns", email="amelie.lang(at)example.org", proof=proof).status_code == 422
        assert http.post("/api/v1/bookings", content=b'{"hold": "Langhanns', headers=bearer(wrong)).status_code < 500
        assert http.get("/nowhere", params={"name": "Langhanns"}).status_code == 404
        assert http.delete(booked.headers["location"], headers=bearer(taken)).status_code == 204
        mail(demo.folder, email, "annulé")
    with signed_in(demo, "agent-mulhouse") as agent:
        assert agent.get("/office/mulhouse/today").status_code == 200
        cookies = list(agent.cookies.values())
    codes = [kept.subject.split()[0] for kept, _ in mails(demo.folder, email) if "code" in kept.subject]
    keys = (demo.folder / "keys").read_text().split(",")
    secret = [taken["secret"], wrong["secret"], link.partition("key=")[2], *cookies, *codes, *keys]
    personal = ["Langhanns", "Amélie", "Amelies", "example.org", "Keller", "Benali", "6 39 98", "63998", "Z00000"]
    logs = [*(demo.folder / "logs").glob("*.log"), demo.folder / "demo.out", demo.cluster.data / "server.log"]
    assert len(logs) > 5
    for log in logs:
        said = log.read_text(errors="replace")
        assert [one for one in (*secret, *personal) if one in said] == [], log
        assert re.findall(r"[\w.+-]+@[\w-]+\.\w+|Bearer |[?&](?:code|key|token|state)=", said) == [], log
