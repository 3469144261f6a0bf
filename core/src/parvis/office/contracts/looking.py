"""Which contract somebody looks at, from which side, and what is shown of its services."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Request

from parvis.errors import Text
from parvis.identity import guards
from parvis.identity.actors import Actor
from parvis.office.openings.looking import service_name
from parvis.office.permissions import CONTRACTS
from parvis.territory import queries as territory
from parvis.territory.publishing import queries, rules
from parvis.territory.publishing.actions import By
from parvis.territory.publishing.queries import ContractInfo, OfferInfo
from parvis.territory.publishing.rules import Act, Side
from parvis.territory.queries import EmitterInfo, PlaceInfo

_AnyRequest = Request[Any, Any, Any]
SEE = guards.page(guards.staff(CONTRACTS), "manager")
CHANGE = guards.page(guards.staff(CONTRACTS), "manager", status_code=200)


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """A contract, and on which side of it somebody acts."""

    emitter: EmitterInfo
    contract: ContractInfo
    places: Mapping[UUID, PlaceInfo]
    actor: Actor

    @property
    def side(self) -> Side:
        """On which side they are."""
        return self.contract.side_of(self.emitter.id)

    @property
    def is_authority(self) -> bool:
        """Whether they act for the body that entrusted."""
        return self.side is Side.AUTHORITY

    @property
    def by(self) -> By:
        """Who takes a step."""
        return By(person=self.actor.person, emitter=self.emitter.id)

    @property
    def list(self) -> str:
        """The address of all contracts."""
        return f"/office/{self.emitter.slug}/contracts"

    @property
    def base(self) -> str:
        """The contract's address."""
        return f"{self.list}/{self.contract.id}"

    @property
    def over(self) -> bool:
        """Whether its last day has passed."""
        return self.contract.last_day < territory.today()


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A service of the contract: what it is called, how it stands, and the steps that this side can take."""

    here: Here
    offer: OfferInfo

    @property
    def name(self) -> Text | str:
        """What people call the service."""
        return service_name(self.offer.service)

    @property
    def base(self) -> str:
        """Its address."""
        return f"{self.here.base}/{self.offer.service}"

    @property
    def steps(self) -> frozenset[str]:
        """The steps that can be taken; none once the contract is over, but for a word."""
        if self.here.over:
            return frozenset({Act.COMMENT.value})
        suspended = self.offer.suspended_on(self.here.contract)
        return frozenset(act.value for act in rules.possible(self.here.side, self.offer.standing, suspended))


async def look(request: _AnyRequest, slug: str, contract: UUID) -> Here:
    """A contract of an emitter, on either side. Raises NotFound for others'."""
    emitter, found = await territory.emitter_by_slug(slug), await queries.contract(contract)
    found.side_of(emitter.id)
    places = {place.id: place for place in await territory.places(found.authority) if place.id in found.places}
    return Here(emitter=emitter, contract=found, places=places, actor=guards.actor_of(request))


async def look_at(request: _AnyRequest, slug: str, contract: UUID, service: str) -> Offered:
    """A service of a contract; what a holder has not handed in is the holder's alone. Raises NotFound."""
    here = await look(request, slug, contract)
    return Offered(here=here, offer=seen(here, await queries.offer(contract, service)))


def seen(here: Here, offer: OfferInfo) -> OfferInfo:
    """A service as this side may see it: a draft is the holder's own."""
    if not here.is_authority or offer.standing.proposal != "draft":
        return offer
    standing = rules.Standing(offer.standing.live)
    return OfferInfo(
        contract=offer.contract,
        service=offer.service,
        standing=standing,
        published=offer.published,
        proposed=None,
        version=offer.version,
        suspended_by=offer.suspended_by,
    )
