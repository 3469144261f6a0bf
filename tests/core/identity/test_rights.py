"""What an emitter says its roles may do: it counts at the next request, there and nowhere else, and can be undone."""

import pytest

from parvis.contract.values import Permission, Role
from parvis.errors import Invalid, NotFound, Text
from parvis.identity import actions, rights, rules
from parvis.identity.actors import Actor, powers_of
from parvis.identity.recognition import recognise
from parvis.identity.rules import Cell
from parvis.identity.sessions import cookie_name
from parvis.settings import current
from parvis.territory import actions as territory
from parvis.testing.people import a_person, a_session

SEE = Permission(key="desk.see", name=Text("See"), roles=frozenset({Role.READER, Role.AGENT}))
BOOK = Permission(key="desk.book", name=Text("Book"), roles=frozenset({Role.AGENT, Role.HELPER}))
RULE = Permission(key="desk.rule", name=Text("Rule"), roles=frozenset({Role.MANAGER}), fixed=True)
HELP = Permission(key="desk.help", name=Text("Help"), roles=frozenset({Role.HELPER}))
ALL = (SEE, BOOK, RULE, HELP)
POWERS = powers_of(ALL)


async def an_emitter(slug="illzach"):
    return await territory.add_emitter(slug, slug.title(), "municipality", latitude=47.77, longitude=7.35)


async def actor_of(person) -> Actor:
    session = (await a_session(person))[cookie_name(current())]
    return await recognise(session, sign_on=None, powers=POWERS)


async def say(emitter, *cells, base=None, by=None):
    version, said = await rights.said_at(emitter)
    wanted = rules.chosen(ALL, frozenset(cells), said)
    return await rights.change(emitter, wanted, base=version if base is None else base, by=by)


DEFAULT = tuple(Cell(one.key, role) for one in (SEE, BOOK) for role in (Role.READER, Role.AGENT) if role in one.roles)


async def test_what_is_said_counts_at_the_next_request_of_a_running_session(database):
    emitter, person = await an_emitter(), await a_person()
    await actions.grant(person, Role.READER, emitter)
    session = (await a_session(person))[cookie_name(current())]
    before = await recognise(session, sign_on=None, powers=POWERS)
    assert (before.may("desk.see", "illzach"), before.may("desk.book", "illzach")) == (True, False)
    await say(emitter, Cell("desk.book", Role.READER), Cell("desk.see", Role.AGENT), Cell("desk.book", Role.AGENT))
    after = await recognise(session, sign_on=None, powers=POWERS)
    assert (after.may("desk.see", "illzach"), after.may("desk.book", "illzach")) == (False, True)
    assert after.acts_for("desk.book", emitter) == emitter


async def test_it_counts_at_no_other_emitter_and_for_no_other_role(database):
    illzach, thann = await an_emitter(), await an_emitter("thann")
    person, helper = await a_person(Role.READER, illzach), await a_person(Role.HELPER)
    await actions.grant(person, Role.READER, thann)
    await say(illzach, *DEFAULT, Cell("desk.book", Role.READER))
    actor = await actor_of(person)
    assert [actor.may("desk.book", slug) for slug in ("illzach", "thann", "elsewhere")] == [True, False, False]
    assert not actor.may_on_territory("desk.book")
    assert (await actor_of(helper)).may_on_territory("desk.book")


async def test_what_is_fixed_or_of_the_territory_alone_or_unknown_is_never_said(database):
    emitter = await an_emitter()
    manager = await a_person(Role.MANAGER, emitter)
    ticked = [Cell(key, Role.READER) for key in ("desk.rule", "desk.help", "desk.unknown")]
    assert await say(emitter, *DEFAULT, *ticked) is None
    assert (await actor_of(manager)).may("desk.rule", "illzach")
    assert (await rights.said_at(emitter)) == (0, {})


async def test_a_permission_that_nobody_declares_any_more_gives_nothing(database):
    emitter = await an_emitter()
    person = await a_person(Role.READER, emitter)
    await rights.change(emitter, {Cell("gone.see", Role.READER): True}, base=0, by=None)
    assert not (await actor_of(person)).may("gone.see", "illzach")


async def test_two_who_change_at_once_are_brought_together_and_each_can_be_undone(database):
    emitter = await an_emitter()
    await say(emitter, *DEFAULT, Cell("desk.see", Role.MANAGER), base=0)
    # This one still saw version 0.
    await say(emitter, *DEFAULT, Cell("desk.book", Role.READER), base=0)
    version, said = await rights.said_at(emitter)
    assert (version, set(said)) == (2, {Cell("desk.see", Role.MANAGER), Cell("desk.book", Role.READER)})
    undone = await rights.undo(emitter, 1, None)
    assert (undone.version, undone.undoes) == (3, 1)
    assert (await rights.said_at(emitter))[1] == {Cell("desk.book", Role.READER): True}
    assert await rights.undo(emitter, 1, None) is None
    with pytest.raises(NotFound):
        await rights.undo(emitter, 9, None)


async def test_taking_a_word_back_leaves_the_default_even_when_it_changes_later(database):
    emitter = await an_emitter()
    await say(emitter, *DEFAULT, Cell("desk.book", Role.READER))
    await say(emitter, *DEFAULT)
    assert (await rights.said_at(emitter)) == (2, {})


def test_only_what_is_no_longer_as_it_was_seen_is_a_change():
    cell = Cell("desk.see", Role.AGENT)
    assert rules.changes_between({cell: True}, {cell: True}) == ()
    [change] = rules.changes_between({cell: True}, {})
    assert rules.with_changes({cell: True}, [change]) == {}
    assert rules.before({}, [change]) == {cell: True}


async def test_a_role_of_no_emitter_cannot_be_given_at_one(database):
    with pytest.raises(Invalid):
        await actions.grant(await a_person(), Role.HELPER, await an_emitter())
