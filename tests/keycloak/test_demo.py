"""The demo with a real Keycloak, as its people start it: signed in, pushed, killed, started again, stopped."""

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import suppress

import psutil
import pytest
from tests.keycloak.browsing import Browser, User

from keycloak import KeycloakAdmin
from parvis.demo.keycloak.distribution import copied
from parvis.demo.keycloak.people import PASSWORD, code_at
from parvis.demo.keycloak.server import ADMIN
from parvis.demo.people import PEOPLE
from parvis.testing.running import RunningDemo, wait_for

pytestmark = [pytest.mark.keycloak, pytest.mark.xdist_group("keycloak")]
STOPS_WITHIN = 10


@pytest.fixture
def demo(home, tmp_path):
    tmp_path.chmod(0o755)
    for above in tmp_path.parents[:2]:
        above.chmod(0o755)
    found = RunningDemo(tmp_path, words=("--keycloak",), patience=300)
    yield found
    print((found.folder / "logs/sign-on.log").read_text())
    found.kill_everything()
    for process in of_keycloak(found):
        with suppress(psutil.Error):
            process.kill()


def of_keycloak(demo):
    def is_its(process):
        return any(f"{demo.folder}/keycloak" in word for word in process.info["cmdline"] or ())

    return [process for process in psutil.process_iter(["cmdline"]) if is_its(process)]


async def signed_in(demo, sub, after):
    """Somebody at Keycloak's own pages: a password, and a code where a page asks for one."""
    browser = Browser(demo.url)
    await browser.sign_in(User(sub, sub), after, PASSWORD)
    return browser


async def test_agents_sign_in_with_a_code_and_everything_ends_with_the_demo(demo):
    await asyncio.to_thread(demo.start)
    resident = await signed_in(demo, "resident-3", "/account")
    assert "Yvonne Schmitt" in (await resident.http.get("/account")).text
    told = (await resident.http.get("/demo/sign-in")).text
    assert all(person.sub in told for person in PEOPLE)
    assert PASSWORD in told
    agent = await signed_in(demo, "agent-illzach", "/office/illzach/today")
    assert (await agent.http.get("/office/illzach/today")).status_code == 303
    assert (await agent.step_up("/office/illzach/today", code_at)).status_code == 200
    admin = KeycloakAdmin(
        server_url=f"http://localhost:{demo.port + 3}",
        realm_name="parvis",
        user_realm_name="master",
        client_id=ADMIN[0],
        client_secret_key=ADMIN[1],
    )
    groups = await asyncio.to_thread(admin.get_user_groups, "agent-illzach")
    await asyncio.to_thread(wait_for, lambda: groups or admin.get_user_groups("agent-illzach"), "the group")
    refused = await agent.http.post("/demo/clock", data={"hours": "1"})
    assert (refused.status_code, "Keycloak garde sa propre heure" in refused.text) == (422, True)
    # Nothing is asked to end: its Keycloak is left behind, and the next start puts it away.
    demo.process.send_signal(signal.SIGKILL)
    demo.process.wait(30)
    assert of_keycloak(demo)
    await asyncio.to_thread(demo.start)
    agent = await signed_in(demo, "agent-mulhouse", "/account")
    assert "Karim Benali" in (await agent.http.get("/account")).text
    assert await asyncio.to_thread(demo.stop) < STOPS_WITHIN
    assert of_keycloak(demo) == []


def test_without_maven_one_line_says_what_to_do(tmp_path):
    env = os.environ | {"PATH": "/nowhere", "XDG_CACHE_HOME": str(tmp_path / "cache"), "PARVIS_DATA": str(tmp_path)}
    env |= {"PARVIS_PORT": "0", "JAVA_HOME": ""}
    command = [sys.executable, "-m", "parvis", "demo", "--keycloak"]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "parvis: java does not run: install Java 17 or newer"


def test_a_copy_is_kept_until_the_distribution_is_another(tmp_path):
    for name in ("one", "other"):
        for part in ("bin", "conf", "data", "lib", "providers", "themes"):
            (tmp_path / name / part).mkdir(parents=True)
    kept = copied(tmp_path / "one", tmp_path / "kept")
    (kept / "data" / "people").write_text("x")
    assert (copied(tmp_path / "one", kept) / "data" / "people").exists()
    assert not (copied(tmp_path / "other", kept) / "data" / "people").exists()
