"""The simulated service over HTTP, as strict as the real one: every parameter in the query, for POST and DELETE too."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec
from litestar import Litestar, Request, Response, delete, get, post
from litestar.datastructures import State

from parvis.contract.values import Simulator, Stage
from parvis.errors import Text
from parvis_idcard.ants.simulator import faults
from parvis_idcard.ants.simulator.registry import VALIDATED, Kept, Registry

TOKEN, SEARCH_TOKEN = "demo-coordination-token", "demo-ants-token"
PORT = 6
SLOW_SECONDS = 5.0
SILENT_SECONDS = 60.0
_Request = Request[Any, Any, State]


def create(stage: Stage) -> Litestar:
    """The service; what it keeps is in the stage's folder, `app.state.registry` for tests."""
    registry = Registry(stage.folder / "registry.json")
    return Litestar(
        [status, declare, withdraw],
        path="/api",
        state=State({"registry": registry, "faults": stage.faults}, deep_copy=False),
        before_request=_hindered,
        openapi_config=None,
    )


def environ(address: str) -> Mapping[str, str]:
    """What leads an instance to the service at `address`, and lets the national search in."""
    return {
        "PARVIS_IDCARD_COORDINATION": f"{address}/api",
        "PARVIS_IDCARD_COORDINATION_TOKEN": TOKEN,
        "PARVIS_IDCARD_ANTS_TOKENS": SEARCH_TOKEN,
    }


COORDINATION = Simulator(
    key="coordination",
    about=Text(
        "Application numbers: any 10 letters or figures are valid. CONSUMED01 was used already, EXPIRED001 is too old, "
        "UNKNOWN001 is not known, DECLARED01 is not finished, ELSEWHERE1 has an appointment elsewhere, LATER00001 is "
        "used a day after it was booked."
    ),
    port=PORT,
    app=create,
    environ=environ,
)


@get("/status")
async def status(request: _Request, state: State) -> Response[Any]:
    """What each number is worth, and its appointments."""
    asked = request.query_params.getall("application_ids", [])
    if not asked:
        return _missing("application_ids")
    elsewhere = faults.ELSEWHERE in state.faults()
    return Response({number: _status(state.registry, number, elsewhere) for number in asked})


@post("/appointments", status_code=200)
async def declare(request: _Request, state: State) -> Response[Any]:
    """Keep an appointment of a validated number."""
    names = ("application_id", "meeting_point_id", "meeting_point", "appointment_date", "management_url")
    if missing := [name for name in names if not request.query_params.get(name)]:
        return _missing(*missing)
    told = {name: request.query_params[name] for name in names}
    number = told.pop("application_id")
    if (worth := state.registry.status(number)) != VALIDATED:
        return _detail(400, f"Application id is {worth}")
    added = state.registry.add(number, Kept(**told))
    await _silent(state)
    if not added or faults.EXISTS in state.faults():
        return _detail(409, "Appointment already exists")
    return Response({"success": True})


@delete("/appointments", status_code=200)
async def withdraw(request: _Request, state: State) -> Response[Any]:
    """Forget an appointment; how many there were."""
    names = ("application_id", "meeting_point_id", "meeting_point", "appointment_date")
    if missing := [name for name in names if not request.query_params.get(name)]:
        return _missing(*missing)
    asked = request.query_params
    count = state.registry.remove(asked["application_id"], asked["meeting_point"], asked["appointment_date"])
    await _silent(state)
    return Response({"rowcount": count})


async def _hindered(request: _Request) -> Response[Any] | None:
    """What stands in the way of any request: a wrong token, or a fault that is on."""
    active = request.app.state.faults()
    if faults.SLOW in active:
        await asyncio.sleep(SLOW_SECONDS)
    if faults.DOWN in active:
        return _detail(500, "Internal Server Error")
    if faults.TOKEN in active or request.headers.get("x-rdv-opt-auth-token") != TOKEN:
        return _detail(401, "X-RDV-OPT-AUTH-TOKEN header invalid")
    return None


async def _silent(state: State) -> None:
    if faults.SILENT in state.faults():
        await asyncio.sleep(SILENT_SECONDS)


def _status(registry: Registry, number: str, elsewhere: bool) -> dict[str, Any]:
    shown = ("management_url", "meeting_point", "appointment_date")
    kept = registry.appointments(number, elsewhere)
    return {
        "status": registry.status(number),
        "appointments": [{name: msgspec.structs.asdict(one)[name] for name in shown} for one in kept],
    }


def _missing(*names: str) -> Response[Any]:
    detail = [{"loc": ["query", name], "msg": "field required", "type": "value_error.missing"} for name in names]
    return Response({"detail": detail}, status_code=422)


def _detail(code: int, words: str) -> Response[Any]:
    return Response({"detail": words}, status_code=code)
