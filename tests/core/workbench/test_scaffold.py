import ast
import tomllib

import pytest

from parvis.errors import ConfigurationError
from parvis.web import catalogues
from parvis.workbench.scaffold import new_plugin


def test_every_file_is_filled_in(tmp_path):
    home = new_plugin("library", tmp_path, "The library")
    files = [file for file in home.rglob("*") if file.is_file()]
    assert not [file for file in files if "@" in file.name or file.suffix == ".in"]
    assert not [file for file in files if "@key@" in file.read_text() or "@Name@" in file.read_text()]
    for file in files:
        if file.suffix == ".py":
            ast.parse(file.read_text())
    project = tomllib.loads((home / "pyproject.toml").read_text())
    assert project["project"]["entry-points"]["parvis"] == {"library": "parvis_library.hooks"}


def test_its_sentences_are_written_in_every_language(tmp_path):
    home = new_plugin("library", tmp_path)
    assert catalogues.check(home / "src/parvis_library") == []


def test_a_folder_that_is_there_is_left_alone(tmp_path):
    (tmp_path / "parvis-library").mkdir()
    with pytest.raises(ConfigurationError, match="exists already"):
        new_plugin("library", tmp_path)
    assert list((tmp_path / "parvis-library").iterdir()) == []


@pytest.mark.parametrize("key", ["", "Library", "town-library", "parvis", "../escape"])
def test_a_key_that_cannot_be_writes_nothing(tmp_path, key):
    with pytest.raises(ConfigurationError, match="The key"):
        new_plugin(key, tmp_path)
    assert list(tmp_path.iterdir()) == []
