"""The client against the simulated coordination service in a process of its own: everything its description says."""

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from parvis import clock
from parvis.testing.running import free_port
from parvis_idcard.ants.coordination import client
from parvis_idcard.ants.coordination.client import NotTaken, Service
from parvis_idcard.ants.coordination.rules import Declared, Registered, Standing, Status
from parvis_idcard.ants.simulator import app, faults
from parvis_idcard.environment import ADDRESSES, Environment

pytestmark = pytest.mark.xdist_group("coordination")
HERE = Declared(
    place_id="201",
    place="Mairie de l’Île & Cie",
    at="2027-01-04T08:45:00",
    url="https://parvis.example/e/m2a/idcard/appointment/1",
)


class Running:
    """The process; `switch` is what the page of faults does."""

    def __init__(self, folder, port):
        self.folder, self.address = folder, f"http://127.0.0.1:{port + app.PORT}/api"
        self.service = Service(self.address, app.TOKEN, "x-rdv-opt-auth-token")

    def switch(self, *on):
        (self.folder / "faults.new").write_text(json.dumps(on))
        (self.folder / "faults.new").replace(self.folder / "faults.json")


@pytest.fixture(scope="module")
def process(tmp_path_factory):
    folder, port = tmp_path_factory.mktemp("coordination"), free_port()
    environ = os.environ | {"PARVIS_ENV": "demo", "PARVIS_PORT": str(port), "PARVIS_DATA": str(folder)}
    command = [sys.executable, "-m", "parvis.demo.simulating", "idcard", "coordination"]
    found = Running(folder, port)
    running = subprocess.Popen(command, env=environ)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            httpx.get(f"{found.address}/status", timeout=5)
            break
        except httpx.HTTPError:
            assert running.poll() is None
            time.sleep(0.1)
    yield found
    running.terminate()
    running.wait(30)


@pytest.fixture
def coordination(process, instance, monkeypatch):
    clock.follow(process.folder / "clock")
    process.switch()
    client.outages.forget()
    yield process
    process.switch()
    client.outages.forget()


def registered(declared):
    return Registered(meeting_point=declared.place, appointment_date=declared.at, management_url=declared.url)


async def standing(service, number):
    return (await service.status([number], "201"))[number]


@pytest.mark.parametrize(
    ("number", "status"),
    [
        ("A123456789", Status.VALIDATED),
        ("CONSUMED01", Status.CONSUMED),
        ("EXPIRED001", Status.EXPIRED),
        ("UNKNOWN001", Status.UNKNOWN),
        ("DECLARED01", Status.DECLARED),
    ],
)
async def test_the_status_of_numbers(coordination, number, status):
    found = await coordination.service.status([number, "B000000001"], "201")
    assert found == {number: Standing(status=status), "B000000001": Standing(status=Status.VALIDATED)}


async def test_declaring_and_withdrawing(coordination):
    service, number = coordination.service, "C123456789"
    await service.declare(number, HERE)
    assert await standing(service, number) == Standing(status=Status.VALIDATED, appointments=(registered(HERE),))
    await service.withdraw(number, "201", registered(HERE))
    assert await standing(service, number) == Standing(status=Status.VALIDATED)
    await service.withdraw(number, "201", registered(HERE))


async def test_a_second_declaration_says_that_it_is_there_already(coordination):
    await coordination.service.declare("D123456789", HERE)
    with pytest.raises(NotTaken, match="refused"):
        await coordination.service.declare("D123456789", HERE)
    assert (await standing(coordination.service, "D123456789")).appointments == (registered(HERE),)


async def test_another_vendors_appointment_is_shown(coordination):
    there = (await standing(coordination.service, "ELSEWHERE1")).appointments
    assert len(there) == 1
    assert there[0].management_url.startswith("https://")
    coordination.switch(faults.ELSEWHERE)
    assert len((await standing(coordination.service, "E123456789")).appointments) == 1


@pytest.mark.parametrize("token", ["", "wrong"])
async def test_a_wrong_token_is_told_as_such(coordination, token):
    with pytest.raises(NotTaken, match="token"):
        await replace(coordination.service, token=token).status(["A123456789"], "201")
    raw = httpx.get(f"{coordination.address}/status", headers={"x-rdv-opt-auth-token": token})
    assert (raw.status_code, raw.json()) == (401, {"detail": "X-RDV-OPT-AUTH-TOKEN header invalid"})


@pytest.mark.parametrize(
    ("fault", "reason"), [(faults.DOWN, "down"), (faults.TOKEN, "token"), (faults.EXISTS, "refused")]
)
async def test_faults_are_told_apart(coordination, fault, reason):
    coordination.switch(fault)
    with pytest.raises(NotTaken, match=reason):
        await coordination.service.declare("F123456789", HERE)


async def test_a_slow_answer_is_not_waited_for_by_residents(coordination):
    coordination.switch(faults.SLOW)
    with pytest.raises(NotTaken, match="down"):
        await coordination.service.status(["A123456789"], "201", hurried=True)
    coordination.switch()
    # It is let be for some seconds, then asked again.
    with pytest.raises(NotTaken, match="down"):
        await coordination.service.status(["A123456789"], "201")
    client.outages.forget()
    assert (await standing(coordination.service, "A123456789")).status is Status.VALIDATED


async def test_accepted_but_timed_out_is_there_when_asked(coordination, monkeypatch):
    monkeypatch.setattr(client, "_UNHURRIED", 1.0)
    coordination.switch(faults.SILENT)
    with pytest.raises(NotTaken, match="down"):
        await coordination.service.declare("G123456789", HERE)
    coordination.switch()
    client.outages.forget()
    assert (await standing(coordination.service, "G123456789")).appointments == (registered(HERE),)


async def test_every_parameter_travels_in_the_query(coordination):
    headers = {"x-rdv-opt-auth-token": app.TOKEN}
    told = {
        "application_id": "H123456789",
        "meeting_point_id": "201",
        "meeting_point": "Mairie",
        "appointment_date": HERE.at,
        "management_url": HERE.url,
    }
    url = f"{coordination.address}/appointments"
    assert httpx.post(url, json=told, headers=headers).status_code == 422
    assert httpx.post(url, params=told, headers=headers).json() == {"success": True}
    del told["management_url"]
    assert httpx.request("DELETE", url, json=told, headers=headers).status_code == 422
    assert httpx.delete(url, params=told, headers=headers).json() == {"rowcount": 1}
    assert httpx.delete(url, params=told, headers=headers).json() == {"rowcount": 0}


async def test_what_it_keeps_survives_its_process(coordination):
    await coordination.service.declare("I123456789", HERE)
    kept = json.loads((coordination.folder / "simulators/coordination/registry.json").read_text())
    assert kept["I123456789"][0]["meeting_point_id"] == "201"


async def test_a_number_that_is_consumed_a_day_later(coordination):
    await coordination.service.declare("LATER00001", HERE)
    assert (await standing(coordination.service, "LATER00001")).status is Status.VALIDATED
    clock.move(timedelta(days=1, minutes=1))
    assert (await standing(coordination.service, "LATER00001")).status is Status.CONSUMED


@pytest.mark.parametrize(
    ("body", "found"),
    [
        (b"", {}),
        (b"{}", {}),
        (b'{"A123456789": {"status": "strange"}}', {}),
        (b'{"A123456789": "validated"}', {}),
        (b'{"A123456789": {"status": "validated", "appointments": null}}', {"A123456789": Status.VALIDATED}),
        (
            b'{"A123456789": {"status": "consumed", "appointments": [3, {"meeting_point": 4}]}}',
            {"A123456789": "consumed"},
        ),
    ],
)
async def test_whatever_it_answers_is_read_or_left_out(instance, monkeypatch, body, found):
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
    monkeypatch.setattr(client, "_connected", lambda _: httpx.AsyncClient(transport=transport))
    answer = await Service("http://x.example/api", "t", "h").status(["A123456789"], "1")
    assert {number: told.status for number, told in answer.items()} == found


async def test_html_of_a_proxy_is_unreadable(instance, monkeypatch):
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text="<html>"))
    monkeypatch.setattr(client, "_connected", lambda _: httpx.AsyncClient(transport=transport))
    with pytest.raises(NotTaken, match="unreadable"):
        await Service("http://x.example/api", "t", "h").status(["A123456789"], "1")


def test_addresses_are_known_by_name():
    assert Environment().coordination_address is None
    assert Environment(coordination="dry-run").coordination_address is None
    for name, url in ADDRESSES.items():
        assert Environment(coordination=name).coordination_address == url
    assert ADDRESSES["integration"] == "https://int.api-coordination.rendezvouspasseport.ants.gouv.fr/api"
    assert ADDRESSES["production"] == "https://api-coordination.rendezvouspasseport.ants.gouv.fr/api"
