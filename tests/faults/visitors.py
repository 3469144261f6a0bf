"""What people and programs do at a running demo, over HTTP like anybody. Not a test."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import msgspec

from parvis.demo.mailbox import CaughtMail
from parvis.testing.running import RunningDemo, wait_for

_numbers = count()


@contextmanager
def visitor(demo: RunningDemo, **headers: str) -> Iterator[httpx.Client]:
    """Somebody with a browser of their own: limits for each client tell them apart by what it says of itself."""
    own = {"User-Agent": f"visitor {next(_numbers)}", **headers}
    with httpx.Client(base_url=demo.url, timeout=60, headers=own) as http:
        yield http


@contextmanager
def signed_in(demo: RunningDemo, sub: str, **headers: str) -> Iterator[httpx.Client]:
    """One of the demo's people, signed in as a script does: the provider's form with `sub`."""
    with visitor(demo, **headers) as http:
        page = http.get(http.get("/login").headers["location"])
        back = http.post(page.url, data={"sub": sub})
        arrived = http.get(back.headers["location"])
        assert arrived.status_code == httpx.codes.SEE_OTHER, arrived.text
        yield http


def slots(http: httpx.Client, **query: object) -> list[dict[str, Any]]:
    """A page of free hours."""
    answer = http.get("/api/v1/slots", params={"service": "idcard", **query})
    assert answer.status_code == httpx.codes.OK, answer.text
    return list(answer.json()["items"])


def hold(http: httpx.Client, people: int = 1, **query: object) -> dict[str, Any]:
    """An hour held: the first that nobody else takes meanwhile."""
    for slot in slots(http, people=people, **query):
        answer = http.post("/api/v1/holds", json={"slot": slot["id"], "people": people, "reason": "CNI"})
        if answer.status_code == httpx.codes.CREATED:
            return dict(answer.json())
    raise AssertionError("no hour is free")


def bearer(held: dict[str, Any]) -> dict[str, str]:
    """The proof of who holds it."""
    return {"Authorization": f"Bearer {held['secret']}"}


def book(http: httpx.Client, held: dict[str, Any], *names: str, **rest: object) -> httpx.Response:
    """Turn a hold into an appointment for these people (given and family name)."""
    applicants = [
        {"given": name.split()[0], "family": name.split()[1], "age": "adult" if n == 0 else "minor", "number": number()}
        for n, name in enumerate(names)
    ]
    details = {"applicants": applicants, "reason": "CNI", **rest}
    proof = details.pop("proof", None)
    body = {"hold": held["id"], "details": details} | ({"proof": proof} if proof else {})
    return http.post("/api/v1/bookings", json=body, headers=bearer(held))


def number() -> str:
    """An application number that nobody else has."""
    return f"Z{next(_numbers):09d}"


def mails(folder: Path, to: str) -> list[tuple[CaughtMail, Path]]:
    """What the demo's mail server caught for somebody: what is beside each mail, and the mail's file."""
    found = [(file, msgspec.json.decode(file.read_bytes())) for file in sorted((folder / "mail").glob("[!.]*.json"))]
    return [
        (msgspec.convert(kept, CaughtMail), file.with_suffix(".eml"))
        for file, kept in found
        if kept["channel"] == "mail" and to in kept["to"]
    ]


def mail(folder: Path, to: str, subject: str) -> tuple[CaughtMail, Path]:
    """The first mail to somebody whose subject contains that, once it has arrived."""
    found: list[tuple[CaughtMail, Path]] = []

    def arrived() -> bool:
        found[:] = [one for one in mails(folder, to) if subject in one[0].subject]
        return bool(found)

    wait_for(arrived, f"a mail to {to} about {subject!r}")
    return found[0]


def proof_of(http: httpx.Client, folder: Path, email: str) -> str:
    """Prove an e-mail address with the code that was sent to it."""
    asked = http.post("/api/v1/contacts", json={"email": email, "language": "fr"})
    assert asked.status_code == httpx.codes.CREATED, asked.text
    proof = str(asked.json()["proof"])
    code = re.findall(r"\d{6}", mail(folder, email, "est votre code")[0].subject)[0]
    proved = http.post(f"/api/v1/contacts/{proof}/code", json={"code": code})
    assert proved.status_code == httpx.codes.NO_CONTENT, proved.text
    return proof
