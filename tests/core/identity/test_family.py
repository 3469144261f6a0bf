"""The family somebody keeps in their account: theirs alone, encrypted, exported and erased with the account."""

import asyncio
from datetime import date

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as some

from parvis import settings
from parvis.db import connection
from parvis.errors import NotFound, Refused
from parvis.identity import family, personal
from parvis.identity.actors import Actor
from parvis.identity.family import MOST, Details, Kin
from parvis.territory.actions import add_emitter
from parvis.testing.applications import application
from parvis.testing.people import a_person, a_session

TOM = Details(given="Tom", family="Martin", born=date(2015, 1, 4), kin=Kin.CHILD)


@given(some.dates(date(1900, 1, 1), date(2099, 12, 31)), some.dates(date(1900, 1, 1), date(2099, 12, 31)))
def test_years_are_full_ones(born, on):
    years = Details(given="", family="", born=born, kin=Kin.CHILD).years(on)
    # The calendar decides, month and day as a pair: somebody of a leap day waits for 1 March.
    assert (born.year + years, born.month, born.day) <= (on.year, on.month, on.day)
    assert (on.year, on.month, on.day) < (born.year + years + 1, born.month, born.day)


@pytest.fixture
async def claire(database):
    return Actor(person=await a_person(name="Claire Martin"))


async def test_each_has_their_own(claire):
    karim = Actor(person=await a_person(name="Karim"))
    tom = await family.add(claire, TOM)
    assert [one.name for one in await family.all_of(claire.account)] == ["Tom Martin"]
    assert await family.all_of(karim.account) == []
    for act in (family.one_of(tom, karim.account), family.change(tom, karim, TOM)):
        with pytest.raises(NotFound):
            await act
    await family.remove(tom, karim)
    assert (await family.one_of(tom, claire.account)).given == "Tom"


async def test_two_clicks_keep_one_and_there_is_a_most(claire):
    await asyncio.gather(*(family.add(claire, TOM) for _ in range(8)))
    assert len(await family.all_of(claire.account)) == 1
    for n in range(MOST - 1):
        await family.add(claire, Details(given=f"n{n}", family="Martin", born=TOM.born, kin=Kin.OTHER))
    with pytest.raises(Refused):
        await family.add(claire, Details(given="One more", family="Martin", born=TOM.born, kin=Kin.OTHER))


async def test_it_is_encrypted_exported_and_goes_with_the_account(claire):
    await family.add(claire, TOM)
    async with connection() as c:
        kept = await c.fetchval("SELECT details FROM parvis.relative")
    assert b"Tom" not in kept
    assert b"2015" not in kept
    assert (await personal.export(claire.account))["family"][0]["born"] == "2015-01-04"
    await personal.close(claire.account)
    async with connection() as c:
        assert await c.fetchval("SELECT count(*) FROM parvis.relative") == 0


@pytest.fixture
async def http(claire):
    await add_emitter("m2a", "m2A", "agglomeration", latitude=47.75, longitude=7.33)
    headers = {"accept": "text/html", "accept-language": "en", "origin": settings.current().base_url}
    transport, base = httpx.ASGITransport(application()), settings.current().base_url
    cookies = await a_session(claire.person)
    async with httpx.AsyncClient(
        transport=transport, base_url=base, headers=headers, cookies=cookies, follow_redirects=True
    ) as client:
        yield client


async def test_the_pages_keep_what_was_typed_and_say_what_to_mend(http, claire):
    typed = {
        "given": "Tom",
        "family": "Martin",
        "born-day": "4",
        "born-month": "1",
        "born-year": "2215",
        "kin": "child",
    }
    page = await http.post("/account/family", data=typed)
    assert page.status_code == 422
    assert "still to come" in page.text
    assert 'value="2215"' in page.text
    page = await http.post("/account/family", data=typed | {"born-year": "2015"})
    assert "Tom Martin" in page.text
    assert "kept in your account" in page.text
    [tom] = await family.all_of(claire.account)
    page = await http.get(f"/account/family/{tom.id}")
    assert 'value="2015"' in page.text
    page = await http.post(f"/account/family/{tom.id}", data=typed | {"born-year": "2015", "given": "Thomas"})
    assert "Thomas Martin" in page.text
    page = await http.post(f"/account/family/{tom.id}/remove")
    assert "was removed" in page.text
    assert "Nobody is kept here yet" in page.text
    assert (await http.get(f"/account/family/{tom.id}")).status_code == 404
