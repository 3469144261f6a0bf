from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parvis.contract import hookimpl
from parvis.contract.hookspecs import hookimpl as marker
from parvis.plugins.rules import HOOKS, key_mistake, misnamed, missigned


def module(**functions) -> ModuleType:
    made = ModuleType("parvis_test.plugin")
    for name, function in functions.items():
        function.__name__, function.__module__ = name, made.__name__
        setattr(made, name, function)
    return made


def hook():
    def function(): ...

    return marker(function)


def bare():
    def function(): ...

    return function


def test_there_are_exactly_the_twelve_hooks_of_the_design():
    assert list(HOOKS) == [
        "manifest",
        "settings",
        "services",
        "routes",
        "permissions",
        "nav_entries",
        "message_templates",
        "commands",
        "reactions",
        "personal_data",
        "payment_providers",
        "demo",
    ]


def test_a_sound_module_has_nothing_to_mend():
    sound = module(manifest=hook(), routes=hook(), _route=bare(), shelves=bare())
    assert [*misnamed(sound), *missigned(sound)] == []


def test_a_plugin_says_who_it_is():
    assert list(misnamed(module())) == ["there is no manifest() under @hookimpl: add it, it says who the plugin is"]


def slips(name: str) -> set[str]:
    """Every name one slip away: a letter dropped, doubled, or swapped with its neighbour."""
    dropped = {name[:i] + name[i + 1 :] for i in range(len(name))}
    doubled = {name[:i] + name[i] + name[i:] for i in range(len(name))}
    swapped = {name[:i] + name[i + 1] + name[i] + name[i + 2 :] for i in range(len(name) - 1)}
    return {slip for slip in dropped | doubled | swapped if slip not in HOOKS and not slip.startswith("_")}


@given(st.sampled_from([slip for name in HOOKS for slip in sorted(slips(name))]), st.booleans())
def test_every_single_slip_in_a_hooks_name_is_told(slip, marked):
    told = list(misnamed(module(manifest=hook(), **{slip: hook() if marked else bare()})))
    assert len(told) == 1
    assert told[0].startswith(f"{slip}() is")


def test_a_function_imported_from_elsewhere_may_be_called_nearly_like_a_hook():
    sound = module(manifest=hook())
    sound.route = bare()
    sound.route.__module__ = "litestar"
    assert list(misnamed(sound)) == []


def test_a_hook_under_another_name_counts_by_its_specname():
    def who(): ...

    assert list(misnamed(module(who=hookimpl(specname="manifest")(who)))) == []


def asynchronous():
    async def function(): ...

    return marker(function)


def generator():
    def function():
        yield

    return marker(function)


def wrapping():
    def function():
        return (yield)

    return hookimpl(wrapper=True)(function)


@pytest.mark.parametrize("made", [asynchronous, generator, wrapping])
def test_a_hook_is_a_plain_function(made):
    assert list(missigned(module(manifest=made())))


def test_a_hook_takes_nothing_not_even_with_a_default():
    def function(emitter=None): ...

    assert list(missigned(module(demo=marker(function)))) == ["demo() takes no argument: remove emitter"]


@pytest.mark.parametrize("key", ["idcard", "nursery", "ab", "pool2"])
def test_keys_that_can_be(key):
    assert key_mistake(key) is None


@pytest.mark.parametrize(
    "key", ["", "a", "Idcard", "id-card", "id_card", "2pools", "parvis", "pg", "pgcrypto", "é" * 3]
)
def test_keys_that_cannot_be(key):
    assert key_mistake(key)
