import msgspec
import pytest

from parvis.errors import NotFound
from parvis.plugins.emitter_settings import SettingsInvalid
from parvis.territory import actions, queries

POINT = {"latitude": 47.75, "longitude": 7.33}


class Loans(msgspec.Struct, frozen=True):
    days: int = 21


async def test_each_emitter_has_settings_of_its_own(database):
    illzach = await actions.add_emitter("illzach", "Illzach", "municipality", **POINT)
    mulhouse = await actions.add_emitter("mulhouse", "Mulhouse", "municipality", **POINT)
    for emitter in (illzach, mulhouse):
        await actions.enable_plugin(emitter, "library")
    await actions.keep_settings(illzach, "library", Loans(days=7))
    assert await queries.settings_of("library", illzach, Loans) == Loans(days=7)
    assert await queries.settings_of("library", mulhouse, Loans) == Loans()


async def test_settings_that_no_longer_fit_name_their_field(database):
    illzach = await actions.add_emitter("illzach", "Illzach", "municipality", **POINT)
    await actions.enable_plugin(illzach, "library", {"days": "many"})
    with pytest.raises(SettingsInvalid, match="days"):
        await queries.settings_of("library", illzach, Loans)


async def test_settings_are_kept_only_where_the_plugin_is_enabled(database):
    illzach = await actions.add_emitter("illzach", "Illzach", "municipality", **POINT)
    with pytest.raises(NotFound):
        await actions.keep_settings(illzach, "library", Loans())
