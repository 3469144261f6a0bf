"""Small plugins as real wheels: written, built by hatchling, installed by uv, loaded by another process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

_PROJECT = """
[project]
name = "{name}"
version = "{version}"
dependencies = ["parvis-core"]
[project.entry-points.parvis]
{key} = "{package}.plugin"
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[tool.hatch.build.targets.wheel]
packages = ["{package}"]
"""
_BUILD = """
import os, sys
from hatchling.build import build_wheel
for folder in sys.argv[2:]:
    os.chdir(folder)
    build_wheel(sys.argv[1])
"""
_LOAD = """
import json, sys
from importlib.metadata import distributions, entry_points
from parvis.errors import ConfigurationError
from parvis.plugins import load
ours = {dist.name for dist in distributions(path=[sys.argv[1]])}
plugins = load([point for point in entry_points(group="parvis") if point.dist.name in ours])
try:
    plugins.accepted(skip_refused=False)
    start = ""
except ConfigurationError as error:
    start = str(error)
print(json.dumps({
    "started": [plugin.key for plugin in plugins.accepted(skip_refused=True)],
    "refused": [str(refused) for refused in plugins.refused],
    "error": start,
}))
"""

MANIFEST = """
from parvis.contract import *
from parvis.errors import Text

@hookimpl
def manifest():
    return Manifest(key="{key}", name=Text("A test"), core=">=0.1", summary=Text("Nothing else."))
"""


@dataclass(frozen=True)
class Source:
    """A plugin's source: the code of its hooks below a sound manifest, or all of it, and further files."""

    key: str
    code: str = ""
    whole: str = ""
    files: tuple[tuple[str, str], ...] = ()
    name: str = ""
    package: str = ""

    def write(self, folder: Path) -> Path:
        package = self.package or f"parvis_{self.key}"
        name = self.name or f"parvis-{self.key}"
        home = folder / name
        inside = home / package
        inside.mkdir(parents=True)
        (home / "pyproject.toml").write_text(
            _PROJECT.format(name=name, version="0.3", key=self.key, package=package), encoding="utf-8"
        )
        (inside / "__init__.py").touch()
        text = dedent(self.whole) or MANIFEST.replace("{key}", self.key) + dedent(self.code)
        (inside / "plugin.py").write_text(text, encoding="utf-8")
        for path, content in self.files:
            (inside / path).parent.mkdir(parents=True, exist_ok=True)
            (inside / path).write_text(dedent(content), encoding="utf-8")
        return home


@dataclass(frozen=True)
class Outcome:
    started: list[str]
    refused: list[str]
    error: str


def _run(*words: str | Path, **options: Any) -> str:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Outcome]:
    """Build and install plugins together, load them in a process of their own; what it said."""

    def install(*sources: Source) -> Outcome:
        folder = tmp_path_factory.mktemp("wheels")
        homes = [source.write(folder) for source in sources]
        _run(sys.executable, "-c", _BUILD, folder / "dist", *homes)
        wheels = sorted((folder / "dist").glob("*.whl"))
        assert len(wheels) == len(sources)
        site = folder / "site"
        uv = Path(sys.executable).with_name("uv")
        _run(
            uv, "pip", "install", "-q", "--offline", "--no-deps", "--python", sys.executable, "--target", site, *wheels
        )
        said = _run(sys.executable, "-c", _LOAD, site, env={**os.environ, "PYTHONPATH": str(site)})
        return Outcome(**json.loads(said))

    return install


@pytest.fixture(scope="session")
def source() -> type[Source]:
    """How a test writes a plugin down."""
    return Source
