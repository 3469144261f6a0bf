"""A page of every part, for tests and for looking at; not shipped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from litestar import Litestar, Request, Response, get, post
from litestar.params import FromPath

from parvis import clock, settings
from parvis.errors import Refusal, Refused, Text
from parvis.settings import Settings
from parvis.web import fields, folders, forms, pages
from parvis.web.site import Site

WHEN = datetime(2027, 1, 4, 8, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Slot:
    id: str
    start: datetime


SLOTS = [Slot(f"s{n}", WHEN + timedelta(minutes=25 * n)) for n in range(0, 20, 2)]


class Contact(msgspec.Struct, frozen=True):
    name: Annotated[fields.Line, fields.Missing(Text("Enter the family name."))]
    email: fields.Email
    birth: fields.BirthDate
    kind: Literal["deposit", "collection"]
    phone: fields.Phone | None = None
    people: Annotated[int, msgspec.Meta(ge=1, le=8)] = 1
    agree: bool = False


async def frame(request: Request[Any, Any, Any]) -> pages.Frame:
    portal = pages.Brand(slug="m2a", name="Mulhouse Alsace Agglomération")
    town = pages.Brand(slug="illzach", name="Ville d’Illzach", url="/e/illzach")
    links = (
        pages.Link(label="Services", url="/", current=True, icon="home"),
        pages.Link(label="Mes demandes", url="/mine", icon="inbox", count=2),
    )
    return pages.Frame(
        portal=portal,
        emitter=None if request.url.path == "/" else town,
        navigation=links,
        areas=(pages.Area(label="La journée", links=links), pages.Area(label="Suivi", links=links[1:])),
        emitters=(pages.Link(label="Illzach", url="/a", current=True), pages.Link(label="Mulhouse", url="/b"))
        if request.url.path == "/office"
        else (),
        person="Nadia Weber" if request.url.path == "/office" else None,
        sign_in="/login",
        help_phone="03 89 33 00 00",
        help_hours="du lundi au vendredi, de 8 h 30 à 17 h",
        legal=(
            pages.Link(label="Accessibilité", url="/accessibility"),
            pages.Link(label="Mentions légales", url="/legal"),
        ),
        notice="Données de démonstration : tout est inventé.",
    )


def _context() -> dict[str, Any]:
    return {
        "slots": SLOTS, "when": WHEN, "until": clock.now() + timedelta(minutes=9), "chosen": date(2027, 1, 6),
        "days": {date(2027, 1, n): (n * 7) % 13 for n in range(4, 30)},
        "url": lambda slot: f"/slot/{slot.id}", "dayurl": lambda day: f"?day={day}",
    }  # fmt: skip


@get("/", include_in_schema=False)
async def home(request: Request[Any, Any, Any]) -> Response[Any]:
    return pages.render(request, "gallery/home.html")


@get("/gallery", include_in_schema=False)
async def show(request: Request[Any, Any, Any]) -> Response[Any]:
    return pages.render(request, "gallery/resident.html", form=forms.blank(kind="deposit", people=2), **_context())


@post("/gallery", status_code=200, include_in_schema=False)
async def keep(request: Request[Any, Any, Any]) -> Response[Any]:
    form = await forms.read(request, Contact)
    if form.errors:
        return pages.render(request, "gallery/resident.html", status=422, form=form, **_context())
    return pages.see_other("/")


@get("/office", include_in_schema=False)
async def office(request: Request[Any, Any, Any]) -> Response[Any]:
    return pages.render(request, "gallery/office.html", slots=SLOTS)


@get(["/fails/{how:str}", "/api/v1/fails/{how:str}"])
async def fails(how: FromPath[str]) -> None:
    if how == "database":
        raise ConnectionRefusedError("secret dsn")
    if how == "full":
        raise Refused(Refusal("slot-full", Text("This hour has just been taken."), "slot"))
    raise RuntimeError("secret detail")


def gallery(**changes: Any) -> Litestar:
    settings.use(Settings(env="test", **changes))
    folders.use([Path(__file__).parent])
    pages.provide_frame(frame)
    return Litestar([home, show, keep, office, fails], plugins=[Site(settings.current())], openapi_config=None)


def app() -> Litestar:
    return gallery()
