"""For which emitter somebody looks at its people, and how days that are typed become the ends of roles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from litestar import Request

from parvis.audit import actions as audit
from parvis.errors import Refusal, Text
from parvis.identity import guards, terms
from parvis.identity.actors import Actor
from parvis.identity.rules import AT_AN_EMITTER
from parvis.identity.words import ROLES
from parvis.office.permissions import PEOPLE
from parvis.territory import queries as territory
from parvis.territory.queries import EmitterInfo
from parvis.web import i18n

_AnyRequest = Request[Any, Any, Any]
SEE = guards.page(guards.staff(PEOPLE), "manager")
CHANGE = guards.page(guards.staff(PEOPLE), "manager", status_code=200)
_PAST = Text("Write a day from tomorrow on, or none.")
_FAR = Text("Write a day of this century, or none.")
_LAST_YEAR = 2099
GIVEN = [(role.value, ROLES[role]) for role in AT_AN_EMITTER]


@dataclass(frozen=True, slots=True)
class Here:
    """The people of an emitter, and who looks at them."""

    emitter: EmitterInfo
    actor: Actor
    lang: str

    @property
    def base(self) -> str:
        """The address of these pages."""
        return f"/office/{self.emitter.slug}/people"

    @property
    def by(self) -> UUID:
        """The account of who looks; the guard let nobody in without one."""
        assert self.actor.person is not None
        return self.actor.person

    async def trace(self, action: str, subject: str, subject_id: UUID, **facts: Any) -> None:
        """Note a change of rights at this emitter, in its transaction."""
        await audit.trace(self.actor, action, subject, subject_id, emitter=self.emitter.id, **facts)


async def look(request: _AnyRequest, slug: str) -> Here:
    """The emitter of an address. Raises NotFound."""
    return Here(await territory.emitter_by_slug(slug), guards.actor_of(request), i18n.language(request))


def end_of(day: date | None) -> datetime | None:
    """The instant (UTC) from which a role no longer holds whose last day this is; None for none."""
    return terms.end_of(day) if day else None


def last_day(end: datetime | None) -> date | None:
    """The last day of a role that ends at this instant."""
    return terms.last_day(end) if end else None


def written(end: datetime | None) -> str | None:
    """An end as the trace keeps it."""
    return end.isoformat() if end else None


def wrong_days(until: date | None) -> Iterator[Refusal]:
    """What is wrong with a last day as it was typed."""
    if until is not None and until < terms.first_last_day():
        yield Refusal("until-past", _PAST, "until")
    elif until is not None and until.year > _LAST_YEAR:
        yield Refusal("until-far", _FAR, "until")
