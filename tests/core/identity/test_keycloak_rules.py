"""What is wanted of a Keycloak and what differs, decided without one."""

import pytest

from parvis.errors import ConfigurationError
from parvis.identity.keycloak import files, wanted
from parvis.identity.keycloak.access import realm_of
from parvis.identity.keycloak.rules import Kind, Secret, Thing, differences, merged, plan

CLIENT = wanted.Client("parvis", "s", wanted.Addresses("h", "c", "o", "b"))
OURS = Thing(Kind.GROUP, "/operator", {"attributes": {"kept": "true"}}, ("attributes", "kept"))


def things(file):
    return {str(thing): thing for thing in wanted.things(file, "m2a", CLIENT, ["illzach"], [])}


def test_what_is_missing_is_added_and_what_is_the_same_is_left():
    assert [str(change) for change in plan([(OURS, None)]).changes] == ["add group /operator"]
    assert plan([(OURS, {"attributes": {"kept": "true", "theirs": 1}, "id": 7})]).changes == ()


@pytest.mark.parametrize("found", [{}, {"attributes": None}, {"attributes": {}}, {"attributes": {"kept": "no"}}])
def test_without_our_mark_it_is_somebody_elses(found):
    assert plan([(OURS, found)]).conflicts == (OURS,)
    taken = plan([(OURS, found)], frozenset({"group /operator"}))
    assert (len(taken.changes), taken.conflicts) == (1, ())


def test_the_order_of_addresses_is_no_difference_and_that_of_steps_is_one():
    assert not list(differences({"a": ["x", "y"]}, {"a": ["y", "x"]}))
    assert list(differences({"a": [{"x": 1}, {"y": 1}]}, {"a": [{"y": 1}, {"x": 1}]}))


def test_a_secret_is_compared_where_it_can_be_read_and_shown_nowhere():
    (told,) = differences({"secret": Secret("new")}, {"secret": "old"})
    assert str(told) == "secret is another"
    assert not list(differences({"secret": Secret("new", readable=False)}, {"secret": "**********"}))
    assert "new" not in repr(Thing(Kind.CLIENT, "parvis", {"secret": Secret("new")}))
    assert merged({"secret": "**********"}, {"secret": Secret("new", readable=False)}) == {"secret": "new"}


def test_the_client_has_one_address_to_come_back_to_and_needs_a_secret_and_s256():
    client = things(files.KeycloakFile())["client parvis"].keys
    assert (client["redirectUris"], client["publicClient"], client["fullScopeAllowed"]) == (["c"], False, False)
    assert client["attributes"]["pkce.code.challenge.method"] == "S256"


def test_roles_narrow_only_where_the_file_says_so():
    narrow = files.KeycloakFile(roles=files.RolesEntry(narrow=True))
    scopes = [things(file)["scope of the client parvis/parvis-roles"].keys for file in (files.KeycloakFile(), narrow)]
    assert scopes == [{"assigned": "none"}, {"assigned": "default"}]


def test_without_step_up_there_are_no_flows_and_none_is_bound():
    found = things(files.KeycloakFile(step_up=False))
    assert not [name for name in found if name.startswith("flow")]
    assert found["client parvis"].keys["authenticationFlowBindingOverrides"] == {"browser": ""}


@pytest.mark.parametrize(("first", "provider"), [("app", "auth-otp-form"), ("key", "webauthn-authenticator")])
def test_a_key_and_an_app_both_do_and_the_file_says_which_one_newcomers_set_up(first, provider):
    found = things(files.KeycloakFile(first_factor=first))
    for name in ("parvis-browser", "parvis-after-broker"):
        [level] = [part for part in _parts(found[f"flow {name}"].keys["steps"]) if part["flow"] == f"{name}-level-2"]
        own, new = (part["steps"][1:] for part in level["steps"][1:])
        assert {(step["provider"], step["requirement"]) for step in own} == {
            ("auth-otp-form", "ALTERNATIVE"),
            ("webauthn-authenticator", "ALTERNATIVE"),
        }
        assert [(step["provider"], step["requirement"]) for step in new] == [(provider, "REQUIRED")]


def _parts(steps):
    for step in steps:
        if "flow" in step:
            yield step
            yield from _parts(step["steps"])


def test_nobody_elses_word_is_taken_for_an_address():
    entry = files.ProviderEntry(alias="a", name="A", discovery="https://a.example/d", client_id="c")
    (found,) = [
        thing
        for thing in wanted.things(
            files.KeycloakFile(), "m2a", CLIENT, [], [wanted.Upstream(entry, "s", "d", {"tokenUrl": "t"})]
        )
        if thing.kind is Kind.PROVIDER
    ]
    assert (found.keys["trustEmail"], found.keys["firstBrokerLoginFlowAlias"]) == (False, "first broker login")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[realm]\nidle = 0", "idle"),
        ("[realm]\nlanguages = []", "languages"),
        ("[[provider]]\nalias = 'A b'\nname = 'n'\ndiscovery = 'https://e'\nclient_id = 'c'", "alias"),
        ("[[provider]]\nalias = 'a'\nname = 'n'\ndiscovery = 'ftp://e'\nclient_id = 'c'", "discovery"),
        ("secret = 'x'", "secret"),
        ("first_factor = 'sms'", "first_factor"),
        ("[", "toml"),
    ],
)
def test_a_file_that_is_not_understood_is_refused_with_the_place(tmp_path, text, says):
    file = tmp_path / "keycloak.toml"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match=says):
        files.read(file)


def test_a_secret_comes_from_a_variable_or_a_file(tmp_path, monkeypatch):
    def entry(**where):
        return files.ProviderEntry(alias="a", name="A", discovery="https://a.example/d", client_id="c", **where)

    monkeypatch.setenv("A_SECRET", "from a variable")
    (tmp_path / "secret").write_text("from a file\n")
    assert entry(secret_env="A_SECRET").secret() == "from a variable"
    assert entry(secret_file=tmp_path / "secret").secret() == "from a file"
    for wrong in ({}, {"secret_env": "A", "secret_file": tmp_path}, {"secret_env": "UNSET"}, {"secret_file": tmp_path}):
        with pytest.raises(ConfigurationError, match="provider a: "):
            entry(**wrong).secret()


@pytest.mark.parametrize(
    "issuer", ["https://sign-on.example", "https://a/realms/", "https://a/realms/b/c", "x/realms/y"]
)
def test_an_issuer_that_is_no_keycloaks_is_refused(issuer):
    with pytest.raises(ConfigurationError, match="no Keycloak's"):
        realm_of(issuer)
