"""The demo's territory and people: complete, invented where it must be, safe to repeat."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec import Struct

from parvis.contract.values import Demo, Service
from parvis.db import connection
from parvis.demo import houses, seed, territory
from parvis.demo.people import PEOPLE
from parvis.errors import Text
from parvis.territory import queries
from parvis.territory.publishing import queries as publishing
from parvis.testing.plugins import a_plugin

ISSUER = "http://localhost:8003"


async def _grants(issuer: str) -> set[tuple[str, str, str | None]]:
    sql = (
        "SELECT subject, role, slug FROM parvis.role_grant g JOIN parvis.person p ON p.id = g.person "
        "LEFT JOIN parvis.emitter e ON e.id = g.emitter WHERE issuer = $1 AND ended_at IS NULL"
    )
    async with connection() as c:
        return {tuple(row) for row in await c.fetch(sql, issuer)}


async def test_seeds_the_39_municipalities_the_agglomeration_and_a_contract_holder_once(database: str) -> None:
    assert await seed.seed([])
    assert not await seed.seed([])
    found = await queries.emitters()
    assert [len([e for e in found if e.kind == kind]) for kind in ("municipality", "agglomeration")] == [39, 1]
    assert (await queries.emitter_by_slug("m2a")).population == 274_260
    assert [e.name for e in found if e.kind == "contract-holder"] == ["Soléo, délégataire de démonstration"]


async def test_seven_town_halls_have_a_station_and_say_that_their_address_is_invented(database: str) -> None:
    await seed.seed([])
    halls = await queries.places()
    assert {hall.city for hall in halls} == {
        "Habsheim", "Illzach", "Kingersheim", "Mulhouse", "Rixheim", "Wittelsheim", "Wittenheim",
    }  # fmt: skip
    assert all("adresse de démonstration" in hall.address for hall in halls)


async def test_plugins_seed_in_the_same_transaction(database: str) -> None:
    async def fails() -> None:
        raise RuntimeError("no seed")

    with pytest.raises(RuntimeError):
        await seed.seed([Demo(seed=fails)])
    assert await queries.emitters() == []
    assert await seed.seed([Demo()])


async def test_people_have_their_grants_and_keep_them_when_the_port_changes(database: str) -> None:
    await seed.seed([])
    await seed.admit(ISSUER)
    await seed.admit(ISSUER)
    await seed.admit("http://localhost:9003")
    grants = await _grants(ISSUER)
    assert grants == await _grants("http://localhost:9003")
    assert {("agent-mulhouse", "agent", "mulhouse"), ("operator", "operator", None)} <= grants
    managers = {(sub, slug) for sub, role, slug in grants if role == "manager"}
    assert managers == {
        ("agent-mulhouse", "mulhouse"), ("agent-illzach", "illzach"), ("manager-m2a", "m2a"),
        ("contract-holder-1", "soleo"),
    }  # fmt: skip


def test_the_people_of_the_contract_are_there() -> None:
    assert {person.sub for person in PEOPLE} == {
        "resident-1", "resident-2", "resident-3", "agent-mulhouse", "agent-illzach", "manager-m2a",
        "accountant-mulhouse", "agent-riedisheim", "helper", "contract-holder-1", "operator",
        "accountant-illzach", "accountant-soleo",
    }  # fmt: skip


def test_invented_numbers_are_those_kept_for_fiction() -> None:
    assert all(body.phone.startswith("03 53 01 ") for body in territory.bodies())
    assert list(territory.town_halls()) == list(territory.town_halls())


async def test_every_emitter_has_a_look_of_its_own(database: str) -> None:
    await seed.seed([])
    async with connection() as c:
        rows = await c.fetch("SELECT display_name, colour, logo FROM parvis.branding")
    assert len(rows) == 41
    assert len({row["logo"] for row in rows}) == 41
    names = {row["display_name"] for row in rows}
    assert {"Ville de Mulhouse", "Ville d’Illzach", "Commune de Chalampé"} <= names


async def test_the_holder_has_a_service_under_contract_and_a_proposal_waits(database: str) -> None:
    await seed.seed([])
    await seed.admit(ISSUER)
    service = Service(
        key="loan",
        name=Text("Loan"),
        summary=Text("Books"),
        kinds=(),
        details=Struct,
        first_page="/",
        kept=timedelta(30),
    )
    for _ in range(2):
        await houses.entrust(a_plugin(service, key="library"))
    authority = await queries.emitter_by_slug("m2a")
    [contract] = await publishing.contracts_of(authority.id)
    offer = await publishing.offer(contract.id, "loan")
    assert (offer.standing.live, offer.standing.proposal) == ("published", "review")
    assert await publishing.count_waiting(authority.id) == 1
    assert {one.name for one in await publishing.said(contract.id, "loan")} == {"Isabelle Klein", "Nathalie Weber"}
    await houses.entrust(a_plugin())
