"""The examples in docstrings hold, wherever there are any."""

import doctest
import importlib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = [ROOT / "core/src", *sorted(ROOT.glob("plugins/*/src"))]


def modules():
    """Every module with an example, by name."""
    for source in SOURCES:
        for file in sorted(source.rglob("*.py")):
            if ">>> " in file.read_text(encoding="utf-8"):
                yield ".".join(file.relative_to(source).with_suffix("").parts).removesuffix(".__init__")


@pytest.mark.parametrize("name", modules())
def test_the_examples_hold(name):
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted
    assert not found.failed
