"""Seeds of the tests that try many: two chosen from the commit in a normal run, all of them with PARVIS_SOAK=1."""

import os
import random
import subprocess
from pathlib import Path

import pytest

_CHOSEN = 2


def seeds(count: int = 20) -> list:
    """Parameters for `pytest.mark.parametrize("seed", seeds())`; each commit tries other ones."""
    every = range(count)
    chosen = every if os.environ.get("PARVIS_SOAK") == "1" else sorted(random.Random(commit()).sample(every, _CHOSEN))
    return [pytest.param(seed, marks=pytest.mark.soak, id=f"seed{seed}") for seed in chosen]


def commit() -> str:
    """The checked-out commit, or nothing outside a clone."""
    words = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()
