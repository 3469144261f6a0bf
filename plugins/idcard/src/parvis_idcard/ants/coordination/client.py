"""Calls of the coordination service. Every parameter travels in the query, for POST and DELETE too.

Nothing of a call is logged: its address holds an application number. After an outage the process lets the service be
for some seconds, so that neither residents nor other deliveries wait for it again and again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

import httpx
import msgspec
import structlog

from parvis import clock, crypto, settings
from parvis_idcard.ants.coordination.rules import Declared, Registered, Standing, Status
from parvis_idcard.environment import DRY_RUN, Environment

log = structlog.get_logger()
_HURRIED = 2.0
_UNHURRIED = 6.0
_SHORTEST_REST, _LONGEST_REST = 5.0, 60.0


class NotTaken(Exception):
    """The service did not do it: `down`, our `token` refused, `refused` what was sent, or `unreadable` what it said."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Coordination(Protocol):
    """The service, or what stands in for it; `rehearses` where nothing is really sent."""

    @property
    def rehearses(self) -> bool:
        """Whether nothing is really sent."""

    async def status(self, numbers: Sequence[str], place_id: str, hurried: bool = False) -> dict[str, Standing]:
        """What the numbers are worth; `hurried` where somebody waits for it. Raises NotTaken."""

    async def declare(self, number: str, wanted: Declared) -> None:
        """Declare an appointment. Raises NotTaken, `refused` also where it is there already."""

    async def withdraw(self, number: str, place_id: str, there: Registered) -> None:
        """Withdraw an appointment as the service has it; nothing happens if it is gone. Raises NotTaken."""


@dataclass(slots=True)
class _Outages:
    """Until when the service is let be, doubling with each failure in a row."""

    failures: int = 0
    until: datetime | None = None
    reason: str = "down"

    def note(self, reason: str) -> None:
        self.failures, self.reason = self.failures + 1, reason
        seconds = min(_SHORTEST_REST * 2 ** min(self.failures - 1, 10), _LONGEST_REST)
        self.until = clock.now() + timedelta(seconds=seconds)

    def forget(self) -> None:
        self.failures, self.until = 0, None

    def resting(self) -> bool:
        return self.until is not None and clock.now() < self.until


outages = _Outages()


@dataclass(frozen=True, slots=True)
class Service:
    """The service at an address, with our token in a header."""

    address: str
    token: str = field(repr=False)
    header: str
    rehearses: bool = False

    async def status(self, numbers: Sequence[str], place_id: str, hurried: bool = False) -> dict[str, Standing]:
        """What the numbers are worth; one that the answer leaves out, or of a status nobody knows, is left out."""
        asked = [("application_ids", number) for number in numbers]
        raw = await self._call("GET", "status", [*asked, ("meeting_point_id", place_id)], hurried)
        found = ((number, _standing(raw.get(number))) for number in numbers)
        return {number: standing for number, standing in found if standing is not None}

    async def declare(self, number: str, wanted: Declared) -> None:
        """Declare an appointment."""
        told = {"meeting_point": wanted.place, "appointment_date": wanted.at, "management_url": wanted.url}
        sent = {"application_id": number, "meeting_point_id": wanted.place_id, **told}
        answer = await self._call("POST", "appointments", list(sent.items()))
        if answer.get("success") is not True:
            raise NotTaken("refused")

    async def withdraw(self, number: str, place_id: str, there: Registered) -> None:
        """Withdraw an appointment."""
        told = {"meeting_point": there.meeting_point, "appointment_date": there.appointment_date}
        sent = {"application_id": number, "meeting_point_id": place_id, **told}
        await self._call("DELETE", "appointments", list(sent.items()))

    async def _call(
        self, method: str, path: str, query: Sequence[tuple[str, str]], hurried: bool = False
    ) -> dict[str, Any]:
        if outages.resting():
            raise NotTaken(outages.reason)
        patience = _HURRIED if hurried else _UNHURRIED
        try:
            async with asyncio.timeout(patience), _connected(patience) as http:
                url = f"{self.address}/{path}"
                answer = await http.request(method, url, params=list(query), headers={self.header: self.token})
        except (httpx.HTTPError, TimeoutError) as error:
            outages.note("down")
            raise NotTaken("down") from error
        return _read(answer)


@dataclass(frozen=True, slots=True)
class DryRun:
    """Logs what would be sent, without the number; no check can be made."""

    rehearses: bool = True

    async def status(self, numbers: Sequence[str], place_id: str, hurried: bool = False) -> dict[str, Standing]:
        """Nothing is known of any number."""
        log.info("ants.would-ask", numbers=len(numbers), place=place_id, hurried=hurried)
        return {}

    async def declare(self, number: str, wanted: Declared) -> None:
        """Only said."""
        log.info("ants.would-declare", signs=len(number), place=wanted.place_id, at=wanted.at, url=wanted.url)

    async def withdraw(self, number: str, place_id: str, there: Registered) -> None:
        """Only said."""
        log.info("ants.would-withdraw", signs=len(number), place=place_id, at=there.appointment_date)


def _connected(patience: float) -> httpx.AsyncClient:
    return httpx.AsyncClient(verify=crypto.trust(), timeout=patience)


def current() -> Coordination | None:
    """The service as the operator set it; None where it is off."""
    now = settings.provided(Environment)
    if now.coordination == DRY_RUN:
        return DryRun()
    address = now.coordination_address
    return Service(address, now.coordination_token, now.coordination_header) if address else None


def _read(answer: httpx.Response) -> dict[str, Any]:
    if reason := _closed(answer.status_code):
        outages.note(reason)
        raise NotTaken(reason)
    outages.forget()
    if not answer.is_success:
        raise NotTaken("refused")
    try:
        # An empty body is an answer too.
        return msgspec.json.decode(answer.content or b"{}", type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise NotTaken("unreadable") from error


def _closed(status: int) -> str | None:
    """Why no call would be taken at all just now, if so."""
    if status in {401, 403}:
        return "token"
    return "down" if status >= 500 or status == 429 else None


def _standing(raw: object) -> Standing | None:
    if not isinstance(raw, dict) or raw.get("status") not in set(Status):
        return None
    kept = raw.get("appointments")
    there = [_registered(one) for one in kept if isinstance(one, dict)] if isinstance(kept, list) else []
    return Standing(status=Status(raw["status"]), appointments=tuple(there))


def _registered(raw: dict[str, Any]) -> Registered:
    return Registered(**{name: str(raw.get(name) or "") for name in Registered.__struct_fields__})
