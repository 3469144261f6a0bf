"""The file that the page shows is one that the command takes, and shows everything there is."""

import re
from pathlib import Path

import msgspec

from parvis.identity.keycloak import files

PAGE = (Path(__file__).parents[2] / "docs/how-to/keycloak.md").read_text(encoding="utf-8")
FILE = re.search(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)[1]


def test_the_file_is_understood(tmp_path):
    (tmp_path / "keycloak.toml").write_text(FILE, encoding="utf-8")
    found = files.read(tmp_path / "keycloak.toml")
    assert found.provider[0].alias == "town-account"


def test_what_is_called_a_default_is_one():
    told = msgspec.toml.decode(FILE)
    for part, entry in (("realm", files.RealmEntry()), ("brute_force", files.BruteForceEntry())):
        shown = {key: value for key, value in told[part].items() if key not in {"name", "theme"}}
        assert shown == {
            key: value for key, value in msgspec.json.decode(msgspec.json.encode(entry)).items() if key in shown
        }


def test_every_entry_is_shown():
    kinds = (files.KeycloakFile, files.RealmEntry, files.BruteForceEntry, files.RolesEntry, files.ProviderEntry)
    for field in (field for kind in kinds for field in msgspec.structs.fields(kind)):
        assert re.search(rf"\b{field.encode_name}\b", FILE), field.encode_name
