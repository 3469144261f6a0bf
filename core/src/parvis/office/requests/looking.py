"""A request that somebody of the staff looks at: whose it is, and what its service tells of it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from litestar import Request

from parvis import clock, plugins, settings
from parvis.calendars.queries import BookingInfo, booking
from parvis.contract.values import Card, Counter, StaffAct
from parvis.dossiers import reading
from parvis.dossiers.actions import By
from parvis.dossiers.queries import DossierInfo, Visit
from parvis.errors import NotFound
from parvis.identity import guards
from parvis.identity.actors import Actor
from parvis.office.permissions import CHANGE
from parvis.territory import queries as territory
from parvis.territory.queries import EmitterInfo

_AnyRequest = Request[Any, Any, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """A dossier of an emitter, who looks at it, and its hour if it has one."""

    emitter: EmitterInfo
    actor: Actor
    dossier: DossierInfo
    booking: BookingInfo | None
    counter: Counter | None

    @property
    def base(self) -> str:
        """The path of its page."""
        return f"/office/{self.emitter.slug}/requests/{self.dossier.id}"

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which its hour is told."""
        return ZoneInfo(self.booking.zone) if self.booking else settings.current().zone

    @property
    def visit(self) -> Visit:
        """Its visit. Raises NotFound where there is none."""
        if self.dossier.visit is None:
            raise NotFound
        return self.dossier.visit

    @property
    def may_change(self) -> bool:
        """Whether this person may move or cancel it, and it has not begun."""
        visit = self.dossier.visit
        ahead = visit is not None and visit.live and visit.start > clock.now()
        return ahead and self.actor.may(CHANGE, self.emitter.slug)

    @property
    def may_restore(self) -> bool:
        """Whether a cancellation can still be undone."""
        visit = self.dossier.visit
        ahead = visit is not None and not visit.live and visit.start > clock.now()
        undoes = self.counter is not None and self.counter.restore is not None
        return ahead and undoes and self.actor.may(CHANGE, self.emitter.slug)

    @property
    def by(self) -> By:
        """Who acts, as the timeline tells it."""
        return By("staff", self.actor.person, self.emitter.id)

    def act(self, tell: bool) -> StaffAct:
        """Who acts, as a service is told. Raises NotFound for nobody."""
        if self.actor.person is None:
            raise NotFound
        return StaffAct(person=self.actor.person, emitter=self.emitter.id, tell=tell)

    async def card(self) -> Card | None:
        """What the service tells of it; nothing of one that is erased, or that it does not know."""
        if self.counter is None or self.dossier.state == "erased":
            return None
        with suppress(NotFound):
            return await self.counter.card(self.dossier.id)
        return None


async def look(request: _AnyRequest, emitter: str, dossier: UUID) -> Here:
    """A dossier, read by staff: traced. Raises NotFound for another emitter's."""
    own, actor = await territory.emitter_by_slug(emitter), guards.actor_of(request)
    found = await reading.read(dossier, actor, own.id)
    return Here(
        emitter=own,
        actor=actor,
        dossier=found,
        booking=await booking(found.visit.booking) if found.visit else None,
        counter=_counter(found.service),
    )


def _counter(service: str) -> Counter | None:
    try:
        return plugins.current().service(service)[1].counter
    except NotFound:
        return None
