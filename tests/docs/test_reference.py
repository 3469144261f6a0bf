from pathlib import Path

import pytest
from click.testing import CliRunner

from parvis.cli import main
from parvis.plugins.rules import HOOKS
from parvis.workbench.reference import pages

FOLDER = Path(__file__).parents[2] / "docs/reference"


@pytest.mark.parametrize("name", ["hooks.md", "settings.md", "events.md", "commands.md"])
def test_the_committed_page_is_what_the_code_says(name):
    assert (FOLDER / name).read_text(encoding="utf-8") == pages(main)[name], "run `make reference` and commit"


def test_no_page_is_left_over():
    assert {file.name for file in FOLDER.glob("*")} == set(pages(main))


def test_every_hook_is_described_with_its_signature():
    page = pages(main)["hooks.md"]
    for hook in HOOKS:
        assert f"def {hook}() -> " in page


def test_the_command_writes_the_pages(tmp_path):
    assert CliRunner().invoke(main, ["reference", str(tmp_path)]).exit_code == 0
    assert {file.name for file in tmp_path.iterdir()} == set(pages(main))
