import pytest

from parvis.territory.actions import add_emitter
from parvis.territory.queries import municipalities_like


@pytest.fixture
async def towns(database):
    for name, code in (("Illzach", "68110"), ("Mulhouse", "68100"), ("Pfastatt", "68120"), ("Kingersheim", "68260")):
        await add_emitter(name.lower(), name, "municipality", latitude=47.7, longitude=7.3, postcodes=(code,))


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("68110", "Illzach"),
        (" 68 110 ", "Illzach"),
        ("68110 Illzach", "Illzach"),
        ("ilzach", "Illzach"),
        ("MULHOUSE 68100", "Mulhouse"),
        ("Pfastat", "Pfastatt"),
        ("kingersheim ", "Kingersheim"),
    ],
)
async def test_a_municipality_is_found_as_people_type_it(towns, typed, found):
    assert (await municipalities_like(typed))[0].name == found


@pytest.mark.parametrize("typed", ["", "   ", "75001", "😀", "²", "مولوز", "Xyzzyqwk"])
async def test_what_is_nowhere_here_is_not_guessed(towns, typed):
    assert await municipalities_like(typed) == []
