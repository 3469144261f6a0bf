"""Host names: an emitter's own look, one session at the portal, no way out of it, and nothing for strangers."""

from dataclasses import replace

import httpx
import pytest
from click.testing import CliRunner

from parvis import settings
from parvis.app import create
from parvis.contract.values import Role
from parvis.errors import Conflict, Invalid
from parvis.territory import hosts
from parvis.territory.actions import add_emitter
from parvis.testing.people import a_person, a_session
from parvis.workbench import hosting

MAIN, OWN = "https://portal.example.fr", "https://rdv.illzach.fr"


@pytest.fixture
async def town(database):
    settings.use(replace(settings.current(), public_url=MAIN))
    await add_emitter(settings.current().territory, "Whole", "agglomeration", latitude=47.7, longitude=7.3)
    added = await add_emitter("illzach", "Illzach", "municipality", latitude=47.7, longitude=7.3)
    await hosts.set_host(added, "rdv.illzach.fr")
    return added


@pytest.fixture
async def app(town):
    return create(replace(settings.current()))


def browser(app, base, **more):
    headers = {"accept": "text/html", "accept-language": "en"}
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=base, headers=headers, **more)


async def test_its_own_pages_answer_in_its_look_and_say_where_they_belong(app):
    async with browser(app, OWN) as http:
        home, other = await http.get("/"), await http.get("/privacy")
        assert (home.status_code, other.status_code) == (200, 200)
        assert "Illzach</h1>" in home.text
        assert f'<link rel="canonical" href="{MAIN}/e/illzach">' in home.text
        assert f'<link rel="canonical" href="{MAIN}/privacy">' in other.text
        assert f'href="{MAIN}/"' in home.text
        assert MAIN in home.headers["content-security-policy"]
        assert (await http.get("/e/illzach")).status_code == 200
    async with browser(app, MAIN) as http:
        home = await http.get("/")
        assert "canonical" not in home.text
        assert "What do you need?" in home.text


@pytest.mark.parametrize("base", ["https://RDV.Illzach.fr", "https://rdv.illzach.fr:8443"])
async def test_case_and_port_make_no_other_host(app, base):
    async with browser(app, base) as http:
        assert "Illzach</h1>" in (await http.get("/")).text


@pytest.mark.parametrize(
    ("asked", "led"),
    [
        ("/login", "/login?next=/e/illzach"),
        ("/login?next=/", "/login?next=/e/illzach"),
        ("/login?next=/e/illzach/idcard", "/login?next=/e/illzach/idcard"),
        ("/login?next=https://evil.example", "/login?next=/e/illzach"),
        ("/login?next=//evil.example", "/login?next=/e/illzach"),
        ("/login?next=/%5Cevil.example", "/login?next=/e/illzach"),
        ("/office/illzach/today?day=2027-01-04", "/office/illzach/today?day=2027-01-04"),
        ("/operator", "/operator"),
    ],
)
async def test_what_needs_to_know_who_one_is_happens_at_the_portal(app, asked, led):
    async with browser(app, OWN) as http:
        answer = await http.get(asked)
    assert (answer.status_code, answer.headers["location"]) == (303, MAIN + led)
    assert "set-cookie" not in answer.headers


async def test_nothing_is_written_for_somebody_under_an_emitters_host_name(app, town):
    """A session's cookie that came here all the same opens nothing."""
    cookies = await a_session(await a_person(Role.MANAGER, town))
    async with browser(app, OWN, cookies=cookies) as http:
        own = {"origin": OWN, "sec-fetch-site": "same-origin"}
        assert (await http.post("/office/illzach/plugins/x/disable", headers=own)).status_code == 421
        assert (await http.post("/logout", headers=own)).status_code == 421


async def test_another_site_cannot_send_forms_here(app):
    async with browser(app, OWN) as http:
        sent = {"language": "de", "back": "/"}
        for origin, owed in ((OWN, 303), ("https://evil.example", 403)):
            answer = await http.post("/language", data=sent, headers={"origin": origin})
            assert answer.status_code == owed
        across = {"origin": OWN, "sec-fetch-site": "same-site"}
        assert (await http.post("/language", data=sent, headers=across)).status_code == 403


async def test_a_stranger_host_is_told_that_nothing_is_there(app, town):
    async with browser(app, "https://evil.example") as http:
        answer = await http.get("/")
        assert answer.status_code == 421
        assert "There is no portal at this address." in answer.text
        assert (await http.get("/api/v1/services", headers={"accept": "*/*"})).json()["code"] == "misdirected"
        assert (await http.get("/health/live")).status_code == 200
    await hosts.set_host(town, None)
    async with browser(app, OWN) as http:
        assert (await http.get("/")).status_code == 421


async def test_a_host_name_is_one_emitters_and_a_name(town):
    other = await add_emitter("other", "Other", "municipality", latitude=47.7, longitude=7.3)
    with pytest.raises(Conflict):
        await hosts.set_host(other, "rdv.illzach.fr")
    for wrong in (
        "https://rdv.illzach.fr",
        "RDV.illzach.fr",
        "illzach",
        "rdv.illzach.fr:443",
        "a..b",
        "rdv.illzach.fr\n",
    ):
        with pytest.raises(Invalid):
            await hosts.set_host(other, wrong)


def test_the_command_asks_for_an_emitter():
    assert CliRunner().invoke(hosting.emitter, ["host"]).exit_code == 2
