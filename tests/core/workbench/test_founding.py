"""`parvis territory load`: the file of the how-to, loaded, repeated, changed, and what may be wrong in it."""

import re
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from parvis.calendars import queries as calendars
from parvis.contract.values import Kind, Role, Service
from parvis.errors import ConfigurationError, Text
from parvis.identity import queries as people
from parvis.territory import queries
from parvis.testing.plugins import a_plugin
from parvis.workbench import founding

HOW_TO = Path(__file__).parents[3] / "docs/how-to/operate.md"
ISSUER = "https://sign-on.example"
INSTALLED = a_plugin(
    Service(
        key="idcard",
        name=Text("Papers"),
        summary=Text("Papers"),
        kinds=(Kind(key="deposit", name=Text("Deposit"), first=20, further=15),),
        details=msgspec.Struct,
        first_page="/",
        kept=timedelta(days=30),
    )
)


@pytest.fixture
def file(tmp_path):
    written = tmp_path / "territory.toml"
    written.write_text(re.search(r"```toml\n(.*?)```", HOW_TO.read_text(), re.S)[1])
    return written


async def load(file, **more):
    return await founding.load(founding.read(file), INSTALLED, ISSUER, **more)


async def test_the_file_of_the_how_to_founds_a_territory(database, file):
    done = await load(file)
    assert "emitter m2a added" in done
    assert "place mairie-illzach: calendar of idcard begun, with 2 desks and no hours yet" in done
    illzach = await queries.emitter_by_slug("illzach")
    assert (illzach.population, illzach.postcodes) == (14631, ("68110",))
    assert await queries.published(illzach.id) == {"idcard"}
    [hall] = await queries.places(illzach.id)
    assert await calendars.calendar_of(hall.id, "idcard")
    operator = await people.account(ISSUER, "the sign-on's identifier of a person")
    assert await people.has_grant(operator, Role.OPERATOR)
    assert not await people.has_grant(operator, Role.MANAGER, illzach.id)


async def test_loading_again_changes_nothing_and_keeps_what_is_not_named(database, file):
    await load(file)
    assert await load(file) == []
    file.write_text(file.read_text().replace("14631", "14700").replace("9 place", "10 place"))
    assert await load(file) == ["emitter illzach: population changed", "place mairie-illzach: address changed"]
    file.write_text('[[emitter]]\nslug="a"\nname="A"\nkind="municipality"\nlatitude=47\nlongitude=7\n')
    assert await load(file) == ["emitter a added"]
    assert len(await queries.places()) == 1


async def test_a_dry_run_says_the_same_and_leaves_nothing(database, file):
    said = await load(file, rehearse=True)
    assert await queries.emitters() == []
    assert await load(file) == said


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        ('kind = "agglomeration"', 'kind = "kingdom"', "Invalid enum value 'kingdom'"),
        ("latitude = 47.75", "latitude = 147.75", "$.emitter[0].latitude"),
        ('slug = "m2a"', 'slug = "M2A !"', "$.emitter[0].slug"),
        ("accessible = true", "acessible = true", "acessible"),
        ('slug = "m2a"', 'slug = "m2a', "Illegal character"),
    ],
)
def test_a_file_that_cannot_be_read_says_where(file, was, becomes, says):
    file.write_text(file.read_text().replace(was, becomes, 1))
    with pytest.raises(ConfigurationError, match=re.escape(str(file))) as refused:
        founding.read(file)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("was", "becomes", "says"),
    [
        ('slug = "illzach"', 'slug = "m2a"', "emitter m2a stands there 2 times."),
        ('emitter = "illzach"\nname', 'emitter = "ilzach"\nname', "place mairie-illzach: there is no emitter ilzach."),
        ('plugins = ["idcard"]', 'plugins = ["idcards"]', "emitter m2a: no plugin idcards is installed."),
        ("{ idcard =", "{ pool =", "place mairie-illzach: no plugin brings a service pool."),
        ('role = "manager"\nemitter = "illzach"', 'role = "manager"', "manager cannot be given there"),
        ('role = "operator"', 'role = "operator"\nemitter = "illzach"', "operator cannot be given there"),
    ],
)
async def test_what_does_not_fit_is_named_and_nothing_is_written(database, file, was, becomes, says):
    file.write_text(file.read_text().replace(was, becomes, 1))
    with pytest.raises(ConfigurationError, match=re.escape(says)):
        await load(file)
    assert await queries.emitters() == []


async def test_a_place_is_not_taken_from_another_emitter(database, file):
    await load(file)
    found = founding.read(file)
    taken = replace_place(found, emitter="m2a")
    with pytest.raises(ConfigurationError, match="place mairie-illzach is another emitter's"):
        await founding.load(taken, INSTALLED, ISSUER)


async def test_a_grant_needs_a_sign_on(database, file):
    with pytest.raises(ConfigurationError, match="PARVIS_OIDC_ISSUER is missing"):
        await founding.load(founding.read(file), INSTALLED, "")


def replace_place(found, **changed):
    return msgspec.structs.replace(found, place=(msgspec.structs.replace(found.place[0], **changed),))
