"""Each distribution installs alone: its tests run where the others are absent."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = sorted(file.parent for file in ROOT.glob("plugins/*/pyproject.toml")) + [
    file.parent for file in ROOT.glob("federation/pyproject.toml")
]
# The whole of a distribution's tests in `make soak`; else these, and that all the rest can be collected.
PART = {
    "core": "test_ownership or test_fitting or test_publishing or test_municipalities",
    "plugins/idcard": "test_idcard_rules",
    "plugins/payments": "test_conformance",
}
SOAK = "PARVIS_SOAK" in os.environ


def name_of(folder: Path) -> str:
    return tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]["name"]


def alone() -> list[tuple[str, list[Path]]]:
    """Each distribution's tests, with the distributions to leave out."""
    cases = [("core", FOLDERS)]
    cases += [(f"plugins/{folder.name}", [other for other in FOLDERS if other != folder]) for folder in FOLDERS]
    return [(tests, absent) for tests, absent in cases if absent and (ROOT / "tests" / tests).exists()]


def run(*words: str, env: dict[str, str]) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=ROOT, env={**os.environ, **env})
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return done.stdout


@pytest.mark.parametrize(("tests", "absent"), alone(), ids=lambda value: value if isinstance(value, str) else "")
def test_a_distributions_tests_run_without_the_others(tests, absent, tmp_path):
    uv = str(Path(sys.executable).with_name("uv"))
    # From a copy with its bytecode: everything that a new environment has would be compiled at its first import.
    shutil.copytree(sys.prefix, tmp_path / "venv", symlinks=True, copy_function=os.link)
    leave_out = [word for folder in absent for word in ("--no-install-package", name_of(folder))]
    place = {"UV_PROJECT_ENVIRONMENT": str(tmp_path / "venv"), "VIRTUAL_ENV": ""}
    run(uv, "sync", "--frozen", "--quiet", "--python", sys.executable, *leave_out, env=place)
    python = str(tmp_path / "venv/bin/python")
    installed = run(uv, "pip", "list", "--python", python, env={})
    assert not [folder for folder in absent if name_of(folder) in installed]
    # A run of its own, not a worker of this one.
    own = {"PARVIS_TEST_CLUSTER": "", "PYTEST_XDIST_WORKER": "", "PYTEST_ADDOPTS": ""}
    if SOAK:
        run(python, "-m", "pytest", "-n", "2", "--dist", "loadgroup", f"tests/{tests}", env=own)
    else:
        run(python, "-m", "pytest", "-n0", "--assert=plain", f"tests/{tests}", "-k", PART.get(tests, ""), env=own)
