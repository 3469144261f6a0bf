"""`parvis identity provision` on a real Keycloak: add, repeat, repair, refuse what is somebody else's."""

import asyncio
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.keycloak import realms
from tests.keycloak.realms import ACCESS, a_realm, admin_of

from keycloak import KeycloakAdmin
from parvis import settings
from parvis.errors import ConfigurationError
from parvis.identity.keycloak.access import Access
from parvis.identity.keycloak.files import KeycloakFile, ProviderEntry, RealmEntry, RolesEntry
from parvis.identity.keycloak.provisioning import Provisioning
from parvis.identity.keycloak.step_up import AFTER_BROKER, BROWSER
from parvis.territory import actions as territory
from parvis.testing.sign_on import sign_on

pytestmark = [pytest.mark.keycloak, pytest.mark.xdist_group("keycloak")]
MANAGED = ("realm", "clients", "users", "identity-providers")
EMITTERS = ("illzach", "mulhouse", *(f"town-{number}" for number in range(37)))


@pytest.fixture
def realm(keycloak, instance):
    """Settings of a portal whose realm is not there yet."""
    found = replace(instance, oidc_issuer=a_realm(keycloak), oidc_client_secret="the portal's own")
    settings.use(found)
    return found


@pytest.fixture
def admin(keycloak, realm) -> KeycloakAdmin:
    return admin_of(keycloak, realm)


def provision(file=KeycloakFile(), emitters=EMITTERS, adopt=(), access=ACCESS):
    return realms.provision(settings.current(), file, emitters, adopt, access)


def conflicts(file=KeycloakFile()):
    return [str(thing) for thing in Provisioning(ACCESS, settings.current()).plan(file, EMITTERS).conflicts]


def test_everything_is_added_once_and_the_second_run_changes_nothing(realm):
    assert len(provision()) == len(("realm", "flow", "flow", "scope", "mapper", "client")) + 6 + 3 + 39 * 5
    assert provision() == []


def test_what_somebody_changed_is_put_right_and_what_is_theirs_is_left(realm, admin):
    provision()
    name, client = admin.connection.realm_name, admin.get_client_id("parvis")
    scope = admin.get_client_scope_by_name("parvis-roles")
    admin.update_realm(name, {"bruteForceProtected": False, "accessTokenLifespan": 3600, "editUsernameAllowed": True})
    told = admin.get_client(client)
    told["attributes"]["pkce.code.challenge.method"] = "plain"
    admin.update_client(client, told | {"redirectUris": ["*"], "secret": "another", "consentRequired": True})
    mapper = scope["protocolMappers"][0]
    mapper["config"]["full.path"] = "false"
    admin.update_mapper_in_client_scope(scope["id"], mapper["id"], mapper)
    basic = admin.get_client_scope_by_name("basic")["id"]
    admin.delete_client_default_client_scope(client, basic)
    admin.delete_group(admin.get_group_by_path("/emitters/illzach/agent")["id"])
    callback = 'redirectUris: ["*"] → ["http://localhost:8000/login/callback"]'
    challenge = 'attributes.pkce.code.challenge.method: "plain" → "S256"'
    assert provision() == [
        f"change realm {name}: bruteForceProtected: false → true; accessTokenLifespan: 3600 → 300",
        'change mapper parvis-roles/parvis_roles: config.full.path: "false" → "true"',
        "add group /emitters/illzach/agent",
        f"change client parvis: secret is another; {callback}; {challenge}",
        'change scope of the client parvis/basic: assigned: "none" → "default"',
    ]
    assert provision() == []
    assert admin.get_client(client)["secret"] == "the portal's own"
    assert admin.get_client(client)["consentRequired"] is True
    assert admin.get_realm(name)["editUsernameAllowed"] is True


def test_a_flow_that_was_changed_is_written_anew_and_stays_bound(realm, admin):
    provision()
    (bound,) = admin.get_client(admin.get_client_id("parvis"))["authenticationFlowBindingOverrides"].values()
    steps = admin.get_authentication_flow_executions(BROWSER)
    otp = next(step for step in steps if step.get("providerId") == "auth-otp-form")
    admin.update_authentication_flow_executions({**otp, "requirement": "DISABLED"}, BROWSER)
    assert [line.split(":")[0] for line in provision()] == [f"change flow {BROWSER}"]
    assert provision() == []
    assert admin.get_authentication_flow_for_id(bound)["alias"] == BROWSER
    assert len(admin.get_authentication_flow_executions(BROWSER)) == len(steps)
    anew = admin.get_authentication_flow_executions(BROWSER)
    key = next(step for step in anew if step.get("providerId") == "webauthn-authenticator")
    admin.delete_authentication_flow_execution(key["id"])
    assert [line.split(":")[0] for line in provision()] == [f"change flow {BROWSER}"]
    flows = [f"change flow {name}" for name in (BROWSER, AFTER_BROKER)]
    assert [line.split(":")[0] for line in provision(KeycloakFile(first_factor="key"))] == flows
    assert provision(KeycloakFile(first_factor="key")) == []


def test_a_realm_of_ones_own_is_bound_to_our_flow_and_bound_again(realm, admin):
    own = KeycloakFile(realm=RealmEntry(own=True))
    assert {"add binding browserFlow", "add client security-admin-console"} <= set(provision(own, ("illzach",)))
    assert provision(own, ("illzach",)) == []
    admin.update_realm(admin.connection.realm_name, {"browserFlow": "browser"})
    assert provision(own, ("illzach",)) == [f'change binding browserFlow: flow: "browser" → "{BROWSER}"']
    admin.update_realm(admin.connection.realm_name, {"browserFlow": "browser"})
    assert provision(emitters=("illzach",)) == [], "another application's choice"


def test_a_thing_of_the_same_name_is_somebody_elses_until_it_is_handed_over(realm, admin):
    admin.create_realm({"realm": admin.connection.realm_name, "enabled": True, "displayName": "Theirs"})
    admin.connection.get_token()
    admin.create_client({"clientId": "parvis", "redirectUris": ["https://elsewhere.example/*"]})
    admin.create_group({"name": "operator"})
    names = [f"realm {admin.connection.realm_name}", "group /operator", "client parvis"]
    assert conflicts() == names
    assert admin.get_client(admin.get_client_id("parvis"))["redirectUris"] == ["https://elsewhere.example/*"]
    provision(adopt=names)
    assert (conflicts(), provision()) == ([], [])
    assert admin.get_realm(admin.connection.realm_name)["displayName"] == "Theirs"


def test_an_account_of_the_realm_with_four_roles_is_enough(realm, admin):
    provision()
    name, management = admin.connection.realm_name, admin.get_client_id("realm-management")
    own = Access(realm=name, client_id="provisioning", client_secret="s")
    account = admin.create_client({"clientId": own.client_id, "secret": "s", "serviceAccountsEnabled": True})
    roles = [admin.get_client_role(management, f"manage-{what}") for what in MANAGED]
    admin.assign_client_role(admin.get_client_service_account_user(account)["id"], management, roles)
    narrow = KeycloakFile(step_up=False, realm=RealmEntry(idle=20), roles=RolesEntry(narrow=True))
    changed = provision(narrow, ("one-more",), access=own)
    assert len(changed) == len(("realm", "client", "scope of the client")) + len(("one-more", "4 roles")) + 3
    admin.update_client_scope(admin.get_client_scope_by_name("parvis-roles")["id"], {"name": "parvis-roles"})
    assert provision(access=own)
    assert provision(access=own) == []


def test_an_account_that_fills_the_groups_is_added_repaired_and_grows_with_the_emitters(realm, admin):
    file = KeycloakFile(roles=RolesEntry(push=True))
    added = provision(file, ("illzach",))
    assert [line.rpartition(" ")[2] for line in added[-6:]] == [
        "parvis-groups",
        "parvis-groups",
        "parvis-groups",
        "parvis-groups-people",
        "parvis-groups-tree",
        "parvis-groups-members",
    ]
    assert provision(file, ("illzach",)) == []
    account, management = admin.get_client_id("parvis-groups"), admin.get_client_id("realm-management")
    user = admin.get_client_service_account_user(account)["id"]
    admin.delete_client_roles_of_user(user, management, [admin.get_client_role(management, "query-users")])
    grown = provision(file, ("illzach", "new"))
    assert "change roles of the account parvis-groups: query-users: nothing → true" in grown
    assert grown[-1].startswith("change permission parvis-groups-members: resources:")
    assert len(grown) == len(("new", "4 roles")) + 3 + len(("roles", "tree", "members"))
    assert provision(file, ("illzach", "new")) == []


def test_the_file_is_followed_when_it_changes(realm, admin):
    provision()
    entry = RealmEntry(languages=("de", "fr"), theme="keycloak", name="Territory", registration=False)
    put_right = provision(KeycloakFile(step_up=False, realm=entry, roles=RolesEntry(narrow=True)), ("illzach", "new"))
    assert len(put_right) == len(("realm", "client", "scope of the client")) + len(("new", "4 roles")) + 3
    assert admin.get_realm(admin.connection.realm_name)["defaultLocale"] == "de"
    assert admin.get_client(admin.get_client_id("parvis"))["authenticationFlowBindingOverrides"] == {}
    assert len(provision(emitters=())) == len(("realm", "client", "scope of the client"))


async def test_a_brokered_provider_is_added_and_a_new_secret_is_noticed(realm, admin, monkeypatch):
    monkeypatch.setenv("UPSTREAM", "a first secret")
    async with sign_on(realm) as issuing:
        discovery = f"{issuing.issuer}/.well-known/openid-configuration"
        entry = ProviderEntry(
            alias="upstream", name="Upstream", discovery=discovery, client_id="us", secret_env="UPSTREAM"
        )
        file = KeycloakFile(provider=(entry,))
        done = await asyncio.to_thread(provision, file, ("illzach",))
        assert "add provider upstream" in done
        assert await asyncio.to_thread(provision, file, ("illzach",)) == []
        found = admin.get_idp("upstream")
        assert found["config"]["tokenUrl"].startswith(issuing.issuer)
        assert (found["trustEmail"], found["postBrokerLoginFlowAlias"]) == (False, "parvis-after-broker")
        monkeypatch.setenv("UPSTREAM", "a second secret")
        changed = await asyncio.to_thread(provision, file, ("illzach",))
        assert changed == ["change provider upstream: config.parvis.secret is another"]
        assert await asyncio.to_thread(provision, file, ("illzach",)) == []


@pytest.mark.parametrize(
    ("access", "says"),
    [
        (Access(client_id="nobody", client_secret="s"), "refuses"),
        (Access(url="http://localhost:9", client_id="a", client_secret="b"), "does not answer at http://localhost:9"),
        (Access(), "PARVIS_KEYCLOAK_CLIENT_ID"),
    ],
)
def test_who_may_not_or_cannot_is_told_so(realm, access, says):
    with pytest.raises(ConfigurationError, match=says):
        Provisioning(access, realm).plan(KeycloakFile(), ())


async def parvis(*words: str, **environ: str) -> tuple[int, str]:
    now = settings.current()
    env = {
        "PARVIS_ENV": "test",
        "PARVIS_DATA": str(now.data),
        "PARVIS_DATABASE_URL": now.database_url,
        "PARVIS_OIDC_ISSUER": now.oidc_issuer,
        "PARVIS_OIDC_CLIENT_SECRET": "the portal's own",
        "PARVIS_KEYCLOAK_CLIENT_ID": ACCESS.client_id,
        "PARVIS_KEYCLOAK_CLIENT_SECRET": ACCESS.client_secret,
    }
    command = (str(Path(sys.executable).with_name("parvis")), "identity", "provision", *words)
    done = await asyncio.create_subprocess_exec(
        *command, env={**os.environ, **env, **environ}, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await done.communicate()
    return await done.wait(), said.decode()


async def test_the_command_says_first_and_does_when_told(keycloak, database, tmp_path):
    settings.use(replace(settings.current(), oidc_issuer=a_realm(keycloak)))
    await territory.add_emitter("illzach", "Illzach", "municipality", latitude=47.77, longitude=7.35)
    code, said = await parvis()
    assert (code, said.splitlines()[-1]) == (0, "20 changes to make: --apply does it.")
    code, said = await parvis("--apply")
    assert (code, said.splitlines()[-1]) == (0, "20 changes made.")
    assert "add group /emitters/illzach/agent" in said
    assert await parvis("--apply") == (0, "Keycloak is as the file says.\n")
    code, said = await parvis("--apply", PARVIS_OIDC_CLIENT_SECRET="another of the portal's")
    assert (code, said) == (0, "change client parvis: secret is another\n1 change made.\n")
    file = tmp_path / "keycloak.toml"
    file.write_text("[realm]\nlanguage = 'fr'\n")
    code, said = await parvis(str(file))
    assert (code, "unknown field `language`" in said) == (1, True)


async def test_a_conflict_ends_the_command_with_a_sentence(keycloak, database):
    settings.use(replace(settings.current(), oidc_issuer=a_realm(keycloak)))
    admin = admin_of(keycloak, settings.current())
    await asyncio.to_thread(admin.create_realm, {"realm": admin.connection.realm_name})
    code, said = await parvis("--apply")
    assert code == 1
    assert said.startswith(f"parvis: realm {admin.connection.realm_name} is there already and is not Parvis's")
    assert said.endswith("Nothing was changed.\n")
    assert await asyncio.to_thread(admin.get_groups) == []
