"""The tutorial, executed as it stands: each `sh` block in one shell, each `output` block found in what it said."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/tutorial.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
LASTS_AT_MOST = 900


def free_ports() -> int:
    """A first port whose five followers are free as well."""
    for _ in range(50):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            first = probe.getsockname()[1]
        if first < 65000 and all(_free(first + offset) for offset in range(7)):
            return first
    raise AssertionError("no free ports")


def _free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.fixture
def folder(tmp_path):
    yield tmp_path
    shutil.rmtree(tmp_path, ignore_errors=True)


def script(port: int) -> str:
    """Every command of the page, with the address it says moved to a free port."""
    lines = ["set -eu"]
    for number, (kind, text) in enumerate(BLOCKS):
        if kind == "sh":
            lines += [f"echo '=== block {number}'", text]
    return "\n".join(lines).replace("localhost:8000", f"localhost:{port}")


def test_the_page_has_something_to_run():
    kinds = [kind for kind, _ in BLOCKS]
    assert kinds.count("sh") >= 6
    assert set(kinds) == {"sh", "text", "output"}


@pytest.mark.journey
def test_the_tutorial_does_what_it_says(folder):
    port = free_ports()
    keep = {name: value for name, value in os.environ.items() if not name.startswith(("PARVIS_", "PYTEST_", "UV_"))}
    path = f"{Path(sys.executable).parent}{os.pathsep}{keep['PATH']}"
    env = {**keep, "PARVIS": str(ROOT), "PARVIS_PORT": str(port), "UV_OFFLINE": "1", "PATH": path}
    env.pop("VIRTUAL_ENV", None)
    shell = subprocess.Popen(
        ["bash", "-c", script(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=folder,
        env=env,
        start_new_session=True,
    )
    try:
        said, _ = shell.communicate(timeout=LASTS_AT_MOST)
    finally:
        if shell.poll() is None:
            os.killpg(shell.pid, signal.SIGTERM)
    assert shell.returncode == 0, said[-4000:]
    told = [text.strip() for kind, text in BLOCKS if kind == "output"]
    assert [text for text in told if text not in said] == [], said[-4000:]
