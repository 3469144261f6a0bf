"""The demo's outside, as scripts rely on it: addresses, shapes, people, ports, files."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from email import message_from_bytes
from email.policy import default
from urllib.parse import urlsplit

import httpx
import msgspec
import pytest
from tests.faults.visitors import bearer, book, hold, mail, mails, proof_of, signed_in, slots, visitor

from parvis.demo.people import PEOPLE
from parvis.demo.territory import municipalities
from parvis.messages.senders import SmsFile
from parvis.testing.running import RunningDemo, wait_for

pytestmark = [pytest.mark.fault, pytest.mark.xdist_group("demo")]
OFFICE = {
    "agent-mulhouse": "/office/mulhouse",
    "agent-illzach": "/office/illzach",
    "agent-riedisheim": "/office/riedisheim",
    "manager-m2a": "/office/m2a",
    "accountant-mulhouse": "/office/mulhouse",
    "accountant-illzach": "/office/illzach",
    "accountant-soleo": "/office/soleo",
    "contract-holder-1": "/office/soleo",
    "operator": "/operator",
}


def test_the_main_job_has_its_shape_and_its_defaults(demo: RunningDemo) -> None:
    with visitor(demo) as http:
        first = slots(http)[0]
        day = (datetime.fromisoformat(first["start"]) + timedelta(days=40)).date()
        period = {"from": day.isoformat(), "until": (day + timedelta(days=55)).isoformat()}
        whole = {"service": "idcard", "kind": "deposit", "reason": "CNI", "near": "68100", "people": "2", **period}
        page = http.get("/api/v1/slots", params=whole).json()
        assert set(page) == {"items", "next"}
        for slot in page["items"]:
            assert set(slot) == {"id", "place", "start", "end", "free", "distance_m"}
            assert set(slot["place"]) == {"id", "name"}
            assert period["from"] <= slot["start"] <= period["until"] + "T"
            assert slot["free"] >= 1
            assert slot["distance_m"] > 0
        short = {name: whole[name] for name in ("service", "near", "from", "until")}
        assert (
            http.get("/api/v1/slots", params=short).json()
            == http.get("/api/v1/slots", params={**whole, "people": "1"}).json()
        )


def test_an_hour_is_held_once_and_given_back(demo: RunningDemo) -> None:
    with visitor(demo) as http:
        alone = next(slot for slot in slots(http, limit=100, people=2) if slot["free"] == 1)
        body = {"slot": alone["id"], "people": 2, "reason": "CNI"}
        key = {"Idempotency-Key": "once"}
        taken = http.post("/api/v1/holds", json=body, headers=key)
        assert taken.status_code == 201
        assert {"id", "expires", "secret"} <= set(taken.json())
        assert http.post("/api/v1/holds", json=body, headers=key).json() == taken.json()
        full = http.post("/api/v1/holds", json=body)
        assert (full.status_code, full.json()["code"]) == (409, "slot-full")
        address = f"/api/v1/holds/{taken.json()['id']}"
        assert http.delete(address).status_code == 401
        assert http.delete(address, headers=bearer(taken.json())).status_code == 204
        assert http.post("/api/v1/holds", json=body).status_code == 201


def test_a_hold_becomes_a_booking_with_a_page_and_a_mail(demo: RunningDemo) -> None:
    with visitor(demo) as http:
        proof = proof_of(http, demo.folder, "paul@example.org")
        booked = book(http, hold(http), "Paul Fischer", email="paul@example.org", proof=proof)
        assert booked.status_code == 201, booked.text
        page = http.get(booked.json()["link"], headers={"Accept": "text/html"})
        assert booked.json()["reference"] in page.text
        kept, file = mail(demo.folder, "paul@example.org", "Rendez-vous réservé")
        letter = message_from_bytes(file.read_bytes(), policy=default)
        assert (letter["to"], letter["message-id"]) == ("paul@example.org", kept.message_id)
        assert booked.json()["reference"] in letter.as_string()
        assert kept.subject.rpartition(" :")[2].strip() in http.get("/demo/mailbox").text


def test_somebody_without_a_mailbox_is_told_by_sms(demo: RunningDemo) -> None:
    with signed_in(demo, "resident-3") as http:
        phone = next(person.phone for person in PEOPLE if person.sub == "resident-3")
        booked = book(http, hold(http), "Yvonne Schmitt", channel="sms", phone=phone)
        assert booked.status_code == 201, booked.text

        def sms() -> list[SmsFile]:
            files = [file.read_bytes() for file in (demo.folder / "mail").glob("[!.]*.json")]
            found = [msgspec.json.decode(file, type=SmsFile) for file in files if b'"sms"' in file]
            return [one for one in found if one.to == phone.replace(" ", "")]

        wait_for(sms, "an SMS")
        [kept] = sms()
        assert kept.segments == 1
        assert kept.text in http.get("/demo/mailbox").text.replace("&#39;", "'")


@pytest.mark.parametrize("town", municipalities(), ids=lambda town: town.slug)
def test_every_municipality_finds_hours(demo: RunningDemo, town) -> None:
    with visitor(demo) as http:
        for near in (town.name, *town.postcodes):
            found = slots(http, near=near)
            assert len(found) == 20
            assert all(slot["distance_m"] >= 0 for slot in found)
        held = hold(http, near=town.name)
        assert http.delete(f"/api/v1/holds/{held['id']}", headers=bearer(held)).status_code == 204


@pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person.sub)
def test_everybody_signs_in_by_a_script(demo: RunningDemo, person) -> None:
    with signed_in(demo, person.sub) as http:
        [cookie] = http.cookies.jar
        assert (cookie.name, cookie.secure) == (f"parvis_{demo.port}", False)
        assert person.name in http.get("/").text
        office = http.get("/office")
        if person.sub in OFFICE:
            assert office.headers["location"] == OFFICE[person.sub]
            opened = http.get(OFFICE[person.sub], follow_redirects=True)
            assert opened.status_code == 200, opened.text
        else:
            assert office.status_code == 403
        assert http.get("/operator").status_code == (200 if person.sub == "operator" else 403)


def test_the_api_describes_itself_and_loads_nothing_from_elsewhere(demo: RunningDemo) -> None:
    with visitor(demo, Accept="text/html") as http:
        described = http.get("/api/v1/openapi.json").json()
        assert described["openapi"] == "3.1.0"
        assert {"/api/v1/slots", "/api/v1/holds", "/api/v1/bookings"} <= set(described["paths"])
        page = http.get("/api/v1/docs")
        assert page.status_code == 200
        loaded = re.findall(r"<(?:link|script|img|iframe|source)\b[^>]*?(?:href|src)=\"([^\"]+)\"", page.text)
        assert loaded
        assert {urlsplit(address).netloc for address in loaded} == {""}
        assert [http.get(address).status_code for address in loaded] == [200] * len(loaded)
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in page.headers["content-security-policy"]


def test_invented_things_say_so(demo: RunningDemo) -> None:
    with visitor(demo, Accept="text/html", **{"Accept-Language": "fr"}) as http:
        for page in ("/", "/e/mulhouse", "/my/requests", "/demo"):
            assert re.search(r"Données de démonstration|sont inventé", http.get(page).text), page
        provider = http.get(http.get("/login").headers["location"])
        assert "Données de démonstration" in provider.text
        assert all(f'value="{person.sub}"' in provider.text and person.about for person in PEOPLE)


def test_ports_are_counted_from_the_first(demo: RunningDemo) -> None:
    discovered = httpx.get(f"http://localhost:{demo.port + 3}/.well-known/openid-configuration").json()
    assert discovered["issuer"] == f"http://localhost:{demo.port + 3}"
    assert httpx.get(f"http://localhost:{demo.port + 6}/api/getManagedMeetingPoints", timeout=60).status_code < 500
    assert mails(demo.folder, "nobody@example.org") == []
