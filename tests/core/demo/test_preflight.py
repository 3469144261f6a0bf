"""What keeps a demo from starting is one line that says what to do."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from parvis.demo import plan, preflight
from parvis.errors import ConfigurationError
from parvis.testing.running import free_port


def refused(**environ: str) -> str:
    """The only line of a demo that must not start."""
    command = [sys.executable, "-m", "parvis", "demo"]
    done = subprocess.run(command, env=os.environ | environ, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1, done
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    return line


def test_production_settings_are_refused(tmp_path: Path) -> None:
    line = refused(PARVIS_ENV="production", PARVIS_DATA=str(tmp_path))
    assert line == "parvis: The demo never runs with PARVIS_ENV=production: unset it, or run `parvis serve`."
    assert list(tmp_path.iterdir()) == []


def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        line = refused(PARVIS_PORT=str(port), PARVIS_DATA=str(tmp_path))
    assert f"cannot open port {port} (Address already in use): stop what uses it, or set PARVIS_PORT" in line


@pytest.mark.parametrize("offset", [plan.PROVIDER, plan.MAIL])
def test_so_are_the_ports_counted_from_the_first(offset: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        settings = plan.demo_settings({"PARVIS_PORT": str(port - offset)})
        ports = [(program.name, program.port) for program in plan.surroundings(settings) if program.port]
        with pytest.raises(ConfigurationError, match=f"port {port}"):
            preflight.require_free(ports)


def test_a_folder_without_write_access_is_named() -> None:
    # Nobody may write there, not even root.
    line = refused(PARVIS_DATA="/proc/parvis")
    assert "/proc/parvis cannot be written to" in line
    assert "PARVIS_DATA" in line


def test_a_file_in_it_without_write_access_is_named(tmp_path: Path) -> None:
    (tmp_path / "logs").symlink_to("/sys")
    line = refused(PARVIS_DATA=str(tmp_path), PARVIS_PORT=str(free_port()))
    assert re.match(r"parvis: \S*logs/[a-z-]+\.log cannot be written to \(Permission denied\): give yourself", line)


def test_two_demos_do_not_share_a_folder(tmp_path: Path) -> None:
    with preflight.claimed(tmp_path):
        assert "Another demo runs in" in refused(PARVIS_DATA=str(tmp_path))


def test_a_value_that_cannot_be_read_is_named() -> None:
    assert refused(PARVIS_PORT="eight").startswith("parvis: PARVIS_PORT: 'eight' cannot be read")


def test_emptying_removes_what_demos_leave_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    (tmp_path / "mail").mkdir()
    (tmp_path / "mail" / "1.eml").write_text("x")
    (tmp_path / "clock").write_text("3600")
    preflight.empty(tmp_path)
    assert [found.name for found in tmp_path.iterdir()] == ["mine.txt"]


def test_emptying_waits_for_a_running_demo_to_be_stopped(tmp_path: Path) -> None:
    with preflight.claimed(tmp_path), pytest.raises(ConfigurationError, match="Another demo runs"):
        preflight.empty(tmp_path)
