"""Finding a dossier as an agent hears of it: names however they are spelt, a reference, a telephone number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis import clock, crypto
from parvis.contract.values import Channel
from parvis.db import InvalidReference, connection
from parvis.dossiers import actions, erasing, queries, searching, spelling
from parvis.dossiers.actions import By, NewDossier
from parvis.identity.contacts import Contact
from parvis.testing.calendars import a_calendar, a_place
from parvis.testing.visits import a_visit

LETTERS = st.text("abcdefghijklmnopqrstuvwxyzéèüç", min_size=4, max_size=12)


async def opened(emitter, *names, contact=None, phone=None):
    new = NewDossier(
        service="idcard", emitter=emitter, contact=contact, names=names, language="fr", kept_days=30, phone=phone
    )
    return await actions.open(new, By("staff"))


@pytest.fixture
async def town(database):
    return (await a_place())[1]


@pytest.mark.parametrize(
    "typed",
    [
        "Meyer", "MEYER", "meyer léa", "Léa Meyer", "lea", "Meier", "Maier", "Mayer", "Mayr", "Meyr", "Mejer", "Mey",
        "Meyre", "Meyers", "eyer",
    ],
)  # fmt: skip
async def test_a_name_is_found_however_it_is_spelt(town, typed):
    found = await opened(town, "Léa Meyer")
    await opened(town, "Karim Benali")
    assert [one.id for one in await searching.by_name(typed, town)] == [found.id]


@pytest.mark.parametrize("typed", ["", " ", "L", "é", "Benali Léa", "Meunier", "😀", "%", "'; --", "x" * 5000])
async def test_what_fits_nobody_finds_nobody(town, typed):
    await opened(town, "Léa Meyer")
    assert await searching.by_name(typed, town) == []


async def test_a_family_is_found_by_any_of_its_members(town):
    found = await opened(town, "Léa Meyer", "Noé Schmitt-Diallo")
    for typed in ("noe", "schmidt", "Diallo", "meyer schmitt"):
        assert [one.id for one in await searching.by_name(typed, town)] == [found.id]


async def test_exact_names_come_before_similar_ones(town):
    similar, exact = await opened(town, "Zoé Maier"), await opened(town, "Zoé Meyer")
    assert [one.id for one in await searching.by_name("meyer", town)] == [exact.id, similar.id]
    await actions.close(exact.id, clock.now(), "dossier.closed", By())
    assert [one.id for one in await searching.by_name("meyer", town)] == [similar.id, exact.id]


async def test_nobody_is_found_from_another_town_hall(town):
    _, other = await a_place()
    found = await opened(other, "Léa Meyer", phone="+33389000000")
    assert await searching.by_name("Meyer", town) == []
    assert await searching.by_phone("+33389000000", town) == []
    assert await searching.by_ids([found.id], town) == []
    assert await searching.by_reference(found.reference, town) is None
    assert await searching.is_elsewhere(found.reference, town)
    assert not await searching.is_elsewhere("22222222", town)


async def test_a_telephone_number_finds_who_is_called_and_who_gets_an_sms(town):
    called = await opened(town, "Léa Meyer", phone="+33389000000")
    texted = await opened(town, "Noé Roth", contact=Contact(Channel.SMS, "+33612345678"))
    assert [one.id for one in await searching.by_phone("+33389000000", town)] == [called.id]
    assert [one.id for one in await searching.by_phone("+33612345678", town)] == [texted.id]
    found = await queries.dossier(called.id)
    assert (found.phone, found.contact) == ("+33389000000", None)


async def test_a_reference_finds_its_dossier(town):
    found = await opened(town, "Léa Meyer")
    assert (await searching.by_reference(found.reference.lower(), town)).id == found.id
    with pytest.raises(InvalidReference):
        await searching.by_reference("nonsense", town)


async def test_a_corrected_name_is_found_and_the_wrong_one_is_not(town):
    found = await opened(town, "Léa Durand")
    await actions.rename(found.id, ["Léa Zimmermann"])
    assert [one.id for one in await searching.by_name("zimmerman", town)] == [found.id]
    assert await searching.by_name("durand", town) == []


async def test_a_visit_moved_to_another_town_hall_is_found_there(database):
    here, there = await a_calendar(), await a_calendar()
    _, dossier = await a_visit(here, here.at(9), "Léa Meyer")
    await actions.move_visit(dossier, there.id, there.at(10), "Town hall", By("resident"))
    assert await searching.by_name("Meyer", here.emitter) == []
    assert [one.id for one in await searching.by_name("Meyer", there.emitter)] == [dossier]


async def test_nothing_of_a_name_or_number_is_readable_at_rest_and_all_is_erased(town):
    found = await opened(town, "Léa Meyer", phone="+33389000000")
    async with connection() as c:
        kept = await c.fetchval("SELECT d::text FROM parvis.dossier d")
        for told in ("Meyer", "meyer", "389000000"):
            assert told not in kept
            assert told.encode().hex() not in kept
    await actions.close(found.id, clock.now().replace(year=2020), "dossier.closed", By())
    await erasing.erase_kept_long_enough([])
    async with connection() as c:
        row = await c.fetchrow("SELECT phone, phone_digest, names, name_digests FROM parvis.dossier")
    assert list(row.values()) == [None] * 4
    assert await searching.by_name("Meyer", town) == []


async def test_names_from_before_they_were_searched_are_indexed_by_and_by(town):
    found = await opened(town, "Léa Meyer")
    async with connection() as c:
        await c.execute("UPDATE parvis.dossier SET name_digests = NULL")
    assert await searching.by_name("Meyer", town) == []
    assert await searching.index_names() == 1
    assert await searching.index_names() == 0
    assert [one.id for one in await searching.by_name("Meyer", town)] == [found.id]


async def test_digests_differ_between_town_halls(town):
    _, other = await a_place()
    for emitter in (town, other):
        await opened(emitter, "Léa Meyer")
    async with connection() as c:
        one, two = [set(row["name_digests"]) for row in await c.fetch("SELECT name_digests FROM parvis.dossier")]
    assert not one & two


@given(word=LETTERS, at=st.integers(0, 11), letter=st.sampled_from("abcdefgh"))
def test_one_typing_error_never_hides_a_name(word, at, letter):
    at %= len(word)
    swapped = word[:at] + word[at + 1 : at + 2] + word[at] + word[at + 2 :]
    errors = (word[:at] + word[at + 1 :], word[:at] + letter + word[at:], word[:at] + letter + word[at + 1 :], swapped)
    for typed in errors:
        [wrong] = spelling.words(typed)
        if len(wrong) >= 4:
            assert spelling.wanted(wrong) & spelling.kept([word])
            assert spelling.fits([wrong], [word])


@given(word=LETTERS, length=st.integers(3, 12))
def test_the_beginning_of_a_name_finds_it(word, length):
    [begun] = spelling.words(word[:length])
    assert spelling.wanted(begun) & spelling.kept([word])
    assert spelling.fits([begun], [word])


@given(typed=st.text(max_size=40), name=st.text(max_size=40))
def test_whatever_is_typed_is_taken(typed, name):
    assert spelling.fits(spelling.words(typed), [name]) >= 0


def test_a_name_keeps_few_digests(instance):
    assert len(crypto.blind(spelling.kept(["Marie-Antoinette Zimmermann"]), "x")) < 45


async def test_among_many_of_a_name_the_exact_ones_are_found(town, monkeypatch):
    monkeypatch.setattr(searching, "_CANDIDATES", 5)
    exact = [await opened(town, "Léa Meyer") for _ in range(3)]
    for _ in range(6):
        await opened(town, "Zoé Mayer")
    found = await searching.by_name("meyer", town, limit=3)
    assert {dossier.id for dossier in found} == {one.id for one in exact}
