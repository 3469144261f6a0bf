"""Which tariff of which emitter somebody looks at, and who looks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from litestar import Request

from parvis.audit import actions as audit
from parvis.db import fold
from parvis.errors import NotFound
from parvis.identity import guards
from parvis.identity.actors import Actor
from parvis.office.permissions import SET_TARIFFS, TARIFFS
from parvis.payments.tariffs import catalogue, drafts
from parvis.payments.tariffs.catalogue import Tariff
from parvis.payments.tariffs.drafts import Draft
from parvis.payments.tariffs.grids import Grid
from parvis.territory import queries as territory
from parvis.territory.queries import EmitterInfo

_AnyRequest = Request[Any, Any, Any]
# An address of its own.
_NEW = "new"
SEE = guards.page(guards.staff(TARIFFS), "agent", "manager")
TRY = guards.page(guards.staff(TARIFFS), "agent", "manager", status_code=200)
EDIT = guards.page(guards.staff(SET_TARIFFS), "manager")
CHANGE = guards.page(guards.staff(SET_TARIFFS), "manager", status_code=200)


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """An activity of an emitter with its tariff and its draft, either perhaps not there, and who looks."""

    emitter: EmitterInfo
    activity: str
    tariff: Tariff | None
    draft: Draft | None
    actor: Actor

    @property
    def base(self) -> str:
        """The address of its pages."""
        return f"/office/{self.emitter.slug}/tariffs/{self.activity}"

    @property
    def above(self) -> str:
        """The address of the emitter's tariffs."""
        return f"/office/{self.emitter.slug}/tariffs"

    @property
    def title(self) -> str:
        """What it is called."""
        if self.tariff:
            return self.tariff.title
        return self.draft.typed.name if self.draft and self.draft.typed.name else self.activity

    @property
    def grids(self) -> tuple[Grid, ...]:
        """What is published, in order of days."""
        return self.tariff.grids if self.tariff else ()

    @property
    def changes(self) -> bool:
        """Whether who looks may change it."""
        return self.actor.may(SET_TARIFFS, self.emitter.slug)

    @property
    def kept_draft(self) -> Draft:
        """The draft. Raises NotFound where there is none."""
        if self.draft is None:
            raise NotFound
        return self.draft

    @property
    def by(self) -> UUID | None:
        """The account of who looks."""
        return self.actor.person

    def grid_on(self, day: date) -> Grid | None:
        """What holds on a day."""
        return next((grid for grid in self.grids if holds(grid, day)), None)

    async def trace(self, action: str, **facts: Any) -> None:
        """Note an act on this tariff, in its transaction."""
        subject = self.tariff.id if self.tariff else None
        await audit.trace(
            self.actor, action, "tariff", subject, emitter=self.emitter.id, activity=self.activity, **facts
        )


async def look(request: _AnyRequest, slug: str, activity: str) -> Here:
    """An activity of an emitter. Raises NotFound where neither a tariff nor a draft was begun."""
    emitter = await territory.emitter_by_slug(slug)
    tariff = next((one for one in await catalogue.tariffs_of(emitter.id) if one.activity == activity), None)
    draft = next((one for one in await drafts.drafts_of(emitter.id) if one.activity == activity), None)
    if tariff is None and draft is None:
        raise NotFound
    return Here(emitter=emitter, activity=activity, tariff=tariff, draft=draft, actor=guards.actor_of(request))


def holds(grid: Grid, day: date) -> bool:
    """Whether a grid holds on a day."""
    starts = grid.valid_from or date.min
    return starts <= day and (grid.valid_until is None or day < grid.valid_until)


def slug_of(name: str) -> str:
    """The part of an address that a name gives.

    >>> slug_of("Leçons d’été (2027)"), slug_of("New")
    ('lecons-d-ete-2027', 'new-1')
    """
    plain = "".join(sign if sign.isascii() and sign.isalnum() else " " for sign in fold(name))
    slug = "-".join(plain.split())[:50].strip("-")
    return f"{slug or 'tariff'}-1" if slug in {"", _NEW} else slug
