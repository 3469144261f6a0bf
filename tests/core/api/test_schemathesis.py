"""schemathesis reads the description and tries to break the running API, with every check it has."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from parvis.testing.calendars import every_day

HERE = Path(__file__).parent
EXAMPLES = "200" if os.environ.get("PARVIS_SOAK") else "3"


@pytest.mark.fault
async def test_no_check_of_schemathesis_fails(served, a_town, tmp_path):
    await a_town(desks=20, weekly=every_day())
    command = [
        sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml"),
        "run", f"{served}/api/v1/openapi.json", "--workers", "1", "--checks", "all",
        "--max-examples", EXAMPLES, "--seed", "20270104", "--no-shrink",
    ]  # fmt: skip
    pipes = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.STDOUT}
    environment = os.environ | {"NO_COLOR": "1"}
    running = await asyncio.create_subprocess_exec(*command, cwd=tmp_path, env=environment, **pipes)
    told, _ = await asyncio.wait_for(running.communicate(), 900)
    assert running.returncode == 0, told.decode()[-12_000:]
