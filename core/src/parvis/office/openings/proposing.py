"""What every page of changes does: make a proposed timetable of its form, show what it makes, save it.

Everything is in the form, nothing is kept in between: a page from yesterday is compared with what was there when it was
shown (`version`), and what others changed meanwhile is shown beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any, Generic, TypeAlias, TypeVar

import msgspec
from litestar import Request, Response

from parvis import clock
from parvis.calendars import checks, history, timetables, yields
from parvis.calendars.actions import SlotFull
from parvis.calendars.history import Change
from parvis.calendars.merging import merge
from parvis.calendars.saving import Edit, RulesChanged, Undecided
from parvis.calendars.timetables import Timetable
from parvis.calendars.wording import differences
from parvis.calendars.yields import Yield
from parvis.errors import ParvisError, Refusal, Refused, Text
from parvis.office.openings import deciding, pictures
from parvis.office.openings.deciding import LeftOut
from parvis.office.openings.looking import Here, look, today
from parvis.office.openings.pictures import Week
from parvis.web import fields, forms, pages
from parvis.web.forms import Form

T = TypeVar("T", bound=msgspec.Struct)
_AnyRequest = Request[Any, Any, Any]
Proposed: TypeAlias = Timetable | Sequence[Refusal]
_MESSAGE = 300
_NOT_THERE = Text("What you changed is no longer there. Go back and look at it again.")
_NOTHING = Text("This changes nothing.")
_LONG = Text("Please use at most {limit} characters; you wrote {n}.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """A page of changes: its template and form, what its form makes of a timetable, and what else it shows.

    `sort` is what the history calls the change, `undoes` the version of the one that it takes back.
    """

    template: str
    sort: str
    shape: type[T]
    apply: Callable[[Timetable, T], Proposed]
    context: Mapping[str, Any] = field(default_factory=dict)
    undoes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a change makes: the week in a picture, appointments a year by kind, what it leaves out, and in words."""

    week: Week
    years: Sequence[tuple[Text | str, Yield, Yield]]
    left: LeftOut
    said: Sequence[Text]


@dataclass(frozen=True, slots=True, kw_only=True)
class Meanwhile:
    """What others changed since the page was shown, and the rules that both changed, which would be mine."""

    version: int
    changes: Sequence[Change]
    said: Sequence[Text]
    clashes: Sequence[Text]


async def show(request: _AnyRequest, here: Here, page: Page[T], form: Form[Any]) -> Response[Any]:
    """The page as it stands, with a picture of the rules that are kept."""
    seen = await _preview(here, here.timetable, request.query_params.get("week", ""))
    return _render(request, here, page, form, seen)


async def show_proposed(
    request: _AnyRequest, here: Here, page: Page[T], form: Form[Any], proposed: Timetable
) -> Response[Any]:
    """The page with what it would make, where its form has nothing to fill in."""
    return _render(request, here, page, form, await _preview(here, proposed, ""))


async def receive(request: _AnyRequest, here: Here, page: Page[T]) -> Response[Any]:
    """Preview a change, or save it and go back to the calendar."""
    form = await forms.read(request, page.shape)
    if form.text("step") == "more":
        return await show(request, here, page, replace(form, errors={}))
    version = _whole(form.text("version")) or here.kept.version
    base = here.timetable if version == here.kept.version else await history.timetable_at(here.calendar.id, version)
    if base is None:
        version, base = here.kept.version, here.timetable
    mine = _made(page, base, form)
    if isinstance(mine, Timetable):
        return await _received(request, here, page, form, version, base, mine)
    return await _refused(request, here, page, form.refused(mine))


async def _received(
    request: _AnyRequest, here: Here, page: Page[T], form: Form[T], version: int, base: Timetable, mine: Timetable
) -> Response[Any]:
    proposed, meanwhile = mine, None
    if version != here.kept.version:
        meanwhile = await _meanwhile(here, version, base, mine)
        if form.text("resolve") == "theirs":
            return pages.see_other(f"{here.base}?kept=theirs")
        # Chosen after having seen everything there is to be seen by now.
        settled = form.text("resolve") in ("mine", "both") and form.text("seen") == str(here.kept.version)
        proposed = mine if form.text("resolve") == "mine" else merge(base, mine, here.timetable).timetable
        if not settled:
            form = form if form.text("step") != "save" else form.refused([_choose()])
    if refusals := checks.refusals(proposed):
        return await _refused(request, here, page, form.refused(refusals), meanwhile, version)
    seen = await _preview(here, proposed, form.text("week"))
    form = deciding.decided_alike(form, seen.left.appointments) if form.text("step") == "alike" else form
    if form.text("step") == "save" and not form.errors:
        return await _save(request, here, page, form, proposed, seen, meanwhile, version)
    return _render(request, here, page, form, seen, meanwhile, version)


async def _save(
    request: _AnyRequest,
    here: Here,
    page: Page[T],
    form: Form[T],
    proposed: Timetable,
    seen: Preview,
    meanwhile: Meanwhile | None,
    version: int,
) -> Response[Any]:
    message = fields.words(form.text("message"))
    refusals = [*deciding.undecided(form, seen.left.appointments), *_message_refusals(message)]
    if proposed == here.timetable:
        refusals.append(Refusal("nothing-changed", _NOTHING))
    if refusals or isinstance(message, Text):
        return _render(request, here, page, form.refused(refusals), seen, meanwhile, version)
    edit = Edit(
        calendar=here.calendar.id,
        base=here.kept.version,
        proposed=proposed,
        sort=page.sort,
        by=here.actor.person,
        undoes=page.undoes,
    )
    try:
        saved = await deciding.save(here, edit, deciding.decisions(form, seen.left.appointments), message)
    except (RulesChanged, Undecided, SlotFull) as error:
        # Somebody was quicker: the page is made anew, from what there is now.
        return await _overtaken(request, here, page, form, error)
    except Refused as refused:
        return _render(request, here, page, form.refused(refused.refusals), seen, meanwhile, version)
    return pages.see_other(f"{here.base}?saved={saved.version}")


async def _overtaken(
    request: _AnyRequest, here: Here, page: Page[T], form: Form[T], error: ParvisError
) -> Response[Any]:
    now = await look(request, here.emitter.slug, here.calendar.id)
    told = form.refused([Refusal(error.code, error.title)])
    raw = {**told.raw, "step": ("preview",)}
    version = _whole(form.text("version")) or here.kept.version
    base = now.timetable if version == now.kept.version else await history.timetable_at(here.calendar.id, version)
    mine = _made(page, base or now.timetable, replace(form, errors={}))
    told = replace(told, raw=raw)
    if not isinstance(mine, Timetable):
        return await _refused(request, now, page, told.refused(mine))
    return await _received(request, now, page, told, version, base or now.timetable, mine)


async def _refused(
    request: _AnyRequest,
    here: Here,
    page: Page[T],
    form: Form[T],
    meanwhile: Meanwhile | None = None,
    version: int | None = None,
) -> Response[Any]:
    seen = await _preview(here, here.timetable, form.text("week"))
    return _render(request, here, page, form, seen, meanwhile, version)


def _made(page: Page[T], base: Timetable, form: Form[T]) -> Proposed:
    if form.errors or form.decoded is None:
        return []
    try:
        return page.apply(base, form.decoded)
    except KeyError:
        return [Refusal("gone", _NOT_THERE)]


async def _meanwhile(here: Here, version: int, base: Timetable, mine: Timetable) -> Meanwhile:
    both = merge(base, mine, here.timetable)
    theirs = differences(base, here.timetable, here.names)
    return Meanwhile(
        version=here.kept.version,
        changes=await history.since(here.calendar.id, version),
        said=[found.text for found in theirs],
        clashes=[found.text for found in theirs if found.path in both.clashes],
    )


async def _preview(here: Here, proposed: Timetable, asked: str) -> Preview:
    now = clock.now()
    before, after = timetables.plan(here.timetable, now), timetables.plan(proposed, now)
    kind = pictures.main_kind(proposed)
    return Preview(
        week=pictures.week(proposed, after, _monday(asked, before, after), before, kind),
        years=years(here, here.timetable, proposed),
        left=await deciding.left_out(here.timetable, proposed),
        said=[found.text for found in differences(here.timetable, proposed, here.names)],
    )


def years(here: Here, before: Timetable, after: Timetable) -> list[tuple[Text | str, Yield, Yield]]:
    """Appointments a year by kind before and after; what is counted as of the main kind comes first."""
    first = today(here.timetable)
    was, is_ = yields.a_year(before, first), yields.a_year(after, first)
    main, none = pictures.main_kind(after), Yield(0, 0)
    return [
        (here.names.get(kind, kind), was.get(kind, none), is_.get(kind, none))
        for kind in sorted(is_, key=lambda kind: kind != main)
    ]


def _monday(asked: str, before: timetables.Plan, after: timetables.Plan) -> date:
    """The week that was asked for, else the first that differs, else the next whole one."""
    chosen = fields.day(asked) if asked else None
    if isinstance(chosen, date) and abs((chosen - after.today).days) < 800:
        return pictures.monday_of(chosen)
    changed = pictures.first_difference(before, after)
    return pictures.monday_of(changed or after.today + timedelta(days=7))


def _message_refusals(message: str | Text) -> list[Refusal]:
    if isinstance(message, Text):
        return [Refusal("message-long", message, "message")]
    if len(message) > _MESSAGE:
        return [Refusal("message-long", Text(_LONG.msgid, {"limit": _MESSAGE, "n": len(message)}), "message")]
    return []


def _choose() -> Refusal:
    return Refusal("resolve", Text("Choose what becomes of the two changes."), "resolve")


def _whole(raw: str) -> int | None:
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 10 else None


def _render(
    request: _AnyRequest,
    here: Here,
    page: Page[T],
    form: Form[Any],
    seen: Preview,
    meanwhile: Meanwhile | None = None,
    version: int | None = None,
) -> Response[Any]:
    # A script swaps the preview only, and only what came back with 200.
    wrong = bool(form.errors) and "hx-request" not in request.headers
    return pages.render(
        request,
        page.template,
        status=422 if wrong else 200,
        form=form,
        page=here,
        seen=seen,
        meanwhile=meanwhile,
        version=version or here.kept.version,
        value_of=deciding.value_of,
        here_path=request.url.path,
        lane=pictures.LANE,
        **page.context,
    )
