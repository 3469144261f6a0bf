"""A contract of the demo: the agglomeration entrusts a service to the contract holder, and has a proposal to review."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from parvis.contract.values import Role
from parvis.db import transaction
from parvis.demo import territory as plan
from parvis.identity import members
from parvis.plugins import Plugins
from parvis.territory import actions as territory
from parvis.territory import queries
from parvis.territory.publishing import actions
from parvis.territory.publishing import queries as publishing
from parvis.territory.publishing.actions import By
from parvis.territory.publishing.rules import Act, Terms

_PLACES = {
    "point-accueil-gare": ("Point d’accueil de la gare", 47.7418, 7.3425),
    "point-accueil-nordfeld": ("Point d’accueil du Nordfeld", 47.7521, 7.3480),
}
_ABOUT = {
    "fr": "Un point d’accueil près de la gare, tenu par Soléo pour l’agglomération (données de démonstration).",
    "de": "Eine Anlaufstelle am Bahnhof, von Soléo für den Gemeindeverband betrieben (Demonstrationsdaten).",
    "en": "A reception point near the station, run by Soléo for the agglomeration (demonstration data).",
}
_PROPOSED = {
    "fr": "Deux points d’accueil, à la gare et au Nordfeld, tenus par Soléo pour l’agglomération (démonstration).",
    "de": "Zwei Anlaufstellen, am Bahnhof und im Nordfeld, von Soléo für den Gemeindeverband betrieben (Demo).",
    "en": "Two reception points, at the station and in Nordfeld, run by Soléo for the agglomeration (demonstration).",
}


async def entrust(installed: Plugins) -> None:
    """Make the contract, publish a first offer and hand in a second one; once, where a service is installed."""
    authority = await queries.emitter_by_slug(plan.AGGLOMERATION)
    services = [(plugin.key, service.key) for plugin in installed for service in plugin.services]
    if not services or await publishing.contracts_of(authority.id):
        return
    holder, (plugin, service) = await queries.emitter_by_slug(plan.HOLDER), services[0]
    today = queries.today()
    days = today - timedelta(days=30), today + timedelta(days=700)
    async with transaction():
        places = [await _place(slug, authority.id, holder.id) for slug in _PLACES]
        await territory.enable_plugin(holder.id, plugin)
        contract = await actions.add_contract(
            authority.id, holder.id, "Points d’accueil de l’agglomération", [service], places, *days
        )
        theirs = By(person=await _manager(holder.id), emitter=holder.id)
        ours = By(person=await _manager(authority.id), emitter=authority.id)
        first = Terms(places=frozenset(places[:1]), first_day=days[0], last_day=days[1], about=_ABOUT)
        saved = await actions.propose(contract, service, first, theirs, 0)
        await actions.take(contract, service, Act.SUBMIT, theirs, version=saved.version)
        await actions.take(contract, service, Act.PUBLISH, ours, version=saved.version)
        second = Terms(places=frozenset(places), first_day=days[0], last_day=days[1], about=_PROPOSED)
        saved = await actions.propose(contract, service, second, theirs, 0)
        await actions.take(contract, service, Act.SUBMIT, theirs, version=saved.version)


async def _place(slug: str, owner: UUID, operator: UUID) -> UUID:
    name, latitude, longitude = _PLACES[slug]
    return await territory.add_place(
        slug,
        owner,
        name,
        address="1 avenue de la République (adresse de démonstration)",
        postcode="68100",
        city="Mulhouse",
        latitude=latitude,
        longitude=longitude,
        accessible=True,
        operator=operator,
    )


async def _manager(emitter: UUID) -> UUID | None:
    found = await members.members_of(emitter)
    return next((one.person for one in found if Role.MANAGER in {held.role for held in one.roles}), None)
