"""What somebody looks at: a day of an emitter, as a list or by desk, all of it or a part."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from litestar import Request

from parvis import clock, settings
from parvis.attendance import queries
from parvis.errors import Refusal, Text
from parvis.identity import guards
from parvis.office.day.board import Filter, Show, View
from parvis.office.day.boards import Key
from parvis.office.permissions import RECEIVE
from parvis.territory import queries as territory
from parvis.territory.queries import EmitterInfo
from parvis.web import fields, forms, i18n
from parvis.web.forms import Form

_YEARS = 20
_FORGOTTEN = timedelta(days=7)


class Asked(msgspec.Struct, frozen=True):
    """What of which day; today's when none is asked for. `seen` is the digest of what a page shows."""

    day: date | None = None
    view: View = "list"
    show: Show = "all"
    desk: Annotated[fields.Line, msgspec.Meta(max_length=60)] = ""
    seen: str = ""


@dataclass(frozen=True, slots=True)
class Here:
    """The day of one emitter that somebody looks at, how, and whether they may act."""

    emitter: EmitterInfo
    day: date
    today: bool
    wanted: Filter
    lang: str
    may: bool
    form: Form[Asked]

    @property
    def key(self) -> Key:
        """The day's board."""
        return self.emitter.id, self.day

    def query(self, **changed: Any) -> str:
        """The query of this page with some things changed; what has its default is left out."""
        wanted = {"day": None if self.today else self.day, "view": self.wanted.view, "show": self.wanted.show}
        told = wanted | {"desk": self.wanted.desk} | changed
        return urlencode({name: str(value) for name, value in told.items() if value not in (None, "", "list", "all")})


async def waiting(emitter: UUID, day: date) -> dict[date, int]:
    """How many visits are over without an outcome, for each of the seven days before a local day and for that day."""
    return await queries.without_outcome(emitter, day - _FORGOTTEN, clock.now())


async def look(request: Request[Any, Any, Any], emitter: str) -> Here:
    """What an address asks for; today's whole list where it cannot be read. Raises NotFound."""
    form = forms.query(request, Asked)
    if form.decoded and form.decoded.day and abs(form.decoded.day.year - clock.now().year) > _YEARS:
        form = replace(form.refused([Refusal("day-far", Text("This day is too far away."), "day")]), decoded=None)
    asked = form.decoded or Asked()
    now = clock.now().astimezone(settings.current().zone).date()
    return Here(
        emitter=await territory.emitter_by_slug(emitter),
        day=asked.day or now,
        today=asked.day in (None, now),
        wanted=Filter(view=asked.view, show=asked.show, desk=asked.desk),
        lang=i18n.language(request),
        may=guards.actor_of(request).may(RECEIVE, emitter),
        form=form,
    )
