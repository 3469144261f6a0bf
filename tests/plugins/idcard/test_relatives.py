"""People of one's family, put into the form of a visit."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as some
from tests.plugins.idcard.test_solidarity import sits

from parvis import clock
from parvis.identity import family
from parvis.identity.actors import Actor
from parvis.identity.family import Details, Kin
from parvis.testing.people import a_person
from parvis_idcard.relatives import filled

DAY = date(2027, 1, 4)
TOM = Details(given="Tom", family="Martin", born=date(2015, 1, 5), kin=Kin.CHILD)
LEA = Details(given="Léa", family="Martin", born=date(2010, 1, 4), kin=Kin.CHILD)


def test_they_go_into_the_empty_places_in_their_order():
    raw = {"applicants-0-given": ("Claire",), "applicants-0-family": ("Martin",), "email": ("c@example.org",)}
    now = filled(raw, 3, [LEA, TOM], DAY)
    assert now["applicants-0-given"] == ("Claire",)
    assert [now[f"applicants-{n}-given"] for n in (1, 2)] == [("Léa",), ("Tom",)]
    assert [now[f"applicants-{n}-age"] for n in (1, 2)] == [("minor",), ("under-12",)]
    assert filled(now, 3, [LEA, TOM], DAY) == now


@given(
    some.lists(some.sampled_from(["", "Claire", "Karim"]), min_size=1, max_size=5),
    some.lists(some.sampled_from([TOM, LEA]), max_size=4),
)
def test_nothing_that_was_typed_is_lost_and_nobody_comes_twice(typed, chosen):
    raw = {f"applicants-{n}-given": (name,) for n, name in enumerate(typed)}
    now = filled(raw, len(typed), chosen, DAY)
    assert all(now[name] == value for name, value in raw.items() if value != ("",))
    names = [now.get(f"applicants-{n}-given", ("",))[0] for n in range(len(typed))]
    assert all(names.count(one.given) <= 1 for one in (TOM, LEA))
    assert not [name for name in now if name.startswith(f"applicants-{len(typed)}-")]


async def test_the_form_proposes_them_and_fills_in_their_names(browser):
    today = clock.now().date()
    person = await sits(browser, await a_person())
    claire = Actor(person=person.person)
    child = Details(given="Tom", family="Martin", born=today - timedelta(days=3000), kin=Kin.CHILD)
    tom = await family.add(claire, child)
    await browser.hold()
    assert "Tom Martin" in browser.text
    await browser.post(f"{browser.path}/family", relatives=str(tom), email="claire@example.org")
    assert browser.path.count("/hold/") == 1
    assert 'value="Tom"' in browser.text
    assert 'value="claire@example.org"' in browser.text
    assert 'value="under-12" checked' in browser.text


async def test_nobody_elses_family_is_put_in(browser):
    tom = await family.add(Actor(person=await a_person()), TOM)
    await sits(browser, await a_person())
    await browser.hold()
    assert "Tom" not in browser.text
    await browser.post(f"{browser.path}/family", relatives=str(tom))
    assert "Tom" not in browser.text
    browser.http.cookies.clear()
    await browser.get(browser.path)
    assert 'name="relatives"' not in browser.text
