"""The demo's own pages: what one can do here, faults on demand, and the clock. Only the demo has them."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

import msgspec
from litestar import Request, Response, get, post

from parvis import clock, plugins, settings
from parvis.demo import caught, faults
from parvis.demo.keycloak import people as keycloak
from parvis.demo.people import PEOPLE
from parvis.demo.plan import is_on_keycloak, played_by
from parvis.errors import Refusal, Text
from parvis.identity import guards
from parvis.web import fields, forms, pages

_AnyRequest = Request[Any, Any, Any]
_OPEN = guards.page(guards.public(), "everyone")
_KEPT = Text("Keycloak keeps its own time, and would sign nobody in. Use the demonstration without it (make demo).")
_LONGEST_HOURS = 24 * 366
# The next reminder, the day of the visit, the day after its data are erased.
STEPS = (
    (1, Text("Move forward by 1 hour")),
    (24, Text("Move forward by 1 day")),
    (24 * 7, Text("Move forward by 7 days")),
    (24 * 31, Text("Move forward by 31 days")),
)


class _Switch(msgspec.Struct, frozen=True):
    fault: str
    state: Literal["on", "off"]


class _Move(msgspec.Struct, frozen=True):
    hours: Annotated[
        int, msgspec.Meta(ge=1, le=_LONGEST_HOURS), fields.Missing(Text("Write a number of hours, for example 12."))
    ]


@get("/demo", **_OPEN)
async def home(request: _AnyRequest) -> Response[Any]:
    """What there is to try."""
    played = [one.simulator for one in played_by(plugins.current())]
    return pages.render(request, "demo/home.html", people=PEOPLE, simulators=played, keycloak=_on_keycloak())


@get("/demo/sign-in", **_OPEN)
async def how_to_sign_in(request: _AnyRequest) -> Response[Any]:
    """Names, the password and the code of the moment, where people sign in with a real Keycloak."""
    if not _on_keycloak():
        return pages.see_other("/login")
    # Keycloak keeps the machine's time.
    code = keycloak.code_at(clock.now() - clock.shift())
    return pages.render(request, "demo/sign-in.html", people=PEOPLE, password=keycloak.PASSWORD, code=code)


@get("/demo/faults", **_OPEN)
async def show_faults(request: _AnyRequest) -> Response[Any]:
    """The switches."""
    return pages.render(request, "demo/faults.html", faults=faults.known(), active=faults.active())


@post("/demo/faults", status_code=303, **_OPEN)
async def switch_fault(request: _AnyRequest) -> Response[Any]:
    """Switch one on or off."""
    form = await forms.read(request, _Switch)
    if form.errors:
        return pages.render(
            request, "demo/faults.html", status=422, form=form, faults=faults.known(), active=faults.active()
        )
    faults.switch(form.value.fault, form.value.state == "on")
    return pages.see_other("/demo/faults")


@get("/demo/clock", **_OPEN)
async def show_clock(request: _AnyRequest) -> Response[Any]:
    """The present instant, and how far it was moved."""
    return _clock_page(request, forms.blank())


@post("/demo/clock", status_code=303, **_OPEN)
async def move_clock(request: _AnyRequest) -> Response[Any]:
    """Move it forward by hours; it never goes back."""
    form = await forms.read(request, _Move)
    if _on_keycloak():
        form = form.refused([Refusal("clock-kept", _KEPT, "hours")])
    if form.errors:
        return _clock_page(request, form, status=422)
    clock.move(timedelta(hours=form.value.hours))
    return pages.see_other("/demo/clock")


HANDLERS = (home, how_to_sign_in, show_faults, switch_fault, show_clock, move_clock, *caught.HANDLERS)


def _on_keycloak() -> bool:
    return is_on_keycloak(settings.current())


def _clock_page(request: _AnyRequest, form: forms.Form[Any], status: int = 200) -> Response[Any]:
    return pages.render(
        request, "demo/clock.html", status=status, form=form, present=clock.now(), shift=clock.shift(), steps=STEPS
    )
