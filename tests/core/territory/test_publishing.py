"""Services under contract: the table of steps, what a contract allows, and two who act at once."""

import asyncio
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis import clock
from parvis.calendars import offering, search
from parvis.calendars.search import Wanted
from parvis.calendars.slots import UnknownSlot
from parvis.db import connection
from parvis.errors import NotFound, Refused
from parvis.territory import queries as territory
from parvis.territory.actions import add_emitter, enable_plugin, publish
from parvis.territory.publishing import actions, queries, rules
from parvis.territory.publishing.actions import By, Overtaken
from parvis.territory.publishing.rules import Act, Side, Standing, Terms
from parvis.testing.calendars import a_calendar

FIRST, LAST = date(2027, 1, 1), date(2027, 12, 31)
PLACE = UUID(int=1)
ABOUT = {"fr": "Pour tous"}


@given(st.lists(st.tuples(st.sampled_from(Act), st.sampled_from(Side)), max_size=12))
def test_nothing_reaches_residents_without_the_authority(steps):
    now, agreed = Standing(), False
    for act, side in steps:
        if (then := rules.after(act, side, now)) is not None:
            agreed |= act is Act.PUBLISH and side is Side.AUTHORITY
            now = then
    assert now.live is None or agreed


@given(
    st.sampled_from(Side), st.sampled_from([None, "published", "suspended"]), st.sampled_from([None, "draft", "review"])
)
def test_what_is_possible_leads_somewhere_that_there_is(side, live, proposal):
    for act in rules.possible(side, Standing(live, proposal)):
        then = rules.after(act, side, Standing(live, proposal))
        assert then.live in {None, "published", "suspended"}
        assert then.proposal in {None, "draft", "review"}
        # What residents have never goes away but by suspending it.
        assert live is None or then.live is not None


def test_a_holder_resumes_only_what_it_suspended_itself():
    suspended = Standing("suspended")
    assert rules.after(Act.RESUME, Side.HOLDER, suspended, Side.AUTHORITY) is None
    assert rules.after(Act.RESUME, Side.HOLDER, suspended, Side.HOLDER) == Standing("published")
    assert rules.after(Act.RESUME, Side.AUTHORITY, suspended, Side.HOLDER) == Standing("published")


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"places": frozenset()}, "places"),
        ({"places": frozenset({UUID(int=2)})}, "places"),
        ({"first_day": date(2026, 12, 31)}, "first_day"),
        ({"last_day": date(2028, 1, 1)}, "last_day"),
        ({"first_day": date(2027, 5, 1), "last_day": date(2027, 4, 30)}, "last_day"),
        ({"about": {"de": "Für alle"}}, "about-fr"),
    ],
)
def test_a_proposal_stays_within_its_contract(changed, field):
    terms = Terms(places=frozenset({PLACE}), first_day=FIRST, last_day=LAST, about=ABOUT)
    assert list(rules.refusals(terms, {PLACE}, FIRST, LAST)) == []
    assert [one.field for one in rules.refusals(replace(terms, **changed), {PLACE}, FIRST, LAST)] == [field]


def test_only_what_differs_is_shown():
    terms = Terms(places=frozenset({PLACE}), first_day=FIRST, last_day=LAST, about=ABOUT)
    assert [one.field for one in rules.differences(None, terms)] == ["places", "first_day", "last_day", "about"]
    assert [one.field for one in rules.differences(terms, replace(terms, last_day=FIRST))] == ["last_day"]


@dataclass
class House:
    """A town hall that entrusted its calendar to a holder."""

    calendar: object
    holder: UUID
    contract: UUID

    @property
    def authority_by(self):
        return By(person=None, emitter=self.calendar.emitter)

    @property
    def holder_by(self):
        return By(person=None, emitter=self.holder)

    def terms(self, **changed):
        today = territory.today()
        usual = {"places": frozenset({self.calendar.place}), "first_day": today, "about": ABOUT}
        return Terms(**{**usual, "last_day": today + timedelta(days=30), **changed})

    async def propose(self, **changed):
        version = (await queries.offer(self.contract, "idcard")).version
        saved = await actions.propose(self.contract, "idcard", self.terms(**changed), self.holder_by, version)
        await self.holder_does(Act.SUBMIT)
        return saved

    async def holder_does(self, act, **more):
        return await self._does(act, self.holder_by, **more)

    async def authority_does(self, act, **more):
        return await self._does(act, self.authority_by, **more)

    async def _does(self, act, by, **more):
        version = (await queries.offer(self.contract, "idcard")).version
        return await actions.take(self.contract, "idcard", act, by, **{"version": version, **more})

    async def found(self):
        return [
            slot.start.date()
            for slot in (await search.search(Wanted(service="idcard", kind="deposit"), limit=500)).items
        ]


@pytest.fixture
async def house(database):
    calendar = await a_calendar()
    holder = await add_emitter("soleo", "Soléo", "contract-holder", latitude=47.7, longitude=7.3)
    for emitter in (calendar.emitter, holder):
        # It counts in a process where the plugin is loaded.
        await enable_plugin(emitter, "idcard")
    today = territory.today()
    made = await actions.add_contract(
        calendar.emitter, holder, "Reception", ["idcard"], [calendar.place], today, today + timedelta(days=30)
    )
    return House(calendar, holder, made)


async def test_residents_see_only_what_is_published_and_within_its_days(house):
    slot = house.calendar.at(9)
    assert await house.found() == []
    await house.propose(last_day=territory.today() + timedelta(days=3))
    assert await house.found() == []
    with pytest.raises(UnknownSlot):
        await offering.one(house.calendar.id, slot)
    await house.authority_does(Act.PUBLISH)
    assert max(await house.found()) == territory.today() + timedelta(days=3)
    with pytest.raises(UnknownSlot):
        await offering.one(house.calendar.id, slot)
    await offering.one(house.calendar.id, house.calendar.at(9, days=-3))
    [offered] = await offering.offered("idcard")
    assert (offered.owner, offered.offerer) == (house.calendar.emitter, house.holder)
    assert await territory.published(house.holder) == {"idcard"}

    await house.holder_does(Act.SUSPEND, comment="Works")
    assert await house.found() == []
    assert await territory.published(house.holder) == frozenset()
    await house.authority_does(Act.RESUME)
    assert await house.found()

    clock.move(timedelta(days=4))
    assert await house.found() == []


async def test_a_contract_over_gives_the_calendar_back_to_its_owner(house):
    await publish(house.calendar.emitter, "idcard")
    run = "SELECT EXISTS (SELECT FROM parvis.run_by($1, $2) WHERE calendar = $3)"
    async with connection() as c:
        assert await c.fetchval(run, house.holder, clock.now(), house.calendar.id)
        assert await house.found() == []
        await actions.set_last_day(house.contract, territory.today())
        clock.move(timedelta(days=1))
        assert not await c.fetchval(run, house.holder, clock.now(), house.calendar.id)
    assert await house.found()


async def test_what_is_published_stays_while_a_change_is_reviewed(house):
    await house.propose()
    await house.authority_does(Act.PUBLISH)
    await house.propose(about={"fr": "Autrement"})
    offer = await queries.offer(house.contract, "idcard")
    assert offer.standing == Standing("published", "review")
    assert offer.published.about == ABOUT
    await house.authority_does(Act.SEND_BACK, comment="Say more")
    assert (await queries.offer(house.contract, "idcard")).standing == Standing("published", "draft")
    said = [(one.act, one.comment) for one in await queries.said(house.contract, "idcard")]
    assert said[-1] == (Act.SEND_BACK, "Say more")


async def test_nobody_publishes_what_they_did_not_see(house):
    await house.propose()
    seen = (await queries.offer(house.contract, "idcard")).version
    await house.authority_does(Act.PUBLISH)
    await house.propose(about={"fr": "Autrement"})
    with pytest.raises(Overtaken):
        await house.authority_does(Act.PUBLISH, version=seen)


async def test_of_many_who_answer_at_once_one_does(house):
    await house.propose()
    offer = await queries.offer(house.contract, "idcard")
    steps = [Act.PUBLISH, Act.SEND_BACK, Act.WITHDRAW] * 3
    by = {Act.WITHDRAW: house.holder_by}
    done = await asyncio.gather(
        *(
            actions.take(
                house.contract, "idcard", act, by.get(act, house.authority_by), version=offer.version, comment="x"
            )
            for act in steps
        ),
        return_exceptions=True,
    )
    assert sum(not isinstance(one, Exception) for one in done) == 1
    assert {type(one) for one in done if isinstance(one, Exception)} == {Overtaken}


async def test_two_contracts_never_name_the_same(house):
    today, later = territory.today(), territory.today() + timedelta(days=400)
    scope = (house.calendar.emitter, house.holder, "Twice", ["idcard"], [house.calendar.place])
    made = await asyncio.gather(
        *(actions.add_contract(*scope, later, later + timedelta(days=n)) for n in range(5)), return_exceptions=True
    )
    assert sum(isinstance(one, UUID) for one in made) == 1
    with pytest.raises(Refused):
        await actions.add_contract(*scope, today, later)
    with pytest.raises(NotFound):
        await actions.add_contract(house.holder, house.calendar.emitter, "Not mine", *scope[3:], today, later)


async def test_a_stranger_takes_no_step(house):
    await house.propose()
    stranger = await add_emitter("other", "Other", "municipality", latitude=47.7, longitude=7.3)
    for act in Act:
        with pytest.raises(NotFound):
            await house._does(act, By(person=uuid4(), emitter=stranger), comment="x")


async def test_a_contract_holder_publishes_nothing_by_enabling_a_plugin(house):
    await publish(house.holder, "idcard")
    assert await territory.published(house.holder) == frozenset()
