"""Fills an empty database with the demo's territory, its people and what the plugins bring; one transaction."""

from __future__ import annotations

from collections.abc import Iterable

from parvis.branding.actions import dress_in_invented_arms
from parvis.branding.heraldry import PORTAL_GREEN
from parvis.contract.values import Demo, Role
from parvis.db import connection, transaction
from parvis.demo import territory as plan
from parvis.demo.people import PEOPLE
from parvis.identity import actions as identity
from parvis.identity import factors
from parvis.territory import actions as territory
from parvis.territory import queries

_AT_THE_HOLDER = (
    ("contract-holder-1", Role.MANAGER, plan.HOLDER),
    ("accountant-soleo", Role.ACCOUNTANT, plan.HOLDER),
)


async def seed(demos: Iterable[Demo]) -> bool:
    """Seed the territory and then the plugins' parts, all or nothing; False if it was done before."""
    async with transaction():
        if await _seeded():
            return False
        await _add_bodies()
        await _add_town_halls()
        for demo in demos:
            if demo.seed is not None:
                await demo.seed()
    return True


async def admit(issuer: str) -> None:
    """Give the demo's people their accounts and grants at this issuer; safe to repeat, and it changes with the port."""
    emitters = {found.slug: found.id for found in await queries.emitters()}
    async with transaction():
        accounts = {
            person.sub: await identity.ensure_person(
                issuer, person.sub, name=person.name, email=person.email, phone=person.phone
            )
            for person in PEOPLE
        }
        addresses = {person.sub: person.email for person in PEOPLE}
        grants = [(person.sub, Role(role), slug) for person in PEOPLE for role, slug in person.grants]
        for sub, role, slug in [*grants, *_AT_THE_HOLDER]:
            await identity.grant(accounts[sub], role, emitters[slug] if slug else None)
            if slug and await factors.address_of(emitters[slug], accounts[sub]) is None:
                await factors.give_address(emitters[slug], accounts[sub], addresses[sub], None)


async def _seeded() -> bool:
    async with connection() as c:
        return bool(await c.fetchval("SELECT EXISTS (SELECT FROM parvis.emitter)"))


async def _add_bodies() -> None:
    for body in plan.bodies():
        added = await territory.add_emitter(
            body.slug,
            body.name,
            body.kind,
            latitude=body.latitude,
            longitude=body.longitude,
            insee=body.insee,
            postcodes=body.postcodes,
            population=body.population,
            phone=body.phone,
            phone_hours=body.phone_hours,
        )
        # The portal itself keeps the platform's green, so that a town's page is told from it at once.
        colour = PORTAL_GREEN if body.kind == "agglomeration" else None
        await dress_in_invented_arms(added, body.slug, body.display_name, colour)


async def _add_town_halls() -> None:
    towns = {found.slug: found for found in await queries.emitters("municipality")}
    for hall in plan.town_halls():
        town = towns[hall.town]
        await territory.add_place(
            hall.slug,
            town.id,
            hall.name,
            address=hall.address,
            postcode=hall.postcode,
            city=town.name,
            latitude=hall.latitude,
            longitude=hall.longitude,
            accessible=True,
            phone=town.phone,
            phone_hours=town.phone_hours,
        )
