"""Whose rules somebody looks at: a calendar of the emitter they act for, as it is kept now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Request

from parvis import clock, plugins
from parvis.calendars import openings, queries, timetable_rows
from parvis.calendars.queries import CalendarInfo
from parvis.calendars.timetable_rows import Kept
from parvis.calendars.timetables import Timetable
from parvis.contract.values import Kind
from parvis.errors import NotFound, Text
from parvis.identity import guards
from parvis.identity.actors import Actor
from parvis.office.permissions import CLOSE, RULES
from parvis.territory import queries as territory
from parvis.territory.queries import EmitterInfo
from parvis.web import i18n

_AnyRequest = Request[Any, Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """A calendar of an emitter: its rules and their version, and what this agent may change."""

    emitter: EmitterInfo
    calendar: CalendarInfo
    kept: Kept
    declared: Mapping[str, Kind]
    service: Text | str
    actor: Actor
    lang: str
    several: bool

    @property
    def timetable(self) -> Timetable:
        """The rules as they are kept."""
        return self.kept.timetable

    @property
    def zone(self) -> ZoneInfo:
        """The place's time zone."""
        return ZoneInfo(self.calendar.zone)

    @property
    def names(self) -> dict[str, Text]:
        """The kinds' names by their key."""
        return {key: kind.name for key, kind in self.declared.items()}

    @property
    def base(self) -> str:
        """The address of the calendar's pages."""
        return f"/office/{self.emitter.slug}/calendars/{self.calendar.id}"

    @property
    def may_close(self) -> bool:
        """Whether this agent may close hours and change single days."""
        return self.actor.may(CLOSE, self.emitter.slug)

    @property
    def may_change(self) -> bool:
        """Whether this agent may change kinds, desks and rules."""
        return self.actor.may(RULES, self.emitter.slug)


async def look(request: _AnyRequest, slug: str, calendar: UUID) -> Here:
    """One calendar of an emitter. Raises NotFound for another emitter's."""
    emitter = await territory.emitter_by_slug(slug)
    own = await queries.calendars_of(emitter.id)
    info = next((found for found in own if found.id == calendar), None)
    if info is None:
        raise NotFound
    return Here(
        emitter=emitter,
        calendar=info,
        kept=await timetable_rows.read(calendar),
        declared=kinds_of(info.service),
        service=service_name(info.service),
        actor=guards.actor_of(request),
        lang=i18n.language(request),
        several=len(own) > 1,
    )


def service_name(key: str) -> Text | str:
    """What a service is called; its key where no plugin brings it any more."""
    try:
        return plugins.current().service(key)[1].name
    except NotFound:
        return key


def kinds_of(key: str) -> dict[str, Kind]:
    """The kinds that a service declares."""
    try:
        return {kind.key: kind for kind in plugins.current().service(key)[1].kinds}
    except NotFound:
        return {}


def today(timetable: Timetable) -> date:
    """The place's day now."""
    return openings.today(clock.now(), ZoneInfo(timetable.zone))
