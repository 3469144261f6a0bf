"""Mandates: between two accounts, in named services, until an instant or a click; read again with every request."""

import asyncio
from datetime import timedelta

import pytest

from parvis import clock, settings
from parvis.db import connection
from parvis.errors import Invalid, NotFound
from parvis.identity import endings, mandates, personal, sessions
from parvis.identity.actors import Actor
from parvis.identity.mandates import Bond, MandateOver, Wish
from parvis.identity.recognition import recognise
from parvis.testing.people import a_person

ADDRESS = "nora@example.org"


def wish(days=30, services=("idcard",)):
    return Wish(bond=Bond.SOCIAL, services=services, ends_at=clock.now() + timedelta(days=days))


async def somebody(name):
    person = await a_person(name=name)
    token = await sessions.begin(None, person)
    return await recognise(token, None, {}), token


@pytest.fixture
async def yvonne(database):
    return await somebody("Yvonne Schmitt")


@pytest.fixture
async def nora(database):
    return await somebody("Nora Keller")


async def link_of(mandate):
    return (await mandates.link(mandate)).removeprefix("/mandate/")


async def between(resident, proxy, **told):
    begun = await mandates.begin(resident, wish(**told), ADDRESS, "fr", as_proxy=False)
    return await mandates.accept(await link_of(begun), proxy)


async def again(token):
    return await recognise(token, None, {})


@pytest.mark.parametrize("as_proxy", [False, True])
async def test_either_begins_it_and_the_other_accepts_once(yvonne, nora, as_proxy):
    first, second = (nora[0], yvonne[0]) if as_proxy else (yvonne[0], nora[0])
    begun = await mandates.begin(first, wish(), ADDRESS, "fr", as_proxy=as_proxy)
    link = await link_of(begun)
    with pytest.raises(Invalid):
        await mandates.accept(link, first)
    found = await mandates.accept(link, second)
    assert (found.resident, found.proxy, found.holds) == (yvonne[0].account, nora[0].account, True)
    with pytest.raises(MandateOver):
        await mandates.accept(link, (await somebody("Karim"))[0])
    async with connection() as c:
        assert await c.fetchval("SELECT address FROM parvis.mandate") is None


async def test_of_ten_who_follow_one_link_one_may_act(yvonne):
    begun = await mandates.begin(yvonne[0], wish(), ADDRESS, "fr", as_proxy=False)
    link, people = await link_of(begun), [(await somebody(f"n{n}"))[0] for n in range(10)]
    tried = await asyncio.gather(*(mandates.accept(link, one) for one in people), return_exceptions=True)
    assert sum(isinstance(one, MandateOver) for one in tried) == 9


async def test_a_new_link_a_day_too_many_and_an_end_make_it_worthless(yvonne, nora):
    begun = await mandates.begin(yvonne[0], wish(), ADDRESS, "fr", as_proxy=False)
    first = await link_of(begun)
    with pytest.raises(NotFound):
        await mandates.again(begun, nora[0])
    await mandates.again(begun, yvonne[0])
    second = await link_of(begun)
    await mandates.end(begun, yvonne[0])
    third = await link_of(await mandates.begin(yvonne[0], wish(), ADDRESS, "fr", as_proxy=False))
    clock.move(mandates.LASTS + timedelta(minutes=1))
    for link in (first, second, third, "nonsense"):
        with pytest.raises(MandateOver):
            await mandates.accept(link, nora[0])


async def test_acting_gives_the_residents_things_in_the_services_named_and_takes_ones_own(yvonne, nora):
    town_agent = await a_person("helper", name="Helper")
    token = await sessions.begin(None, town_agent)
    helper = await again(token)
    found = await between(yvonne[0], helper)
    await mandates.act(found.id, helper)
    actor = await again(token)
    assert (actor.person, actor.owner, actor.behalf.name) == (town_agent, yvonne[0].account, "Yvonne Schmitt")
    assert (actor.grants, actor.proofs) == ((), ())
    assert actor.owns(yvonne[0].account, "idcard")
    assert not actor.owns(yvonne[0].account, "nursery")
    assert not actor.owns(town_agent, "idcard")
    assert not actor.owns(nora[0].account, "idcard")
    assert not actor.owns(None, "idcard")
    await mandates.stop(actor)
    assert (await again(token)).owns(town_agent, "nursery")


@pytest.mark.parametrize("how", ["resident", "proxy", "day", "erased"])
async def test_an_end_counts_with_the_next_request_and_leads_to_nobodys_things(yvonne, nora, how):
    found = await between(yvonne[0], nora[0])
    await mandates.act(found.id, nora[0])
    if how == "day":
        clock.move(timedelta(days=30))
        # The session is idle by then; it is the mandate that this is about.
        async with connection() as c:
            await c.execute(
                "UPDATE parvis.session SET seen_at = $1, ends_at = $2",
                clock.now(),
                clock.now() + settings.current().session_max,
            )
    elif how == "erased":
        await personal.close(yvonne[0].account)
    else:
        await mandates.end(found.id, {"resident": yvonne, "proxy": nora}[how][0])
    actor = await again(nora[1])
    assert actor.behalf is not None
    assert (actor.behalf.services, actor.behalf.until, actor.owner) == (frozenset(), None, None)
    assert not actor.owns(nora[0].account, "idcard")
    assert not actor.owns(yvonne[0].account, "idcard")
    await mandates.stop(actor)
    assert (await again(nora[1])).owns(nora[0].account, "idcard")


async def test_nobody_acts_by_somebody_elses_mandate(yvonne, nora):
    found = await between(yvonne[0], nora[0])
    for stranger in (yvonne[0], (await somebody("Karim"))[0], Actor()):
        with pytest.raises(NotFound):
            await mandates.act(found.id, stranger)
    for act in (mandates.end, mandates.of_account):
        karim = (await somebody("Karim"))[0]
        with pytest.raises(NotFound):
            await act(found.id, karim if act is mandates.end else karim.account)


async def test_both_find_it_in_what_they_take_away(yvonne, nora):
    await between(yvonne[0], nora[0])
    [hers], [theirs] = [(await personal.export(one[0].account))["mandates"] for one in (yvonne, nora)]
    assert (hers["who"], hers["acts_for_me"]) == ("Nora Keller", True)
    assert (theirs["who"], theirs["acts_for_me"]) == ("Yvonne Schmitt", False)


async def test_unanswered_ones_are_forgotten_with_their_address(yvonne):
    await mandates.begin(yvonne[0], wish(days=300), ADDRESS, "fr", as_proxy=False)
    clock.move(mandates.LASTS + timedelta(days=31))
    await endings.sweep()
    assert await mandates.all_of(yvonne[0].account) == []
