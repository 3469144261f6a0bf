"""One account of two and two again: exactly as before, with what each made since; roles never wider."""

import asyncio
import random
from datetime import timedelta
from html import unescape

import pytest

from parvis import clock
from parvis.audit import queries as audit
from parvis.contract.values import Role
from parvis.db import connection, transaction
from parvis.dossiers import actions as dossiers
from parvis.dossiers import queries
from parvis.dossiers.actions import By, NewDossier
from parvis.errors import NotFound, Refused
from parvis.identity import family, mandates, merging, personal, sessions
from parvis.identity.actors import Actor
from parvis.identity.family import Details, Kin
from parvis.identity.mandates import Bond, Wish
from parvis.identity.recognition import recognise
from parvis.office.accounts import actions
from parvis.territory.actions import add_emitter
from parvis.testing.people import a_person, a_session

_OPERATOR = Actor()


@pytest.fixture
async def town(database):
    return await add_emitter("illzach", "Illzach", "municipality", latitude=47.77, longitude=7.35)


async def signed_in(person):
    return await recognise(await sessions.begin(None, person), None, {})


async def opens(actor, town):
    new = NewDossier(
        service="idcard",
        emitter=town,
        contact=None,
        names=("Léa",),
        language="fr",
        kept_days=30,
        person=actor.account,
    )
    return (await dossiers.open(new, By.resident(actor))).id


async def keeps(actor, name):
    await family.add(actor, Details(given=name, family="Martin", born=clock.now().date(), kin=Kin.CHILD))


async def lets(resident, proxy):
    wish = Wish(bond=Bond.RELATIVE, services=("idcard",), ends_at=clock.now() + timedelta(days=300))
    begun = await mandates.begin(resident, wish, "x@example.org", "fr", as_proxy=False)
    await mandates.accept((await mandates.link(begun)).removeprefix("/mandate/"), proxy)


async def everything():
    """Every row that says whose something is."""
    tables = (
        "dossier (id, person)",
        "relative (id, person)",
        "mandate (id, resident, proxy)",
        "role_grant (id, person)",
    )
    found = {}
    async with connection() as c:
        for table in tables:
            name, _, columns = table.partition(" ")
            for row in await c.fetch(f"SELECT {columns.strip('()')} FROM parvis.{name}"):
                found[row["id"]] = tuple(row)
    return found


async def does_something(chance, actors, town, n):
    actor, other = chance.sample(actors, 2)
    await chance.choice((lambda: opens(actor, town), lambda: keeps(actor, f"n{n}"), lambda: lets(actor, other)))()


@pytest.mark.parametrize("seed", range(4))
async def test_what_there_was_is_as_before_and_what_came_after_is_with_who_made_it(town, seed):
    chance = random.Random(seed)
    people = [await a_person(name=name) for name in ("A", "B", "C", "D")]
    for n in range(8):
        await does_something(chance, [await signed_in(one) for one in people], town, n)
    before, (kept, merged) = await everything(), chance.sample(people[:3], 2)
    made = [await actions.merge(kept, merged, "seen at the counter", _OPERATOR)]
    third = next(one for one in people[:3] if one not in (kept, merged))
    if chance.random() < 0.5:
        made.append(await actions.merge(kept, third, "seen at the counter", _OPERATOR))
    since, acted = {}, {}
    for sign_on in people:
        actor = await signed_in(sign_on)
        assert actor.account == (kept if sign_on in {kept, merged} or (len(made) > 1 and sign_on == third) else sign_on)
        since[await opens(actor, town)] = sign_on
        await keeps(actor, f"since-{sign_on}")
        outsider = await a_person(name="outside")
        await lets(actor, await signed_in(outsider))
        acted[outsider] = sign_on
    chance.shuffle(made)
    for one in made:
        await actions.separate(one, _OPERATOR)
    after = await everything()
    assert {row: after[row] for row in before} == before
    assert {row: after[row][1] for row in since} == since
    for outsider, sign_on in acted.items():
        assert [one.resident for one in await mandates.all_of(outsider)] == [sign_on]
    for sign_on in people:
        assert f"since-{sign_on}" in {one.given for one in await family.all_of(sign_on)}


async def test_one_account_sees_everything_with_either_sign_on_and_roles_stay_where_they_are(town):
    agent, resident = await a_person(Role.AGENT, town, name="Sophie"), await a_person(name="Sophie K.")
    hers, before = await opens(await signed_in(agent), town), await signed_in(resident)
    await actions.merge(resident, agent, "seen at the counter", _OPERATOR)
    assert await recognise("gone", None, {}) == Actor()
    one, other = await signed_in(agent), await signed_in(resident)
    assert [found.id for found in await queries.of_actor(one)] == [hers]
    assert [found.id for found in await queries.of_actor(other)] == [hers]
    assert one.roles_at("illzach") == {Role.AGENT}
    assert other.roles_at("illzach") == before.roles_at("illzach") == frozenset()
    assert len(await sessions.open_sessions(resident)) == 3
    assert len((await personal.export(resident))["sign_ons"]) == 1
    assert await personal.has_worked(resident)


async def test_the_sessions_of_the_merged_one_end_and_begin_in_the_other(town):
    kept, merged = await a_person(), await a_person()
    token = await sessions.begin(None, merged)
    await actions.merge(kept, merged, "seen at the counter", _OPERATOR)
    assert await recognise(token, None, {}) == Actor()
    async with transaction():
        # The sign-on is found again by its (issuer, subject), never by an address.
        assert (await signed_in(merged)).account == kept


async def test_what_cannot_be_merged_is_refused_and_nothing_moves(town):
    a, b, c = [await a_person(name=name) for name in "abc"]
    made = await actions.merge(a, b, "reason", _OPERATOR)
    before = await everything()
    for kept, merged in ((a, a), (a, b), (c, b), (c, a), (b, c)):
        with pytest.raises(Refused):
            await actions.merge(kept, merged, "reason", _OPERATOR)
    with pytest.raises(NotFound):
        await actions.merge(a, town, "reason", _OPERATOR)
    assert await everything() == before
    await actions.separate(made, _OPERATOR)
    with pytest.raises(NotFound):
        await actions.separate(made, _OPERATOR)


async def test_of_two_merges_that_cross_one_is_made(town):
    a, b = await a_person(), await a_person()
    pairs = [(a, b), (b, a)] * 3
    tried = await asyncio.gather(*(actions.merge(*pair, "reason", _OPERATOR) for pair in pairs), return_exceptions=True)
    assert sum(not isinstance(one, BaseException) for one in tried) == 1
    assert all(isinstance(one, Refused) for one in tried if isinstance(one, BaseException))


@pytest.mark.parametrize("locked", [True, False])
async def test_what_is_booked_while_it_is_merged_is_not_left_behind(town, monkeypatch, locked):
    """Somebody books with a sign-on while an operator merges it; the control does not ask where it leads to."""
    kept, merged = await a_person(), await a_person()
    actor, moved = await signed_in(merged), asyncio.Event()
    if not locked:

        async def unsettled(person):
            return person

        monkeypatch.setattr(dossiers.accounts, "settled", unsettled)

    async def merges():
        async with transaction():
            await actions.merge(kept, merged, "reason", _OPERATOR)
            moved.set()
            for _ in range(20):
                await asyncio.sleep(0.005)

    async def books():
        await moved.wait()
        return await opens(actor, town)

    _, dossier = await asyncio.gather(merges(), books())
    assert ((await queries.dossier(dossier)).person == kept) is locked


async def test_erasing_the_account_erases_every_sign_on(town):
    kept, merged = await a_person(), await a_person()
    await actions.merge(kept, merged, "reason", _OPERATOR)
    await personal.close(kept)
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM parvis.person") == 0
        assert await c.fetchval("SELECT count(*) FROM parvis.account_merge") == 0


@pytest.fixture
async def operator(portal, town):
    await add_emitter("m2a", "m2A", "agglomeration", latitude=47.75, longitude=7.33)
    portal.cookies.update(await a_session(await a_person(Role.OPERATOR, name="Otto")))
    portal.headers["accept-language"] = "en"
    portal.follow_redirects = True
    return portal


async def test_an_operator_finds_by_number_or_reference_and_sees_figures_and_no_names(operator, town):
    one, other = await a_person(name="Yvonne Schmitt"), await a_person(Role.READER, town, name="Yvonne S.")
    found = await queries.dossier(await opens(await signed_in(other), town))
    page = await operator.post("/operator/accounts/compare", data={"one": str(one), "other": found.reference})
    assert page.status_code == 200
    assert "Illzach" in page.text
    assert "Yvonne" not in page.text
    asked = {"one": str(one), "other": str(other)}
    page = await operator.post("/operator/accounts/merge", data=asked | {"reason": "came with both"})
    assert page.status_code == 422
    assert 'value="came with both"' in page.text
    asked |= {"reason": "came with both", "keep": "one", "sure": "yes"}
    page = await operator.post("/operator/accounts/merge", data=asked)
    assert "It is one account now" in page.text
    assert (await queries.dossier(found.id)).person == one
    [made] = await merging.merges(5)
    page = await operator.post(f"/operator/accounts/{made.id}/separate")
    assert "They are two accounts again" in page.text
    assert (await queries.dossier(found.id)).person == other
    assert (await operator.post(f"/operator/accounts/{made.id}/separate")).status_code == 404
    acts = [act.action for act in await audit.trail("person", one)]
    assert acts == ["look-account", "merge-accounts", "separate-accounts"]


@pytest.mark.parametrize("typed", ["", "Schmitt", "yvonne@example.org", "00000000-0000-0000-0000-000000000007"])
async def test_nobody_is_found_by_what_names_them(operator, typed):
    await a_person(name="Yvonne Schmitt")
    page = await operator.post("/operator/accounts/compare", data={"one": typed, "other": typed})
    assert page.status_code == 422
    assert 'id="one-error"' in page.text
    assert f'value="{typed}"' in unescape(page.text)
