"""Whose session at which till's counter: who manages an office takes no money there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Request

from parvis.errors import Forbidden, NotFound
from parvis.identity import guards
from parvis.office.permissions import TAKE
from parvis.office.tills import looking
from parvis.office.tills.looking import Here
from parvis.payments.counter import takings, till_sessions
from parvis.payments.counter.counting import taker_fault
from parvis.payments.counter.takings import Taking
from parvis.payments.counter.till_sessions import TillSession

_AnyRequest = Request[Any, Any, Any]
SEE = guards.page(guards.staff(TAKE), "accountant")
DO = guards.page(guards.staff(TAKE), "accountant", status_code=200)


@dataclass(frozen=True, slots=True)
class Counter:
    """A till's counter, and the session that whoever stands there has open."""

    here: Here
    session: TillSession | None

    @property
    def base(self) -> str:
        """The address of its pages."""
        return f"/office/{self.here.emitter.slug}/counter/{self.here.till.id}"

    @property
    def open(self) -> TillSession:
        """The open session. Raises NotFound."""
        if self.session is None:
            raise NotFound
        return self.session

    async def taking(self, found: UUID) -> Taking:
        """A taking of theirs at this till. Raises NotFound."""
        one = await takings.taking(found)
        if one.till != self.here.till.id or (await till_sessions.session_by_id(one.session)).person != self.here.by:
            raise NotFound
        return one


async def look(request: _AnyRequest, slug: str, till: UUID) -> Counter:
    """A till's counter. Raises NotFound for another emitter's, Forbidden for who manages it."""
    here = await looking.look(request, slug, till)
    refuse_managers(request, slug)
    return Counter(here, await till_sessions.session_of(till, here.by))


def refuse_managers(request: _AnyRequest, slug: str) -> None:
    """Let nobody through who manages the emitter, with whatever other role. Raises Forbidden."""
    if wrong := taker_fault(guards.actor_of(request).roles_at(slug)):
        raise Forbidden(wrong)
