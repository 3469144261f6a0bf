"""Stripe's doubles as processes of a test's own.

Where one cannot be had its tests are skipped, and the run says so; with PARVIS_TEST_STRIPE=required they fail.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from parvis.testing.sign_on import free_socket

TOOLS = Path(__file__).parents[3] / ".tools"


def tool(name: str) -> Path:
    """What `make stripe-doubles` installed under a name."""
    found = sorted(TOOLS.glob(f"{name}-*"))
    if found:
        return found[-1]
    if os.environ.get("PARVIS_TEST_STRIPE") == "required":
        pytest.fail(f"{name} is required here: make stripe-doubles", pytrace=False)
    pytest.skip(f"no {name}: make stripe-doubles")


@contextmanager
def running(*words: str, ready: str) -> Iterator[None]:
    """A process that says when it listens."""
    environ = os.environ | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environ) as process:
        said = []
        for line in process.stdout or ():
            said.append(line)
            if ready in line:
                break
        else:
            raise RuntimeError("".join(said))
        try:
            yield
        finally:
            process.kill()


def free_port() -> int:
    """A port that nobody listens on."""
    listening, _ = free_socket()
    with listening:
        return int(listening.getsockname()[1])
