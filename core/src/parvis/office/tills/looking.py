"""Which till of which emitter somebody looks at, and who looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Request

from parvis.audit import actions as audit
from parvis.errors import NotFound
from parvis.identity import guards
from parvis.identity.actors import Actor
from parvis.office.permissions import GIVE_BACK, KEEP_TILL, OPEN_TILL, TAKE, TILLS
from parvis.office.tills.rooms import Area, seen_by
from parvis.payments.books import ledger
from parvis.payments.books.ledger import Till
from parvis.payments.counter.counting import taker_fault
from parvis.territory import queries as territory
from parvis.territory.queries import EmitterInfo
from parvis.web import uploads

_AnyRequest = Request[Any, Any, Any]
SEE = guards.page(guards.staff(TILLS), "manager", "accountant")
KEEP = guards.page(guards.staff(KEEP_TILL), "accountant", status_code=200)
DECIDE = guards.page(guards.staff(GIVE_BACK), "manager", "accountant", status_code=200)
FETCH = guards.page(guards.staff(KEEP_TILL), "accountant")
UPLOAD = guards.page(guards.staff(KEEP_TILL), "accountant", status_code=200, request_max_body_size=uploads.BYTES)
OPEN = guards.page(guards.staff(OPEN_TILL), "manager")
OPENED = guards.page(guards.staff(OPEN_TILL), "manager", status_code=200)


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """An emitter's till, and who looks at it."""

    emitter: EmitterInfo
    till: Till
    actor: Actor

    @property
    def base(self) -> str:
        """The address of its pages."""
        return f"/office/{self.emitter.slug}/tills/{self.till.id}"

    @property
    def by(self) -> UUID:
        """The account of who looks; the guard let nobody in without one."""
        assert self.actor.person is not None
        return self.actor.person

    def may(self, permission: str) -> bool:
        """Whether who looks may do something here."""
        return self.actor.may(permission, self.emitter.slug)

    @property
    def keeps(self) -> bool:
        """Whether they keep this till."""
        return self.may(KEEP_TILL)

    @property
    def decides(self) -> bool:
        """Whether they decide about refunds."""
        return self.may(GIVE_BACK)

    @property
    def opens(self) -> bool:
        """Whether they say where it collects."""
        return self.may(OPEN_TILL)

    @property
    def takes(self) -> bool:
        """Whether they take money at its counter."""
        return may_take(self.actor, self.emitter.slug)

    @property
    def areas(self) -> tuple[Area, ...]:
        """The pages of this till that they may open."""
        return seen_by(lambda need: bool(getattr(self, need)))

    async def trace(self, action: str, **facts: Any) -> None:
        """Note an act at this till, in its transaction."""
        await audit.trace(self.actor, action, "till", self.till.id, emitter=self.emitter.id, **facts)


def may_take(actor: Actor, slug: str) -> bool:
    """Whether somebody takes money at an emitter's counters: whoever manages it does not, with whatever other role."""
    return actor.may(TAKE, slug) and taker_fault(actor.roles_at(slug)) is None


async def look(request: _AnyRequest, slug: str, till: UUID) -> Here:
    """A till of an emitter. Raises NotFound for another's."""
    emitter, found = await territory.emitter_by_slug(slug), await ledger.till_by_id(till)
    if found.emitter != emitter.id:
        raise NotFound
    return Here(emitter=emitter, till=found, actor=guards.actor_of(request))
