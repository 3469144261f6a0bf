"""A kind of appointment at one place: minutes, desks, online or not, number or not, what to bring in each language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from parvis.calendars.checks import kind_refusals
from parvis.calendars.timetables import DeskRules, KindRules, Timetable, serves, step_of
from parvis.errors import NotFound, Refusal, Text
from parvis.identity import guards
from parvis.office.openings import proposing
from parvis.office.openings.looking import Here, look
from parvis.office.openings.proposing import Page, Proposed
from parvis.office.permissions import RULES
from parvis.web import fields, forms
from parvis.web.forms import Form
from parvis.web.rules import LANGUAGES

_AnyRequest = Request[Any, Any, Any]
_CHANGE = guards.page(guards.staff(RULES), "manager", status_code=200)
_PLAIN = ("minutes_first", "minutes_further", "people_max", "online", "number")
_NO_MINUTES = fields.Missing(Text("Write how many minutes one person takes."))


class KindForm(msgspec.Struct, frozen=True, kw_only=True):
    """A kind, as typed; `desks` are those that serve it, by their ids."""

    offered: bool = False
    minutes_first: Annotated[int, _NO_MINUTES]
    minutes_further: int = 0
    people_max: int = 8
    online: bool = False
    number: bool = False
    desks: tuple[str, ...] = ()
    bring_fr: fields.Words | None = None
    bring_de: fields.Words | None = None
    bring_en: fields.Words | None = None


@get("/office/{emitter:str}/calendars/{calendar:uuid}/kinds/{kind:str}", **_CHANGE)
async def ask_to_change_kind(
    request: _AnyRequest, emitter: FromPath[str], calendar: FromPath[UUID], kind: FromPath[str]
) -> Response[Any]:
    """A kind as it is, or as its service declares it where it is not offered yet."""
    here = await look(request, emitter, calendar)
    return await proposing.show(request, here, _page(here, kind), _filled(here, kind))


@post("/office/{emitter:str}/calendars/{calendar:uuid}/kinds/{kind:str}", **_CHANGE)
async def change_kind(
    request: _AnyRequest, emitter: FromPath[str], calendar: FromPath[UUID], kind: FromPath[str]
) -> Response[Any]:
    """Change a kind, offer it, or offer it no longer."""
    here = await look(request, emitter, calendar)
    return await proposing.receive(request, here, _page(here, kind))


def apply(base: Timetable, typed: KindForm, kind: str) -> Proposed:
    """The timetable with the kind as typed, or what is wrong with it at its own fields."""
    if not typed.offered:
        kinds = {key: rules for key, rules in base.kinds.items() if key != kind}
        return msgspec.structs.replace(base, kinds=kinds)
    rules = KindRules(
        minutes_first=typed.minutes_first,
        minutes_further=typed.minutes_further,
        step_minutes=step_of(max(typed.minutes_first, 1)),
        people_max=typed.people_max,
        online=typed.online,
        number=typed.number,
        bring={lang: text for lang in LANGUAGES if (text := getattr(typed, f"bring_{lang}"))},
    )
    served = {key: _served(desk, key.hex in typed.desks, kind, base) for key, desk in base.desks.items() if desk.active}
    if refusals := [*kind_refusals(rules), *_desk_refusals(base, served, kind)]:
        return refusals
    kinds, changed = {**base.kinds, kind: rules}, msgspec.structs.replace
    desks = {key: changed(base.desks[key], kinds=_written(found, kinds)) for key, found in served.items()}
    return changed(base, kinds=kinds, desks={**base.desks, **desks})


def _served(desk: DeskRules, wanted: bool, kind: str, base: Timetable) -> set[str]:
    """What a desk serves once it serves a kind, or no longer."""
    others = {key for key in base.kinds if key != kind and serves(desk, key)}
    return others | {kind} if wanted else others


def _written(served: set[str], kinds: Mapping[str, KindRules]) -> tuple[str, ...]:
    """How a desk says what it serves: nothing said is all."""
    return () if served >= kinds.keys() else tuple(key for key in kinds if key in served)


def _desk_refusals(base: Timetable, served: Mapping[UUID, set[str]], kind: str) -> Iterator[Refusal]:
    if served and not any(kind in found for found in served.values()):
        yield Refusal("no-desk", Text("Choose at least one desk that serves it."), "desks")
    idle = [base.desks[key].name for key, found in served.items() if not found]
    if idle:
        text = Text("{desk} would serve nothing any more. Take it out of use instead.", {"desk": ", ".join(idle)})
        yield Refusal("desk-without-kind", text, "desks")


def _page(here: Here, kind: str) -> Page[KindForm]:
    if kind not in here.declared and kind not in here.timetable.kinds:
        raise NotFound
    return Page(
        template="office/openings/kind.html",
        sort="kind",
        shape=KindForm,
        apply=lambda base, typed: apply(base, typed, kind),
        context={
            "kind": here.names.get(kind, kind),
            "desks": [(key.hex, desk.name) for key, desk in here.timetable.desks.items() if desk.active],
        },
    )


def _filled(here: Here, kind: str) -> Form[Any]:
    rules = here.timetable.kinds.get(kind)
    serving = tuple(
        key.hex for key, desk in here.timetable.desks.items() if desk.active and (rules is None or serves(desk, kind))
    )
    offered = rules is not None
    if rules is None:
        declared = here.declared[kind]
        rules = KindRules(
            minutes_first=declared.first,
            minutes_further=declared.further,
            step_minutes=step_of(declared.first),
            people_max=declared.people,
            online=declared.online,
            number=declared.number,
        )
    texts: dict[str, Any] = {f"bring_{lang}": rules.bring.get(lang) for lang in LANGUAGES}
    plain: dict[str, Any] = {name: getattr(rules, name) for name in _PLAIN}
    return forms.of(KindForm(offered=offered, desks=serving, **plain, **texts))


HANDLERS = (ask_to_change_kind, change_kind)
