"""Seats: from where somebody books for another person, an agent at the counter of a town hall or a helper anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request

from parvis import settings
from parvis.audit import actions as audit
from parvis.contract.values import Booked, BookingRequest
from parvis.db import transaction
from parvis.dossiers import queries as dossiers
from parvis.dossiers.actions import By
from parvis.dossiers.queries import DossierInfo
from parvis.errors import NotFound, NotSignedIn
from parvis.identity import guards
from parvis.identity.actors import Actor
from parvis.territory import queries as territory
from parvis.territory.queries import EmitterInfo
from parvis_idcard import actions
from parvis_idcard.permissions import BOOK_FOR_OTHERS
from parvis_idcard.queries import PLUGIN

_Request = Request[Actor, Any, Any]
# No emitter has such a slug.
HELPING = "_helping"
HELPING_PATH = "/helping"


@dataclass(frozen=True, slots=True)
class Seat:
    """Who sits there, and for which town hall; a helper for none."""

    actor: Actor
    office: EmitterInfo | None = None

    @property
    def by(self) -> By:
        """Who acts, as timelines say it."""
        if self.office is None:
            return By("helper", self.actor.person)
        return By("staff", self.actor.person, self.office.id)

    @property
    def base(self) -> str:
        """The address of what was booked from there."""
        return f"/office/{self.office.slug}/{PLUGIN}/solidarity" if self.office else HELPING_PATH

    @property
    def search_url(self) -> str:
        """Where a booking for somebody begins; it is looked for from the town hall's own municipality."""
        asked = {"acting": self.acting}
        if self.office and self.office.kind == "municipality":
            asked["near"] = self.office.name
        return f"/e/{settings.current().territory}/{PLUGIN}?{urlencode(asked)}"

    @property
    def acting(self) -> str:
        """What addresses and forms say of this seat while an hour is searched and held."""
        return self.office.slug if self.office else HELPING

    @property
    def emitter(self) -> UUID | None:
        """The town hall that whoever sits there acts for."""
        return self.office.id if self.office else None

    def address(self, dossier: DossierInfo, part: str = "", **more: str) -> str:
        """Where a page about something that was booked from there is."""
        query = f"?{urlencode(more)}" if more else ""
        return f"{self.base}/visit/{dossier.id}{part}{query}"


async def acting(request: _Request, said: str | None) -> Seat | None:
    """The seat that an address or a draft speaks of; None where it speaks of none.

    Raises NotSignedIn, Forbidden, or NotFound for another town hall's.
    """
    if not said:
        return None
    actor = request.user
    if actor.person is None:
        raise NotSignedIn
    if said == HELPING:
        guards.allow(request, actor, actor.may_on_territory(BOOK_FOR_OTHERS))
        return Seat(actor)
    if not actor.roles_at(said):
        raise NotFound
    guards.require_factor(actor, said)
    guards.allow(request, actor, actor.may(BOOK_FOR_OTHERS, said))
    return Seat(actor, await territory.emitter_by_slug(said))


async def which_booked(actor: Actor, dossier: UUID) -> Seat | None:
    """The seat from which something was booked, if it is one of theirs."""
    opener = await dossiers.opener_of(dossier)
    if opener is None:
        return None
    if opener.kind == "helper":
        theirs = opener.person == actor.person and actor.may_on_territory(BOOK_FOR_OTHERS)
        return Seat(actor) if theirs else None
    office = await territory.emitter(opener.emitter) if opener.emitter else None
    return Seat(actor, office) if office and actor.may(BOOK_FOR_OTHERS, office.slug) else None


async def book(actor: Actor, request: BookingRequest) -> Booked:
    """Book for somebody else, which is traced. Raises what `actions.book` does."""
    async with transaction():
        booked = await actions.book(request)
        await audit.trace(actor, "book", "dossier", booked.dossier, emitter=request.office)
    return booked
