"""Web process and worker killed while many clients hold, book, move and cancel over the JSON API.

Whatever was answered stays; nothing is held for nobody; each booking is told once.
"""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from tests.faults.serving import WEB, WORKER, Instance, instance_of
from tests.seeds import seeds

from parvis import clock, settings
from parvis.calendars import actions, planning, proofs
from parvis.contract.values import Channel
from parvis.db import connection
from parvis.demo.mailbox import CaughtMail, catching
from parvis.identity import contacts
from parvis.identity.contacts import Contact
from parvis.outbox.rules import LEASE
from parvis.territory.actions import add_emitter, enable_plugin, publish
from parvis.testing.calendars import SomeCalendar, a_calendar, every_day

pytestmark = pytest.mark.fault
CLIENTS, TURNS = 10, 8
KILLED = (WEB, WEB, WORKER)
FOUND = 30
PATIENCE = 180


@dataclass
class Answered:
    """What the instance has acknowledged, by booking, and how often it has answered at all."""

    count: int = 0
    booked: set[str] = field(default_factory=set)
    cancelled: set[str] = field(default_factory=set)
    moved: dict[str, str] = field(default_factory=dict)


@dataclass
class Client:
    """A program that books for others, and never gives up: what got no answer is sent again with the same key."""

    http: httpx.AsyncClient
    number: int
    proof: str
    random: random.Random
    answered: Answered
    sent: Iterator[int] = field(default_factory=itertools.count)

    async def turn(self) -> None:
        """Take an hour; then book it, give it back, or leave it; then perhaps move or cancel."""
        slot = await self._slot()
        held = await self._post("holds", {"slot": slot, "people": 1, "reason": "CNI"})
        if held is None:
            return
        bearer = {"Authorization": f"Bearer {held['secret']}"}
        what = self.random.choices(("book", "release", "leave"), (7, 1, 2))[0]
        if what == "release":
            await self._delete(f"holds/{held['id']}", bearer)
        if what == "book":
            await self._book(held["id"], bearer)

    async def _book(self, hold: str, bearer: dict[str, str]) -> None:
        applicant = {"given": "Léa", "family": "Martin", "age": "adult", "number": self._application()}
        details = {"applicants": [applicant], "reason": "CNI", "email": address(self.number)}
        body = {"hold": hold, "details": details, "proof": self.proof, "language": "fr"}
        booked = await self._post("bookings", body, bearer)
        assert booked is not None, "nobody else has this hold"
        self.answered.booked.add(booked["id"])
        then = self.random.choices(("come", "move", "cancel"), (5, 2, 2))[0]
        if then == "cancel":
            await self._delete(f"bookings/{booked['id']}", bearer)
            self.answered.cancelled.add(booked["id"])
        if then == "move" and (moved := await self._move(booked["id"], bearer)):
            self.answered.moved[booked["id"]] = moved

    async def _move(self, booking: str, bearer: dict[str, str]) -> str | None:
        moved = await self._post(f"bookings/{booking}/move", {"slot": await self._slot()}, bearer)
        return moved["start"] if moved else None

    async def _slot(self) -> str:
        # Not today: a mail about an hour that the moved clock has passed would rightly be dropped.
        tomorrow = (clock.now() + timedelta(days=1)).date().isoformat()
        asked = {"service": "idcard", "limit": FOUND, "from": tomorrow}
        found = await self._until_answered("GET", "slots", params=asked)
        return str(self.random.choice(found.json()["items"])["id"])

    async def _post(self, path: str, body: object, headers: dict[str, str] | None = None) -> dict[str, Any] | None:
        key = {"Idempotency-Key": f"{self.number}-{next(self.sent)}"}
        answer = await self._until_answered("POST", path, json=body, headers={**key, **(headers or {})})
        if answer.status_code == httpx.codes.CONFLICT:
            assert answer.json()["code"] == "slot-full", answer.text
            return None
        answer.raise_for_status()
        return dict(answer.json())

    async def _delete(self, path: str, headers: dict[str, str]) -> None:
        (await self._until_answered("DELETE", path, headers=headers)).raise_for_status()

    async def _until_answered(self, method: str, path: str, **rest: Any) -> httpx.Response:
        # However often a process is killed meanwhile, and however slow a loaded machine starts it again.
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    answer = await self.http.request(method, f"/api/v1/{path}", **rest)
                except (httpx.NetworkError, httpx.ProtocolError):
                    continue
                # A process that has just come back says so until it has its database.
                if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
                    self.answered.count += 1
                    return answer
                await asyncio.sleep(0.1)

    def _application(self) -> str:
        return f"A{self.number:03d}{next(self.sent):06d}"


def address(number: int) -> str:
    return f"reader{number}@example.org"


async def _proof(number: int) -> str:
    asked = await contacts.ask(Contact(Channel.MAIL, address(number)), "fr")
    sent = await contacts.code_to_send(asked)
    assert sent
    await contacts.prove(asked, sent.code, None)
    return str(asked)


@pytest.fixture
async def town(database: str) -> SomeCalendar:
    await add_emitter("m2a", "Agglomération", "agglomeration", latitude=47.7, longitude=7.3)
    calendar = await a_calendar(desks=2, weekly=every_day(time(8), time(18)))
    await planning.offer(calendar.id, "collection", 5, 5)
    await enable_plugin(calendar.emitter, "idcard")
    await publish(calendar.emitter, "idcard")
    return calendar


@pytest.fixture
async def running(database: str, tmp_path: Path) -> AsyncIterator[Instance]:
    async with catching(tmp_path / "mail") as port:
        now = replace(settings.current(), limits=False, smtp_url=f"smtp://127.0.0.1:{port}")
        settings.use(now)
        with instance_of(now) as found:
            found.start(WEB, WORKER)
            yield found


@asynccontextmanager
async def crowd(running: Instance, seed: int, answered: Answered) -> AsyncIterator[asyncio.Future[Any]]:
    """Every client at once, each doing its turns."""
    proofs_of = [await _proof(number) for number in range(CLIENTS)]

    async def one(number: int, http: httpx.AsyncClient) -> None:
        client = Client(http, number, proofs_of[number], random.Random(f"{seed} {number}"), answered)
        for _ in range(TURNS):
            await client.turn()

    async with httpx.AsyncClient(base_url=running.url, timeout=PATIENCE) as http:
        yield asyncio.gather(*(one(number, http) for number in range(CLIENTS)))


async def _killed(running: Instance, seed: int, answered: Answered, work: asyncio.Future[Any]) -> None:
    """Kill one of the two after some answers: others for each seed, so at other steps."""
    chance = random.Random(seed)
    for name in chance.sample(KILLED, len(KILLED)):
        enough = answered.count + chance.randint(1, CLIENTS * TURNS)
        while answered.count < enough and not work.done():
            await asyncio.sleep(0.005)
        running.kill(name)
        if name == WORKER:
            # What it had begun is somebody's again once its lease is over.
            clock.move(LEASE)
        running.start(name)


@pytest.mark.parametrize("seed", seeds())
async def test_what_was_answered_stays(running: Instance, town: SomeCalendar, tmp_path: Path, seed: int) -> None:
    answered = Answered()
    async with crowd(running, seed, answered) as work:
        await _killed(running, seed, answered, work)
        await work
    async with asyncio.timeout(PATIENCE), connection() as c:
        while await c.fetchval("SELECT count(*) FROM parvis.delivery WHERE state <> 'done'"):
            await asyncio.sleep(0.05)
    assert len(answered.booked) > CLIENTS
    await _all_kept(answered)
    await _each_told_once(tmp_path / "mail")
    await _nothing_leaks(town, running)


async def _all_kept(answered: Answered) -> None:
    sql = "SELECT id, dossier, state, lower(period) AS start FROM parvis.booking WHERE dossier IS NOT NULL"
    async with connection() as c:
        kept = {str(row["id"]): row for row in await c.fetch(sql)}
    # Every client was answered in the end, so nobody has a booking without knowing it.
    assert set(kept) == answered.booked
    for booking in answered.booked:
        assert kept[booking]["state"] == ("cancelled" if booking in answered.cancelled else "confirmed")
    for booking, start in answered.moved.items():
        assert kept[booking]["start"] == datetime.fromisoformat(start)


async def _each_told_once(box: Path) -> None:
    caught = {msgspec.json.decode(file.read_bytes(), type=CaughtMail).message_id for file in box.glob("[!.]*.json")}
    sql = (
        "SELECT m.*, b.state = 'confirmed' AND b.sequence = 0 AS as_booked FROM parvis.message m "
        "JOIN parvis.booking b ON b.dossier = m.dossier WHERE template = 'idcard/confirmed'"
    )
    async with connection() as c:
        every = await c.fetch("SELECT message_id, state, error FROM parvis.message WHERE dossier IS NOT NULL")
        confirmations = await c.fetch(sql)
        booked = await c.fetch("SELECT dossier FROM parvis.booking WHERE dossier IS NOT NULL")
    # One message for each booking, whoever was killed; its mail may come twice, under one Message-ID.
    assert Counter(row["dossier"] for row in confirmations) == Counter(row["dossier"] for row in booked)
    assert {(row["state"], row["error"]) for row in confirmations if row["as_booked"]} == {("sent", "")}
    # What a newer message replaced may have left a moment before.
    assert {row["message_id"] for row in every if row["state"] == "sent"} <= caught
    assert caught <= {row["message_id"] for row in every}
    assert {(row["state"], row["error"]) for row in every} <= {("sent", ""), ("stale", "replaced")}


async def _nothing_leaks(town: SomeCalendar, running: Instance) -> None:
    for name in (WEB, WORKER):
        running.kill(name)
    clock.move(timedelta(hours=5))
    await actions.sweep()
    assert await proofs.unlike_bookings() == []
    assert await proofs.unlike_rules(town.id) == []
    async with connection() as c:
        left = {row["state"] for row in await c.fetch("SELECT DISTINCT state FROM parvis.booking")}
    assert left <= {"confirmed", "cancelled"}
